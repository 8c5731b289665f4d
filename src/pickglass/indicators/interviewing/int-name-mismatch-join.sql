-- The reviewer's own mark, or a name of two words or more in the meeting with no word like any word of the names on file.
WITH joined AS (
    SELECT m.subject_id, m.time, m.event_id, m.participant, w.token, w.is_name
    FROM meeting m
    JOIN written_word w ON w.event_id = m.event_id AND w.subject_id = m.subject_id AND w.field = 'participant'
    WHERE m.purpose = 'interview' AND m.participant <> ''
),
-- One word alone may be a nickname, and a device's or a room's name is no name.
shown AS (
    SELECT subject_id, time, event_id, participant
    FROM joined
    WHERE is_name
    GROUP BY subject_id, time, event_id, participant
    HAVING count(*) >= 2 AND count(*) FILTER (WHERE list_contains($no_names, token)) = 0
),
alike AS (
    SELECT DISTINCT x.subject_id, x.event_id
    FROM joined x
    JOIN name_word y ON y.subject_id = x.subject_id
    WHERE x.token = y.token
       OR (length(x.token) >= 3 AND left(y.token, length(x.token)) = x.token)
       OR (length(y.token) >= 3 AND left(x.token, length(y.token)) = y.token)
       OR (length(x.token) >= 5 AND length(y.token) >= 5 AND levenshtein(x.token, y.token) <= 1)
),
answer AS (
    SELECT s.subject_id, s.time, s.event_id, s.participant AS shown, 'meeting report' AS how,
           a.event_id IS NULL AS fired
    FROM shown s
    LEFT JOIN alike a ON a.subject_id = s.subject_id AND a.event_id = s.event_id
    WHERE EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = s.subject_id)
    UNION ALL
    SELECT subject_id, time, event_id, 'another name', 'reviewer of ' || coalesce(stage, 'the interview'), list_contains(flags, 'name_mismatch')
    FROM hiring_event
    WHERE activity = 'evaluation' AND flags IS NOT NULL
    UNION ALL
    -- An evaluation without marks is proof only where reviewers use marks at all.
    SELECT subject_id, time, event_id, NULL, NULL, FALSE
    FROM hiring_event
    WHERE activity = 'evaluation' AND flags IS NULL AND EXISTS (SELECT 1 FROM hiring_event f WHERE f.flags IS NOT NULL)
)
SELECT a.subject_id, a.fired, a.time, [a.event_id] AS event_ids, a.shown, s.name, a.how
FROM answer a
JOIN subject s ON s.subject_id = a.subject_id
QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY a.fired DESC, a.time, a.event_id) = 1
