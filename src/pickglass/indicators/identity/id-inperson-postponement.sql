-- Requests on different days; a check that took place afterwards, or an agreed accommodation, settles it.
WITH postponed AS (
    SELECT subject_id, coalesce(ticket_id, event_id) AS ticket, min(time) AS time, min(event_id) AS event_id
    FROM ticket
    WHERE category IN ('in_person_postponed', 'verification_missed')
    GROUP BY subject_id, coalesce(ticket_id, event_id)
),
daily AS (
    SELECT subject_id, CAST(time AS DATE) AS day, min(time) AS time, min(event_id) AS event_id
    FROM postponed
    GROUP BY subject_id, CAST(time AS DATE)
),
-- For each of them, how many lie within the window that ends there.
run AS (
    SELECT b.subject_id, b.time, count(*) AS times, min(a.time) AS first_time, list(a.event_id ORDER BY a.time) AS event_ids
    FROM daily b
    JOIN daily a ON a.subject_id = b.subject_id AND a.time <= b.time AND epoch(b.time) - epoch(a.time) <= $window_days * 86400
    GROUP BY b.subject_id, b.time
    QUALIFY row_number() OVER (PARTITION BY b.subject_id ORDER BY count(*) DESC, b.time DESC) = 1
),
settled AS (
    SELECT r.subject_id
    FROM run r
    JOIN attested a ON a.subject_id = r.subject_id
    WHERE (a.kind IN ('in_person_meeting', 'live_video_check') AND coalesce(a.outcome, 'passed') = 'passed' AND a.valid_from >= r.first_time)
       OR (a.kind = 'accessibility' AND (a.valid_until IS NULL OR a.valid_until > r.first_time))
    GROUP BY r.subject_id
)
SELECT v.subject_id,
       coalesce(r.times, 0) >= $times AND s.subject_id IS NULL AS fired,
       CASE WHEN r.times >= $times AND s.subject_id IS NULL THEN r.time END AS time,
       r.event_ids, r.times AS count, r.first_time
FROM coverage v
LEFT JOIN run r ON r.subject_id = v.subject_id
LEFT JOIN settled s ON s.subject_id = v.subject_id
WHERE v.table_name = 'ticket'
