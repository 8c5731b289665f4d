-- Requests for access in the first days of the employment, against what starters of the role asked for in theirs.
WITH request AS (
    SELECT t.subject_id, coalesce(t.ticket_id, t.event_id) AS ticket, min(t.time) AS time, arg_min(t.event_id, t.time) AS event_id
    FROM ticket t
    JOIN subject s ON s.subject_id = t.subject_id
    WHERE t.category = 'access' AND epoch(t.time) - epoch(s.hire_date) BETWEEN 0 AND $days * 86400
    GROUP BY t.subject_id, coalesce(t.ticket_id, t.event_id)
),
-- Whoever has tickets at all would have been seen to ask.
starter AS (
    SELECT c.subject_id, s.role, s.hire_date, count(r.ticket) AS requests, min(r.time) AS first_time, max(r.time) AS last_time
    FROM coverage c
    JOIN subject s ON s.subject_id = c.subject_id AND s.hire_date IS NOT NULL
    LEFT JOIN request r ON r.subject_id = c.subject_id
    WHERE c.table_name = 'ticket' AND epoch(c.first_time) <= epoch(s.hire_date) + $days * 86400
    GROUP BY c.subject_id, s.role, s.hire_date
),
cohort AS (
    SELECT a.subject_id, median(o.requests) AS usual
    FROM starter a
    JOIN starter o ON o.role = a.role AND o.subject_id <> a.subject_id
    GROUP BY a.subject_id
    HAVING count(*) >= $min_cohort
),
evidence AS (
    SELECT subject_id, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) AS rank FROM request)
    WHERE rank <= 20
    GROUP BY subject_id
),
judged AS (
    SELECT a.*, c.usual,
           CASE WHEN c.usual IS NULL THEN a.requests > $count
                ELSE a.requests > $least AND a.requests > $factor * c.usual END AS fired
    FROM starter a
    LEFT JOIN cohort c ON c.subject_id = a.subject_id
)
SELECT j.subject_id, j.fired, CASE WHEN j.fired THEN j.last_time END AS time, CASE WHEN j.fired THEN e.event_ids END AS event_ids,
       j.requests, j.first_time AS first, j.last_time AS last, j.usual, $days AS days
FROM judged j
LEFT JOIN evidence e ON e.subject_id = j.subject_id
WHERE j.fired OR epoch($as_of) >= epoch(j.hire_date) + $days * 86400
