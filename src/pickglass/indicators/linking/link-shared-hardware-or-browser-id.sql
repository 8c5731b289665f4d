-- A laptop that is reissued has one holder after the other; only use by turns, with overlapping spans, counts.
WITH at_hand AS (
    SELECT subject_id, device_id, count(DISTINCT CAST(time AS DATE)) AS days FROM device_use GROUP BY subject_id, device_id
),
held AS (
    SELECT t.subject_id, t.value, t.subjects, h.days, t.first_time, t.last_time, t.event_ids
    FROM shared_thing t
    JOIN at_hand h ON h.subject_id = t.subject_id AND h.device_id = t.value
    WHERE t.kind = 'device'
),
shared AS (
    SELECT a.subject_id, a.value, count(*) AS people,
           greatest(a.first_time, min(o.first_time) FILTER (WHERE o.subject_id <> a.subject_id)) AS time,
           list(s.name ORDER BY s.name) FILTER (WHERE o.subject_id <> a.subject_id) AS others,
           flatten(list(o.event_ids ORDER BY o.first_time, o.subject_id)) AS event_ids
    FROM held a
    JOIN held o ON o.value = a.value AND o.first_time <= a.last_time AND a.first_time <= o.last_time
    JOIN subject s ON s.subject_id = o.subject_id
    WHERE a.subjects <= $max_subjects AND a.days >= $min_days AND o.days >= $min_days
    GROUP BY a.subject_id, a.value, a.first_time
    HAVING count(*) >= $min_subjects
    QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY count(*) DESC, a.value) = 1
),
seen AS (
    SELECT subject_id FROM device_use GROUP BY subject_id HAVING count(DISTINCT CAST(time AS DATE)) >= $min_days
),
crowded AS (
    SELECT DISTINCT subject_id FROM held WHERE subjects > $max_subjects
)
SELECT coalesce(f.subject_id, n.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       f.value AS device, f.people, f.others
FROM seen n
FULL JOIN shared f ON f.subject_id = n.subject_id
LEFT JOIN crowded c ON c.subject_id = n.subject_id
WHERE f.subject_id IS NOT NULL OR c.subject_id IS NULL
