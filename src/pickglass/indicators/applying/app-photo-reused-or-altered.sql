-- One picture in the résumés of people whose names have no word in common. Pictures are compared, never faces.
WITH
shared AS (
    SELECT value, subject_id, first_time, event_ids
    FROM shared_thing
    -- What many share is a template's decoration or an agency's mark.
    WHERE kind = 'photo' AND subjects <= $max_sharers
),
pair AS (
    SELECT a.subject_id, b.subject_id AS other_id, a.value, a.first_time, b.first_time AS other_time,
           list_extract(a.event_ids, 1) AS event_id, list_extract(b.event_ids, 1) AS other_event
    FROM shared a
    JOIN shared b ON b.value = a.value AND b.subject_id <> a.subject_id
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
    SELECT p.subject_id, p.value, p.event_id, p.other_event, greatest(p.first_time, p.other_time) AS time, s.name AS other_name
    FROM pair p
    JOIN subject s ON s.subject_id = p.other_id
    WHERE EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.subject_id)
      AND EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.other_id)
      AND NOT EXISTS (SELECT 1 FROM alike a WHERE a.subject_id = p.subject_id AND a.other_id = p.other_id)
),
best AS (
    SELECT subject_id, value, min(time) AS time, list(other_name ORDER BY time, other_name) AS others,
           list(other_event ORDER BY time, other_event) AS other_events, min(event_id) AS event_id
    FROM other
    GROUP BY subject_id, value
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY count(*) DESC, min(time), value) = 1
),
compared AS (
    SELECT DISTINCT i.subject_id
    FROM identifier i
    JOIN name_word n ON n.subject_id = i.subject_id
    WHERE i.kind = 'photo'
)
SELECT c.subject_id, b.subject_id IS NOT NULL AS fired, b.time, list_concat([b.event_id], b.other_events) AS event_ids, s.name, b.others
FROM compared c
JOIN subject s ON s.subject_id = c.subject_id
LEFT JOIN best b ON b.subject_id = c.subject_id
WHERE (SELECT count(DISTINCT subject_id) FROM compared) > 1
