-- A production mark that few share, under names that have no word in common.
WITH shown AS (
    SELECT subject_id, document_template AS mark, min(time) AS time, min(event_id) AS event_id
    FROM hiring_event
    WHERE document_template <> ''
    GROUP BY subject_id, document_template
),
rare AS (
    SELECT mark FROM shown GROUP BY mark HAVING count(*) BETWEEN 2 AND $max_sharers
),
pair AS (
    SELECT a.subject_id, b.subject_id AS other_id, a.mark, a.time, a.event_id, b.time AS other_time, b.event_id AS other_event
    FROM shown a
    JOIN rare r ON r.mark = a.mark
    JOIN shown b ON b.mark = a.mark AND b.subject_id <> a.subject_id
    WHERE abs(epoch(a.time) - epoch(b.time)) <= $window_days * 86400
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
    SELECT p.subject_id, p.mark, min(p.time) AS time, min(p.event_id) AS event_id,
           list(s.name ORDER BY p.other_time, s.name) AS others, list(p.other_event ORDER BY p.other_time, p.other_event) AS other_events,
           max(abs(epoch(p.time) - epoch(p.other_time))) AS seconds
    FROM pair p
    JOIN subject s ON s.subject_id = p.other_id
    WHERE EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.subject_id)
      AND EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.other_id)
      AND NOT EXISTS (SELECT 1 FROM alike a WHERE a.subject_id = p.subject_id AND a.other_id = p.other_id)
    GROUP BY p.subject_id, p.mark
    QUALIFY row_number() OVER (PARTITION BY p.subject_id ORDER BY count(*) DESC, p.mark) = 1
),
compared AS (
    SELECT DISTINCT w.subject_id FROM shown w JOIN name_word n ON n.subject_id = w.subject_id
),
population AS (
    SELECT count(*) AS documents FROM compared
)
SELECT c.subject_id,
       b.subject_id IS NOT NULL AS fired,
       b.time,
       list_concat([b.event_id], b.other_events) AS event_ids,
       b.mark, b.others, CAST(ceil(b.seconds / 86400) AS BIGINT) AS days
FROM compared c
JOIN population n ON n.documents > 1
LEFT JOIN best b ON b.subject_id = c.subject_id
