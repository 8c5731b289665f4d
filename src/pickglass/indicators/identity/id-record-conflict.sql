-- What the agency's trace of the national number says; the numbers themselves are not on file.
WITH trace AS (
    SELECT subject_id, time, event_id, outcome, coalesce(provider, 'the agency') AS provider
    FROM hiring_event
    WHERE activity = 'background_check' AND document_kind = 'social_security_number' AND outcome IN ('passed', 'review', 'failed')
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY time DESC, event_id) = 1
)
SELECT subject_id, outcome <> 'passed' AS fired, CASE WHEN outcome <> 'passed' THEN time END AS time, [event_id] AS event_ids, provider, outcome
FROM trace
