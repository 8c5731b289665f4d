-- Shared values come from `shared_thing`, so declared households are out. What very many share belongs to an agency, a
-- school or a hotline.
WITH shared AS (
    SELECT kind, value, subject_id, first_time, last_time, event_ids
    FROM shared_thing
    WHERE kind IN ('phone', 'mail', 'recovery_mail', 'code_host') AND subjects <= $max_sharers
),
pair AS (
    SELECT a.subject_id, b.subject_id AS other_id, a.kind, a.value, a.first_time, b.first_time AS other_time,
           b.last_time AS other_last, list_extract(a.event_ids, 1) AS event_id, list_extract(b.event_ids, 1) AS other_event
    FROM shared a
    JOIN shared b ON b.kind = a.kind AND b.value = a.value AND b.subject_id <> a.subject_id
    WHERE epoch(a.first_time) - epoch(b.last_time) <= $window_days * 86400
      AND epoch(b.first_time) - epoch(a.last_time) <= $window_days * 86400
),
alike AS (
    SELECT DISTINCT p.subject_id, p.other_id
    FROM pair p
    JOIN name_word x ON x.subject_id = p.subject_id
    JOIN name_word y ON y.subject_id = p.other_id
    WHERE x.token = y.token
       OR (length(x.token) >= 3 AND left(y.token, length(x.token)) = x.token)
       OR (length(y.token) >= 3 AND left(x.token, length(y.token)) = y.token)
       OR (length(x.token) >= 5 AND length(y.token) >= 5 AND levenshtein(x.token, y.token) <= 1)
),
other AS (
    SELECT p.subject_id, p.kind, p.value, p.event_id, p.other_event, greatest(p.first_time, p.other_time) AS time, p.other_last,
           s.name AS other_name
    FROM pair p
    JOIN subject s ON s.subject_id = p.other_id
    WHERE EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.subject_id)
      AND EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.other_id)
      AND NOT EXISTS (SELECT 1 FROM alike a WHERE a.subject_id = p.subject_id AND a.other_id = p.other_id)
),
best AS (
    SELECT subject_id, kind, value, min(time) AS time, max(other_last) AS last_time,
           list(other_name ORDER BY time, other_name) AS others,
           list(other_event ORDER BY time, other_event) AS other_events, min(event_id) AS event_id
    FROM other
    GROUP BY subject_id, kind, value
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY count(*) DESC, min(time), kind, value) = 1
),
compared AS (
    SELECT DISTINCT i.subject_id
    FROM identifier i
    JOIN name_word n ON n.subject_id = i.subject_id
    WHERE i.kind IN ('phone', 'mail', 'recovery_mail', 'code_host')
)
SELECT c.subject_id,
       b.subject_id IS NOT NULL AS fired,
       b.time,
       list_concat([b.event_id], b.other_events) AS event_ids,
       replace(b.kind, '_', ' ') AS kind, b.value, s.name, b.others, b.last_time
FROM compared c
JOIN subject s ON s.subject_id = c.subject_id
LEFT JOIN best b ON b.subject_id = c.subject_id
