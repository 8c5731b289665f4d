-- What the provider of the identity check says of the document's picture: edited, altered by hand, made up, found in public.
WITH checked AS (
    SELECT subject_id, time, event_id, coalesce(provider, 'the provider') AS provider, document_hash, outcome,
           outcome = 'passed' OR outcome_detail <> '' AS told,
           CASE WHEN regexp_matches(lower(coalesce(outcome_detail, '')), '\bid_tamper_detection\b') THEN 'edited by software' END AS edited,
           CASE WHEN regexp_matches(lower(coalesce(outcome_detail, '')), '\bid_(physical_tamper|nfc_tamper)_detection\b') THEN 'altered' END AS altered,
           CASE WHEN regexp_matches(lower(coalesce(outcome_detail, '')), '\bid_fabrication_detection\b') THEN 'made up' END AS made,
           CASE WHEN regexp_matches(lower(coalesce(outcome_detail, '')), '\bid_compromised_detection\b') THEN 'found in public' END AS public,
           -- Here the word covers prints and screens as well, so that it takes the provider's own verdict.
           CASE WHEN regexp_matches(lower(coalesce(outcome_detail, '')), '\bvisual_authenticity\b') AND outcome = 'failed' AND liveness IS NULL
                THEN 'not authentic to the eye' END AS unlike
    FROM hiring_event
    WHERE activity = 'identity_check' AND document_kind IS NOT NULL AND outcome IN ('passed', 'failed', 'review')
),
-- What passed in the end was looked at: its record still names what failed at the first attempts.
marked AS (
    SELECT *, CASE WHEN outcome = 'passed' THEN '' ELSE concat_ws(', ', edited, altered, made, public, unlike) END AS marks FROM checked
),
settled AS (
    SELECT m.subject_id, m.event_id
    FROM marked m
    JOIN marked l ON l.subject_id = m.subject_id AND l.time > m.time AND l.outcome = 'passed' AND l.document_hash = m.document_hash
    GROUP BY m.subject_id, m.event_id
    UNION
    SELECT m.subject_id, m.event_id
    FROM marked m
    JOIN attested a ON a.subject_id = m.subject_id AND a.kind = 'in_person_meeting' AND coalesce(a.outcome, 'passed') = 'passed' AND a.valid_from >= m.time
    GROUP BY m.subject_id, m.event_id
),
found AS (
    SELECT m.*
    FROM marked m
    LEFT JOIN settled s ON s.subject_id = m.subject_id AND s.event_id = m.event_id
    WHERE m.marks <> '' AND s.event_id IS NULL
    QUALIFY row_number() OVER (PARTITION BY m.subject_id ORDER BY m.time DESC, m.event_id) = 1
)
SELECT c.subject_id, f.subject_id IS NOT NULL AS fired, f.time, [f.event_id] AS event_ids, f.provider, f.marks, f.outcome
-- A refusal without its reasons shows nothing either way.
FROM (SELECT subject_id FROM checked GROUP BY subject_id HAVING bool_and(told) OR bool_or(outcome <> 'passed' AND told)) c
LEFT JOIN found f ON f.subject_id = c.subject_id
