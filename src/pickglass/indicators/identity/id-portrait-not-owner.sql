-- The comparison of the person before the camera with the portrait on the document, as the provider decided it.
WITH checked AS (
    SELECT subject_id, time, event_id, coalesce(provider, 'The provider') AS provider, outcome,
           outcome = 'passed' OR outcome_detail <> '' AS told,
           -- Where the words are of a report on the face alone, its only verdicts are clear and not clear.
           (outcome = 'failed' AND regexp_matches(lower(coalesce(outcome_detail, '')), '\b(selfie_id_comparison|id_selfie_comparison)\b'))
               OR (outcome <> 'passed' AND regexp_matches(lower(coalesce(outcome_detail, '')), '\bface_comparison\b')) AS differs
    FROM hiring_event
    WHERE activity = 'identity_check' AND liveness IS NOT NULL AND outcome IN ('passed', 'failed', 'review')
),
refused AS (
    SELECT subject_id, count(*) AS times, max(time) AS time, list(event_id ORDER BY time, event_id) AS event_ids, min(provider) AS provider
    FROM checked
    WHERE differs
    GROUP BY subject_id
),
settled AS (
    SELECT r.subject_id
    FROM refused r
    JOIN checked l ON l.subject_id = r.subject_id AND l.time > r.time AND l.outcome = 'passed'
    GROUP BY r.subject_id
    UNION
    SELECT r.subject_id
    FROM refused r
    JOIN attested a ON a.subject_id = r.subject_id
    WHERE (a.kind IN ('live_video_check', 'in_person_meeting') AND coalesce(a.outcome, 'passed') = 'passed' AND a.valid_from >= r.time)
       OR (a.kind = 'accessibility' AND (a.valid_until IS NULL OR a.valid_until > r.time))
    GROUP BY r.subject_id
)
SELECT c.subject_id,
       coalesce(r.times, 0) >= $times AND s.subject_id IS NULL AS fired,
       CASE WHEN r.times >= $times AND s.subject_id IS NULL THEN r.time END AS time,
       r.event_ids, r.times, r.provider
FROM (SELECT subject_id, bool_and(told) AS told FROM checked GROUP BY subject_id) c
LEFT JOIN refused r ON r.subject_id = c.subject_id
LEFT JOIN settled s ON s.subject_id = c.subject_id
-- One refusal that nobody looked at, or one without its reasons, is no answer either way.
WHERE (r.times IS NULL AND c.told) OR r.times >= $times OR s.subject_id IS NOT NULL
