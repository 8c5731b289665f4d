-- An address of this person's records on an intelligence list, near in time to the list's entry.
WITH listed AS (
    SELECT lower(trim(value)) AS value, list_name, time AS listed_time, valid_until
    FROM intelligence
    WHERE kind = 'ip' AND coalesce(confidence, 'medium') <> 'low' AND (valid_until IS NULL OR valid_until > $as_of)
),
seen AS (
    SELECT subject_id, time, event_id, lower(src_ip) AS address, 'sign-in' AS what FROM signin WHERE src_ip IS NOT NULL AND outcome = 'success'
    UNION ALL
    SELECT subject_id, time, event_id, lower(mfa_ip), 'confirmation of a sign-in' FROM signin WHERE mfa_ip IS NOT NULL AND outcome = 'success'
    UNION ALL
    SELECT subject_id, time, event_id, lower(src_ip), 'device check-in' FROM device_state WHERE src_ip IS NOT NULL
    UNION ALL
    SELECT subject_id, time, event_id, lower(src_ip), 'meeting' FROM meeting WHERE src_ip IS NOT NULL
),
-- An address that many colleagues come from is a way out of the company, whatever a list says.
company AS (
    SELECT src_ip FROM egress WHERE subjects >= $shared_people
),
hit AS (
    SELECT s.*, l.list_name, l.listed_time,
           row_number() OVER (PARTITION BY s.subject_id ORDER BY s.time, s.event_id, l.list_name) AS rank
    FROM seen s
    JOIN listed l ON l.value = s.address
    WHERE abs(epoch(s.time) - epoch(l.listed_time)) <= $max_age_days * 86400
      AND (l.valid_until IS NULL OR s.time < l.valid_until)
      AND s.address NOT IN (SELECT lower(src_ip) FROM company)
),
first AS (
    SELECT subject_id, min(time) AS time, count(DISTINCT event_id) AS times, count(DISTINCT CAST(time AS DATE)) AS days,
           min(address) FILTER (WHERE rank = 1) AS address, min(what) FILTER (WHERE rank = 1) AS what,
           min(list_name) FILTER (WHERE rank = 1) AS list_name, min(CAST(listed_time AS DATE)) FILTER (WHERE rank = 1) AS listed,
           list(DISTINCT event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM hit
    GROUP BY subject_id
),
-- Clear only where there is a list to compare with, and sign-ins with addresses.
watched AS (
    SELECT s.subject_id
    FROM signin s
    JOIN coverage c ON c.subject_id = s.subject_id AND c.table_name = 'signin'
    WHERE s.src_ip IS NOT NULL AND s.outcome = 'success' AND (SELECT count(*) FROM listed) > 0
    GROUP BY s.subject_id
)
SELECT coalesce(f.subject_id, w.subject_id) AS subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time,
       f.event_ids,
       f.what, f.address, f.list_name, f.listed, f.times, f.days
FROM first f
FULL JOIN watched w ON w.subject_id = f.subject_id
