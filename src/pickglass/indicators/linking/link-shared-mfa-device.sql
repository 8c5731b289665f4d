-- Some vendors name only the model of an authenticator: then very many people share it, and it says nothing.
WITH held AS (
    SELECT subject_id, value, subjects, days, first_time, event_ids
    FROM shared_thing
    WHERE kind = 'mfa_device'
),
shared AS (
    SELECT a.subject_id, a.value, count(*) AS people,
           greatest(a.first_time, min(o.first_time) FILTER (WHERE o.subject_id <> a.subject_id)) AS time,
           list(s.name ORDER BY s.name) FILTER (WHERE o.subject_id <> a.subject_id) AS others,
           flatten(list(o.event_ids ORDER BY o.first_time, o.subject_id)) AS event_ids
    FROM held a
    JOIN held o ON o.value = a.value
    JOIN subject s ON s.subject_id = o.subject_id
    WHERE a.subjects <= $max_subjects
    GROUP BY a.subject_id, a.value, a.first_time
    HAVING count(*) >= $min_subjects
    QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY count(*) DESC, a.value) = 1
),
seen AS (
    SELECT DISTINCT subject_id FROM signin WHERE mfa_device IS NOT NULL AND outcome = 'success'
),
crowded AS (
    SELECT DISTINCT subject_id FROM held WHERE subjects > $max_subjects
)
SELECT coalesce(f.subject_id, n.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       f.value AS authenticator, f.people, f.others
FROM seen n
FULL JOIN shared f ON f.subject_id = n.subject_id
LEFT JOIN crowded c ON c.subject_id = n.subject_id
WHERE f.subject_id IS NOT NULL OR c.subject_id IS NULL
