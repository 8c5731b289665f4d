-- Two accounts behind one connection whose activity excludes one another. Days are cut to the hours in which both
-- were at work, so that shift partners, who never overlap, are expected to coincide zero times. The expectation is
-- that of independent activity; activity comes in runs, so it has to be well above what chance alone would need.
WITH held AS (
    SELECT subject_id, value
    FROM shared_thing
    WHERE kind = 'egress' AND subjects <= $max_subjects AND days >= $min_shared_days
),
pair AS (
    SELECT a.subject_id, o.subject_id AS other_id, min(a.value) AS egress
    FROM held a
    JOIN held o ON o.value = a.value AND o.subject_id <> a.subject_id
    GROUP BY a.subject_id, o.subject_id
),
act AS (
    SELECT subject_id, time, event_id FROM signin WHERE outcome = 'success'
    UNION ALL
    SELECT subject_id, time, event_id FROM data_access
),
bin AS (
    SELECT subject_id, CAST(time AS DATE) AS day, floor(epoch(time) / nullif($bin_minutes * 60, 0)) AS slot,
           min(time) AS time, min(event_id) AS event_id
    FROM act
    WHERE subject_id IN (SELECT subject_id FROM pair)
    GROUP BY 1, 2, 3
),
shift AS (
    SELECT subject_id, day, min(slot) AS first_slot, max(slot) AS last_slot
    FROM bin
    GROUP BY subject_id, day
),
common AS (
    SELECT p.subject_id, p.other_id, p.egress, a.day, greatest(a.first_slot, o.first_slot) AS first_slot,
           least(a.last_slot, o.last_slot) AS last_slot
    FROM pair p
    JOIN shift a ON a.subject_id = p.subject_id
    JOIN shift o ON o.subject_id = p.other_id AND o.day = a.day
    WHERE greatest(a.first_slot, o.first_slot) < least(a.last_slot, o.last_slot)
),
counted AS (
    SELECT c.subject_id, c.other_id, c.egress, c.day, c.last_slot - c.first_slot + 1 AS slots,
           count(*) FILTER (WHERE b.subject_id = c.subject_id) AS mine,
           count(*) FILTER (WHERE b.subject_id = c.other_id) AS theirs,
           count(*) - count(DISTINCT b.slot) AS both_active,
           max(b.time) AS time, max(b.event_id) FILTER (WHERE b.subject_id = c.subject_id) AS my_event,
           max(b.event_id) FILTER (WHERE b.subject_id = c.other_id) AS their_event
    FROM common c
    JOIN bin b ON b.day = c.day AND b.slot BETWEEN c.first_slot AND c.last_slot
              AND (b.subject_id = c.subject_id OR b.subject_id = c.other_id)
    GROUP BY c.subject_id, c.other_id, c.egress, c.day, c.first_slot, c.last_slot
),
judged AS (
    SELECT subject_id, other_id, egress, count(*) AS days, sum(both_active) AS coincidences,
           sum(mine * theirs / nullif(slots, 0)) AS expected, max(time) AS last,
           list(my_event ORDER BY day) FILTER (WHERE my_event IS NOT NULL) AS my_events,
           list(their_event ORDER BY day) FILTER (WHERE their_event IS NOT NULL) AS their_events
    FROM counted
    GROUP BY subject_id, other_id, egress
    HAVING count(*) >= $min_days AND sum(mine * theirs / nullif(slots, 0)) >= $min_expected
),
best AS (
    SELECT j.*, j.coincidences = 0 AS fired
    FROM judged j
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY coincidences, expected DESC, other_id) = 1
)
SELECT b.subject_id, b.fired, CASE WHEN b.fired THEN b.last END AS time,
       CASE WHEN b.fired THEN list_concat(b.my_events, b.their_events) END AS event_ids,
       s.name AS other, b.egress, b.days, b.expected, $bin_minutes AS bin_minutes
FROM best b
JOIN subject s ON s.subject_id = b.other_id
