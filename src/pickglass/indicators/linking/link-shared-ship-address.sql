-- People whose parcels or records lead to one dwelling within the window. A place of very many people (a campus,
-- an office, a mail store) says nothing, so it neither fires nor clears.
WITH held AS (
    SELECT subject_id, value, subjects, first_time, last_time, event_ids
    FROM shared_thing
    WHERE kind = 'address'
),
shared AS (
    SELECT a.subject_id, a.value, count(*) AS people,
           greatest(a.first_time, min(o.first_time) FILTER (WHERE o.subject_id <> a.subject_id)) AS time,
           list(s.name ORDER BY s.name) FILTER (WHERE o.subject_id <> a.subject_id) AS others,
           flatten(list(o.event_ids ORDER BY o.first_time, o.subject_id)) AS event_ids
    FROM held a
    JOIN held o ON o.value = a.value
               AND epoch(o.first_time) - epoch(a.last_time) <= $window_days * 86400
               AND epoch(a.first_time) - epoch(o.last_time) <= $window_days * 86400
    JOIN subject s ON s.subject_id = o.subject_id
    WHERE a.subjects <= $max_subjects
    GROUP BY a.subject_id, a.value, a.first_time
    HAVING count(*) >= $min_subjects
    QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY count(*) DESC, a.value) = 1
),
delivered AS (
    SELECT DISTINCT subject_id FROM shipment_event WHERE address_key IS NOT NULL
),
crowded AS (
    SELECT DISTINCT subject_id FROM held WHERE subjects > $max_subjects
)
SELECT coalesce(f.subject_id, d.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       replace(f.value, '|', ', ') AS address, f.people, f.others
FROM delivered d
FULL JOIN shared f ON f.subject_id = d.subject_id
LEFT JOIN crowded c ON c.subject_id = d.subject_id
WHERE f.subject_id IS NOT NULL OR c.subject_id IS NULL
