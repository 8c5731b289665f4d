-- An address of the person's hiring records or mails on an intelligence list, near in time to the list's entry.
WITH listed AS (
    SELECT lower(trim(value)) AS value, list_name, time AS listed_time, valid_until
    FROM intelligence
    WHERE kind = 'ip' AND coalesce(confidence, 'medium') <> 'low' AND (valid_until IS NULL OR valid_until > $as_of)
),
seen AS (
    SELECT subject_id, time, event_id, lower(src_ip) AS address,
           CASE activity WHEN 'applied' THEN 'application' WHEN 'identity_check' THEN 'identity check' ELSE replace(activity, '_', ' ') END AS what
    FROM hiring_event
    WHERE src_ip <> ''
    UNION ALL
    SELECT subject_id, time, event_id, lower(sender_ip), 'mail' FROM mail WHERE sender_ip <> ''
),
-- An address that many people's records have is a mail service's or an agency's.
busy AS (
    SELECT address FROM seen GROUP BY address HAVING count(DISTINCT subject_id) >= $shared_people
    UNION
    SELECT lower(src_ip) FROM signin WHERE src_ip IS NOT NULL GROUP BY lower(src_ip) HAVING count(DISTINCT subject_id) >= $shared_people
),
own AS (
    SELECT s.* FROM seen s WHERE s.address NOT IN (SELECT address FROM busy)
),
hit AS (
    SELECT o.subject_id, o.time, o.event_id, o.what, o.address, l.list_name, CAST(l.listed_time AS DATE) AS listed,
           row_number() OVER (PARTITION BY o.subject_id ORDER BY o.time, o.event_id, l.list_name) AS rank
    FROM own o
    JOIN listed l ON l.value = o.address
    WHERE abs(epoch(o.time) - epoch(l.listed_time)) <= $max_age_days * 86400
      AND (l.valid_until IS NULL OR o.time < l.valid_until)
),
counted AS (
    SELECT subject_id, count(DISTINCT event_id) AS times, list(DISTINCT event_id) FILTER (WHERE rank <= 5) AS event_ids FROM hit GROUP BY subject_id
)
SELECT o.subject_id,
       h.subject_id IS NOT NULL AS fired,
       h.time, c.event_ids, h.what, h.address, h.list_name, h.listed, c.times
FROM (SELECT DISTINCT subject_id FROM own) o
LEFT JOIN hit h ON h.subject_id = o.subject_id AND h.rank = 1
LEFT JOIN counted c ON c.subject_id = o.subject_id
WHERE (SELECT count(*) FROM listed) > 0
