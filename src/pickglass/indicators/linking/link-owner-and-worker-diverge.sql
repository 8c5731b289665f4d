-- Sign-ins after the first complaint that stands; the latest state of each complaint decides.
WITH complaint AS (
    SELECT subject_id, coalesce(ticket_id, event_id) AS ticket, min(time) AS time, min(event_id) AS event_id,
           arg_max(coalesce(outcome, ''), time) AS outcome
    FROM ticket
    WHERE category = 'identity_complaint'
    GROUP BY subject_id, coalesce(ticket_id, event_id)
),
standing AS (
    SELECT subject_id, min(time) AS complained, arg_min(event_id, time) AS event_id
    FROM complaint
    WHERE NOT list_contains($dismissed, lower(outcome))
    GROUP BY subject_id
),
work AS (
    SELECT s.subject_id, c.complained, c.event_id AS complaint_event, s.time, s.event_id,
           row_number() OVER (PARTITION BY s.subject_id ORDER BY s.time, s.event_id) AS rank
    FROM signin s
    JOIN standing c ON c.subject_id = s.subject_id
    WHERE s.outcome = 'success' AND s.time > c.complained
),
found AS (
    SELECT subject_id, complained, count(DISTINCT CAST(time AS DATE)) AS days, max(time) AS time,
           list_concat(list(DISTINCT complaint_event), list(event_id ORDER BY rank) FILTER (WHERE rank <= 10)) AS event_ids
    FROM work
    GROUP BY subject_id, complained
    HAVING count(DISTINCT CAST(time AS DATE)) >= $min_days
)
SELECT v.subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids, f.complained, f.days
FROM coverage v
JOIN coverage g ON g.subject_id = v.subject_id AND g.table_name = 'signin'
LEFT JOIN found f ON f.subject_id = v.subject_id
WHERE v.table_name = 'ticket'
