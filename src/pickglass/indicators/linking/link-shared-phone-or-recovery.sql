-- Contacts that open an account, held at the same time by several people who were hired.
WITH held AS (
    SELECT t.subject_id, t.kind, t.value, t.first_time, t.last_time, list_extract(t.event_ids, 1) AS event_id
    FROM shared_thing t
    JOIN subject s ON s.subject_id = t.subject_id AND s.kind IN ('employee', 'contractor')
    WHERE t.kind IN ('recovery_mail', 'mail', 'phone') AND t.subjects <= $max_subjects
),
pair AS (
    SELECT a.subject_id, o.subject_id AS other_id, a.kind, greatest(a.first_time, o.first_time) AS time, a.event_id, o.event_id AS other_event
    FROM held a
    JOIN held o ON o.kind = a.kind AND o.value = a.value AND o.subject_id <> a.subject_id
    JOIN subject s ON s.subject_id = a.subject_id
    JOIN subject p ON p.subject_id = o.subject_id
    -- A contact that passed to somebody else after the first had left is not shared.
    WHERE (s.termination_date IS NULL OR s.termination_date > o.first_time)
      AND (p.termination_date IS NULL OR p.termination_date > a.first_time)
),
tied AS (
    SELECT subject_id, other_id, string_agg(DISTINCT replace(kind, '_', ' '), ' and ' ORDER BY replace(kind, '_', ' ')) AS what, min(time) AS time,
           list(DISTINCT event_id ORDER BY event_id) AS own_events, list(DISTINCT other_event ORDER BY other_event) AS other_events
    FROM pair
    GROUP BY subject_id, other_id
    HAVING bool_or(kind = 'recovery_mail') OR count(DISTINCT kind) > 1
),
shared AS (
    SELECT t.subject_id, count(*) + 1 AS people, min(t.time) AS time, min(t.what) AS what, list(s.name ORDER BY s.name) AS others,
           list_concat(flatten(list(t.own_events ORDER BY t.other_id)), flatten(list(t.other_events ORDER BY t.other_id))) AS event_ids
    FROM tied t
    JOIN subject s ON s.subject_id = t.other_id
    GROUP BY t.subject_id
    HAVING count(*) + 1 >= $min_subjects
),
seen AS (
    SELECT DISTINCT i.subject_id
    FROM identifier i
    JOIN subject s ON s.subject_id = i.subject_id AND s.kind IN ('employee', 'contractor')
    WHERE i.kind IN ('recovery_mail', 'mail', 'phone')
)
SELECT n.subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids, f.what, f.people, f.others
FROM seen n
LEFT JOIN shared f ON f.subject_id = n.subject_id
