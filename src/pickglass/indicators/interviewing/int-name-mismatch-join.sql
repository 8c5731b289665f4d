-- The reviewer's own mark, or a name of two words or more in the meeting with no word like any word of the names on file.
WITH -- Words of all names on file: accents and punctuation do not matter, nor do particles and single letters. Names that
-- are not in Latin letters cannot be compared and count for nothing.
person AS (
    SELECT subject_id, name FROM hiring_event WHERE name IS NOT NULL
    UNION
    SELECT subject_id, name FROM worker WHERE name IS NOT NULL
    UNION
    SELECT subject_id, preferred_name FROM worker WHERE preferred_name IS NOT NULL
),
name_token AS (
    SELECT DISTINCT subject_id, token
    FROM (SELECT subject_id, unnest(string_split(
                     trim(regexp_replace(replace(replace(replace(regexp_replace(translate(replace(lower(name), 'ß', 'ss'), 'àáâãäåāăąçćčďđèéêëēėęěğìíîïīıłñńňòóôõöøōőŕřśşšșťțùúûüūůűýÿźżž''’`', 'aaaaaaaaacccddeeeeeeeegiiiiiilnnnoooooooorrssssttuuuuuuuyyzzz'), '\p{M}+', '', 'g'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'), '[^\p{L}]+', ' ', 'g')), ' ')) AS token
          FROM person)
    WHERE regexp_matches(token, '^[a-z][a-z]+$') AND token NOT IN ('de', 'da', 'di', 'do', 'dos', 'das', 'del', 'la', 'le', 'van', 'von', 'der', 'den', 'al', 'el', 'bin', 'ibn', 'mr', 'mrs', 'ms', 'dr', 'jr', 'sr', 'ii', 'iii')
),
joined AS (
    SELECT subject_id, time, event_id, participant,
           unnest(string_split(trim(regexp_replace(replace(replace(replace(regexp_replace(translate(replace(lower(participant), 'ß', 'ss'), 'àáâãäåāăąçćčďđèéêëēėęěğìíîïīıłñńňòóôõöøōőŕřśşšșťțùúûüūůűýÿźżž''’`', 'aaaaaaaaacccddeeeeeeeegiiiiiilnnnoooooooorrssssttuuuuuuuyyzzz'), '\p{M}+', '', 'g'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'), '[^\p{L}]+', ' ', 'g')), ' ')) AS token
    FROM meeting
    WHERE purpose = 'interview' AND participant <> ''
),
-- One word alone may be a nickname, and a device's or a room's name is no name.
shown AS (
    SELECT subject_id, time, event_id, participant
    FROM joined
    WHERE regexp_matches(token, '^[a-z][a-z]+$') AND token NOT IN ('de', 'da', 'di', 'do', 'dos', 'das', 'del', 'la', 'le', 'van', 'von', 'der', 'den', 'al', 'el', 'bin', 'ibn', 'mr', 'mrs', 'ms', 'dr', 'jr', 'sr', 'ii', 'iii')
    GROUP BY subject_id, time, event_id, participant
    HAVING count(*) >= 2 AND count(*) FILTER (WHERE list_contains($no_names, token)) = 0
),
alike AS (
    SELECT DISTINCT x.subject_id, x.event_id
    FROM joined x
    JOIN name_token y ON y.subject_id = x.subject_id
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
    WHERE EXISTS (SELECT 1 FROM name_token n WHERE n.subject_id = s.subject_id)
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
