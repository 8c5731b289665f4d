-- An address, a site or a file of this person's records on an intelligence list, near in time to the list's entry.
WITH entry AS (
    SELECT kind, lower(trim(value)) AS value, list_name, time AS listed_time, valid_until
    FROM intelligence
    WHERE kind IN ('ip', 'domain', 'url', 'file') AND coalesce(confidence, 'medium') <> 'low' AND (valid_until IS NULL OR valid_until > $as_of)
),
-- A URL that names no more than a site is one; of the others nobody sees the rest.
listed AS (
    SELECT CASE WHEN kind = 'url' THEN 'domain' ELSE kind END AS kind,
           CASE WHEN kind = 'url' THEN regexp_extract(value, '^[a-z][a-z0-9+.-]*://([^/:?#@]+)(:[0-9]+)?/?$', 1) ELSE value END AS value,
           list_name, listed_time, valid_until
    FROM entry
    WHERE kind <> 'url' OR regexp_matches(value, '^[a-z][a-z0-9+.-]*://[^/:?#@]+(:[0-9]+)?/?$')
),
-- A site is on a list when it is, or when it lies below one that is.
site AS (
    SELECT DISTINCT domain, part
    FROM (SELECT domain, unnest([domain, regexp_replace(domain, '^[^.]+[.]', ''), regexp_replace(domain, '^([^.]+[.]){2}', ''),
                                 regexp_replace(domain, '^([^.]+[.]){3}', '')]) AS part
          FROM (SELECT DISTINCT domain FROM network WHERE domain IS NOT NULL))
    WHERE part IN (SELECT value FROM listed WHERE kind = 'domain')
),
seen AS (
    SELECT subject_id, time, event_id, 'ip' AS kind, lower(src_ip) AS value, lower(src_ip) AS shown, 'sign-in' AS what
    FROM signin WHERE src_ip IS NOT NULL AND outcome = 'success'
    UNION ALL
    SELECT subject_id, time, event_id, 'ip', lower(mfa_ip), lower(mfa_ip), 'confirmation of a sign-in'
    FROM signin WHERE mfa_ip IS NOT NULL AND outcome = 'success'
    UNION ALL
    SELECT subject_id, time, event_id, 'ip', lower(src_ip), lower(src_ip), 'device check-in' FROM device_state WHERE src_ip IS NOT NULL
    UNION ALL
    SELECT subject_id, time, event_id, 'ip', lower(src_ip), lower(src_ip), 'meeting' FROM meeting WHERE src_ip IS NOT NULL
    UNION ALL
    SELECT n.subject_id, n.time, n.event_id, 'domain', s.part, n.domain, 'connection of the computer' FROM network n JOIN site s ON s.domain = n.domain
    UNION ALL
    SELECT subject_id, time, event_id, 'file', lower(sha256), coalesce(process_name, 'a program'), 'program' FROM process WHERE sha256 <> ''
    UNION ALL
    SELECT subject_id, time, event_id, 'file', lower(sha256), 'a file', 'file on the computer' FROM file_activity WHERE sha256 <> ''
),
matched AS (
    SELECT s.*, l.list_name, l.listed_time, l.valid_until FROM seen s JOIN listed l ON l.kind = s.kind AND l.value = s.value
),
-- An address that many colleagues come from is a way out of the company, and what many use is their work, whatever a list says.
company AS (
    SELECT 'ip' AS kind, lower(src_ip) AS value
    FROM signin_source WHERE src_ip IS NOT NULL GROUP BY lower(src_ip) HAVING count(DISTINCT subject_id) >= $shared_people
    UNION
    SELECT kind, value FROM matched GROUP BY kind, value HAVING count(DISTINCT subject_id) >= $shared_people
),
hit AS (
    SELECT m.*, row_number() OVER (PARTITION BY m.subject_id ORDER BY m.time, m.event_id, m.list_name) AS rank
    FROM matched m
    LEFT JOIN company c ON c.kind = m.kind AND c.value = m.value
    WHERE abs(epoch(m.time) - epoch(m.listed_time)) <= $max_age_days * 86400
      AND (m.valid_until IS NULL OR m.time < m.valid_until)
      AND c.value IS NULL
),
first AS (
    SELECT subject_id, min(time) AS time, count(DISTINCT event_id) AS times, count(DISTINCT CAST(time AS DATE)) AS days,
           min(shown) FILTER (WHERE rank = 1) AS shown, min(what) FILTER (WHERE rank = 1) AS what,
           min(list_name) FILTER (WHERE rank = 1) AS list_name, min(CAST(listed_time AS DATE)) FILTER (WHERE rank = 1) AS listed,
           list(DISTINCT event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM hit
    GROUP BY subject_id
),
-- Clear only where there is a list of addresses to compare with, and sign-ins with addresses.
watched AS (
    SELECT s.subject_id
    FROM signin s
    JOIN coverage c ON c.subject_id = s.subject_id AND c.table_name = 'signin'
    WHERE s.src_ip IS NOT NULL AND s.outcome = 'success' AND (SELECT count(*) FROM listed WHERE kind = 'ip') > 0
    GROUP BY s.subject_id
)
SELECT coalesce(f.subject_id, w.subject_id) AS subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time,
       f.event_ids,
       f.what, f.shown, f.list_name, f.listed, f.times, f.days
FROM first f
FULL JOIN watched w ON w.subject_id = f.subject_id
