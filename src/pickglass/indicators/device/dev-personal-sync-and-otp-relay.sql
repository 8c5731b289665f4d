-- Web pages that compute one-time codes, reached from the computer on several days.
-- Here a browser is the point, so its traffic counts.
WITH page AS (
    SELECT * FROM (VALUES ('otp.ee'), ('authenticator.cc'), ('2fa.cn'), ('2fa.live')) AS p(domain)
),
host AS (
    SELECT d.domain, min(p.domain) AS page
    FROM (SELECT DISTINCT domain FROM network WHERE domain IS NOT NULL) d
    JOIN page p ON d.domain = p.domain OR d.domain LIKE '%.' || p.domain
    GROUP BY d.domain
),
visit AS (
    SELECT n.subject_id, n.time, n.event_id, coalesce(n.device_name, n.device_id) AS device, h.page,
           row_number() OVER (PARTITION BY n.subject_id ORDER BY n.time, n.event_id) AS rank
    FROM network n
    JOIN host h ON h.domain = n.domain
    WHERE NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = n.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) = h.page
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(n.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > n.time))
),
summed AS (
    SELECT subject_id, count(DISTINCT CAST(time AS DATE)) AS days, min(time) AS first_time, max(time) AS time,
           string_agg(DISTINCT page, ', ' ORDER BY page) AS pages, min(device) FILTER (WHERE rank = 1) AS device,
           list(event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM visit
    GROUP BY subject_id
    HAVING count(DISTINCT CAST(time AS DATE)) >= $min_days
)
SELECT s.subject_id,
       v.subject_id IS NOT NULL AS fired,
       v.time,
       v.event_ids,
       v.pages, v.days, v.device, v.first_time
FROM subject s
LEFT JOIN summed v ON v.subject_id = s.subject_id
LEFT JOIN coverage c ON c.subject_id = s.subject_id AND c.table_name = 'network' AND c.days >= $observed_days
WHERE (v.subject_id IS NOT NULL OR c.subject_id IS NOT NULL)
  AND NOT regexp_matches(concat_ws(' ', s.role, s.department), '(?i)\b(qa|quality|test|tester|testing|identity|security)\b')
