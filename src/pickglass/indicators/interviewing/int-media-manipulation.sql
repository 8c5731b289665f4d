-- The provider's marks that the live picture was repeated, changed faces or was a picture of a picture, and a person's own
-- finding or a microphone made by a program in an interview beside it; or such marks on two days.
WITH checked AS (
    SELECT subject_id, time, event_id, coalesce(provider, 'The provider') AS provider, outcome,
           outcome = 'failed' AND regexp_matches(lower(coalesce(outcome_detail, '')), '\bselfie_(pose_repeat|multiple_faces|suspicious_entity)_detection\b') AS marked
    FROM hiring_event
    WHERE activity = 'identity_check' AND liveness IS NOT NULL AND (outcome = 'passed' OR outcome_detail <> '')
),
finding AS (
    SELECT subject_id, valid_from AS time, event_id, 'a colleague''s live check failed' AS what
    FROM attested
    WHERE kind = 'live_video_check' AND outcome = 'failed'
    UNION ALL
    SELECT subject_id, time, event_id, 'a reviewer met another person than before'
    FROM hiring_event
    WHERE activity = 'evaluation' AND list_contains(flags, 'different_person')
    UNION ALL
    -- A virtual cable or a changed voice alone says nothing: musicians and broadcasters have them.
    SELECT m.subject_id, m.time, m.event_id, 'an interview was joined with the microphone «' || m.microphone_name || '»'
    FROM meeting m
    JOIN (SELECT DISTINCT s.microphone_name
          FROM (SELECT DISTINCT microphone_name FROM meeting WHERE microphone_name <> '') s
          JOIN reference_virtual_microphone r ON contains(lower(s.microphone_name), r.name)) v ON v.microphone_name = m.microphone_name
    WHERE m.purpose = 'interview'
),
marks AS (
    SELECT subject_id, count(DISTINCT CAST(time AS DATE)) AS days, count(*) AS times, max(time) AS time, min(provider) AS provider,
           list(event_id ORDER BY time, event_id) AS event_ids
    FROM checked
    WHERE marked
    GROUP BY subject_id
),
beside AS (
    SELECT m.subject_id, f.what, f.time, f.event_id
    FROM marks m
    JOIN finding f ON f.subject_id = m.subject_id AND abs(epoch(f.time) - epoch(m.time)) <= $window_days * 86400
    QUALIFY row_number() OVER (PARTITION BY m.subject_id ORDER BY f.time, f.event_id) = 1
),
settled AS (
    SELECT m.subject_id
    FROM marks m
    LEFT JOIN beside b ON b.subject_id = m.subject_id
    JOIN attested a ON a.subject_id = m.subject_id
    WHERE (a.kind IN ('live_video_check', 'in_person_meeting') AND coalesce(a.outcome, 'passed') = 'passed'
           AND a.valid_from >= greatest(m.time, coalesce(b.time, m.time)))
       OR (a.kind = 'accessibility' AND (a.valid_until IS NULL OR a.valid_until > m.time))
    GROUP BY m.subject_id
),
judged AS (
    SELECT c.subject_id, m.times, m.provider, m.time AS marked_time, m.event_ids, b.what, b.time AS found_time, b.event_id, s.subject_id IS NOT NULL AS settled,
           (coalesce(m.days, 0) >= $days OR b.subject_id IS NOT NULL) AND s.subject_id IS NULL AS fired
    FROM (SELECT DISTINCT subject_id FROM checked) c
    LEFT JOIN marks m ON m.subject_id = c.subject_id
    LEFT JOIN beside b ON b.subject_id = c.subject_id
    LEFT JOIN settled s ON s.subject_id = c.subject_id
)
SELECT subject_id, fired, CASE WHEN fired THEN greatest(marked_time, coalesce(found_time, marked_time)) END AS time,
       CASE WHEN event_id IS NULL THEN event_ids ELSE list_concat(event_ids, [event_id]) END AS event_ids,
       provider, times, coalesce(what, 'no person has looked yet') AS what
FROM judged
-- A machine's mark that no person has looked at is no answer.
WHERE fired OR times IS NULL OR settled
