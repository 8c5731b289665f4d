-- Pages that tell where one's address seems to be, opened again and again in the first weeks.
WITH page AS (
    SELECT * FROM (VALUES ('whoer.net'), ('ipleak.net'), ('browserleaks.com'), ('whatismyipaddress.com'), ('whatismyip.com'), ('iplocation.net'),
                          ('ip2location.com'), ('showmyip.com'), ('dnsleaktest.com'), ('pixelscan.net'), ('2ip.io'), ('ipinfo.io')) AS p(domain)
),
host AS (
    SELECT d.domain, min(p.domain) AS page
    FROM (SELECT DISTINCT domain FROM network WHERE domain IS NOT NULL) d
    JOIN page p ON d.domain = p.domain OR d.domain LIKE '%.' || p.domain
    GROUP BY d.domain
),
visit AS (
    SELECT n.subject_id, CAST(n.time AS DATE) AS day, floor(epoch(n.time) / 3600) AS hour, n.time, n.event_id, h.page
    FROM network n
    JOIN host h ON h.domain = n.domain
    JOIN subject s ON s.subject_id = n.subject_id
    WHERE epoch(n.time) - epoch(s.hire_date) BETWEEN 0 AND $window_days * 86400
),
busy AS (
    SELECT subject_id, day, count(DISTINCT hour) AS hours FROM visit GROUP BY subject_id, day HAVING count(DISTINCT hour) >= $min_hours
),
ranked AS (
    SELECT v.*, row_number() OVER (PARTITION BY v.subject_id ORDER BY v.time, v.event_id) AS rank
    FROM visit v
    JOIN busy b ON b.subject_id = v.subject_id AND b.day = v.day
),
found AS (
    SELECT subject_id, count(DISTINCT day) AS days, min(time) AS first_time, max(time) AS time,
           string_agg(DISTINCT page, ', ' ORDER BY page) AS pages, list(event_id) FILTER (WHERE rank <= 10) AS event_ids
    FROM ranked
    GROUP BY subject_id
    HAVING count(DISTINCT day) >= $min_days
),
watched AS (
    SELECT n.subject_id
    FROM network n
    JOIN subject s ON s.subject_id = n.subject_id
    WHERE n.domain IS NOT NULL AND epoch(n.time) - epoch(s.hire_date) BETWEEN 0 AND $window_days * 86400
    GROUP BY n.subject_id
    HAVING count(DISTINCT CAST(n.time AS DATE)) >= $observed_days
)
SELECT s.subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids, f.days, f.pages, f.first_time, $min_hours AS min_hours
FROM subject s
LEFT JOIN found f ON f.subject_id = s.subject_id
LEFT JOIN watched w ON w.subject_id = s.subject_id
WHERE (f.subject_id IS NOT NULL OR w.subject_id IS NOT NULL)
  AND NOT regexp_matches(concat_ws(' ', s.role, s.department), '(?i)\b(network|networks|security|infrastructure|site reliability|sre)\b')
