-- Two files under different names that say the same author, or the same program at the same second.
WITH mark AS (
    SELECT subject_id, event_id, time, 'author' AS mark, lower(trim(file_author)) AS value
    FROM hiring_event
    WHERE length(trim(file_author)) >= 3
    UNION ALL
    SELECT subject_id, event_id, time, 'program and second of creation',
           trim(file_producer) || ', ' || strftime(file_created, '%Y-%m-%d %H:%M:%S')
    FROM hiring_event
    WHERE file_producer <> '' AND file_created IS NOT NULL
      AND file_created <> date_trunc('day', file_created)     -- a bare day is no second
),
own AS (
    SELECT subject_id, mark, value, min(time) AS time, min(event_id) AS event_id
    FROM mark
    WHERE NOT list_contains($builders, value)
    GROUP BY subject_id, mark, value
),
rare AS (
    SELECT mark, value FROM own GROUP BY mark, value HAVING count(*) BETWEEN 2 AND $max_sharers
),
pair AS (
    SELECT a.subject_id, b.subject_id AS other_id, a.mark, a.value, a.time, a.event_id, b.time AS other_time, b.event_id AS other_event
    FROM own a
    JOIN rare r ON r.mark = a.mark AND r.value = a.value
    JOIN own b ON b.mark = a.mark AND b.value = a.value AND b.subject_id <> a.subject_id
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
best AS (
    SELECT p.subject_id, p.mark, p.value, min(p.time) AS time, min(p.event_id) AS event_id,
           list(s.name ORDER BY p.other_time, s.name) AS others, list(p.other_event ORDER BY p.other_time, p.other_event) AS other_events
    FROM pair p
    JOIN subject s ON s.subject_id = p.other_id
    WHERE EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.subject_id)
      AND EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.other_id)
      AND NOT EXISTS (SELECT 1 FROM alike a WHERE a.subject_id = p.subject_id AND a.other_id = p.other_id)
    GROUP BY p.subject_id, p.mark, p.value
    QUALIFY row_number() OVER (PARTITION BY p.subject_id ORDER BY count(*) DESC, p.mark, p.value) = 1
),
compared AS (
    SELECT DISTINCT m.subject_id FROM mark m JOIN name_word n ON n.subject_id = m.subject_id
),
population AS (
    SELECT count(*) AS files FROM compared
)
SELECT c.subject_id,
       b.subject_id IS NOT NULL AS fired,
       b.time,
       list_concat([b.event_id], b.other_events) AS event_ids,
       b.mark, b.value, b.others
FROM compared c
JOIN population n ON n.files > 1
LEFT JOIN best b ON b.subject_id = c.subject_id
