-- A mark that a person set in the evaluation form; clear where reviewers use marks and did not set this one.
WITH review AS (
    SELECT subject_id, time, event_id, stage, coalesce(list_contains(flags, 'other_identity_seen'), FALSE) AS marked
    FROM hiring_event
    WHERE activity = 'evaluation' AND (flags IS NOT NULL OR EXISTS (SELECT 1 FROM hiring_event f WHERE f.flags IS NOT NULL))
)
SELECT subject_id,
       bool_or(marked) AS fired,
       min(time) FILTER (WHERE marked) AS time,
       list(event_id ORDER BY time, event_id) FILTER (WHERE marked) AS event_ids,
       arg_min(coalesce(stage, 'an interview'), time) FILTER (WHERE marked) AS stage,
       count(*) FILTER (WHERE marked) AS reviews
FROM review
GROUP BY subject_id
