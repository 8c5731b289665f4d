-- The latest state of each complaint decides: one that was found to be an error does not count.
WITH complaint AS (
    SELECT subject_id, coalesce(ticket_id, event_id) AS ticket, min(time) AS time, min(event_id) AS event_id,
           arg_max(coalesce(outcome, ''), time) AS outcome, any_value(ticket_id) AS ticket_id
    FROM ticket
    WHERE category = 'identity_complaint'
    GROUP BY subject_id, coalesce(ticket_id, event_id)
),
open_complaint AS (
    SELECT subject_id, min(time) AS time, list(event_id ORDER BY time, event_id) AS event_ids, count(*) AS complaints,
           arg_min(coalesce(ticket_id, 'without number'), time) AS ticket_id
    FROM complaint
    WHERE NOT list_contains($dismissed, lower(outcome))
    GROUP BY subject_id
)
SELECT v.subject_id,
       o.subject_id IS NOT NULL AS fired,
       o.time,
       o.event_ids,
       o.ticket_id, coalesce(o.complaints, 0) AS count
FROM coverage v
LEFT JOIN open_complaint o ON o.subject_id = v.subject_id
WHERE v.table_name = 'ticket'
