-- Liveness alone never fires; a check that a colleague made live afterwards settles repeated attempts.
WITH checked AS (
    SELECT subject_id, max(time) AS time, list(event_id ORDER BY time, event_id) AS event_ids,
           bool_or(coalesce(virtual_camera, FALSE)) AS injected,
           min(time) FILTER (WHERE virtual_camera) AS injected_time,
           greatest(count(*), sum(coalesce(attempts, 1))) AS attempts,
           count(DISTINCT coalesce(document_hash, document_kind || coalesce(document_region, ''))) AS documents,
           CASE WHEN bool_or(liveness = 'failed') THEN 'failed' ELSE coalesce(max(liveness), 'not stated') END AS liveness
    FROM hiring_event
    WHERE activity = 'identity_check' AND (liveness IS NOT NULL OR virtual_camera IS NOT NULL OR attempts IS NOT NULL)
    GROUP BY subject_id
),
seen AS (
    SELECT subject_id, max(valid_from) AS seen_time
    FROM attested
    WHERE kind IN ('live_video_check', 'in_person_meeting') AND coalesce(outcome, 'passed') = 'passed'

    GROUP BY subject_id
),
judged AS (
    SELECT c.subject_id, c.event_ids, c.attempts, c.documents, c.liveness, c.injected,
           CASE WHEN c.injected THEN c.injected_time ELSE c.time END AS time,
           c.injected OR (c.attempts >= $attempts AND c.documents >= $documents AND (s.seen_time IS NULL OR s.seen_time < c.time)) AS fired
    FROM checked c
    LEFT JOIN seen s ON s.subject_id = c.subject_id
)
SELECT subject_id, fired, CASE WHEN fired THEN time END AS time, event_ids,
       CASE WHEN injected THEN 'the provider flagged a virtual camera or emulator' ELSE 'there were repeated attempts with changing documents' END AS what,
       attempts, documents, liveness
FROM judged
