-- Counts against the suspicion: a check by somebody else, in force, that no later one contradicts.
WITH made AS (
    SELECT a.subject_id, a.valid_from, a.valid_until, a.author, a.event_id, coalesce(a.outcome, 'passed') AS outcome
    FROM attested a
    WHERE a.kind = 'in_person_meeting'
),
own AS (
    SELECT subject_id, lower(unnest(accounts)) AS account FROM subject
    UNION
    SELECT subject_id, lower(work_mail) FROM subject
),
good AS (
    SELECT m.subject_id, m.valid_from, m.valid_until, m.author, m.event_id
    FROM made m
    WHERE m.outcome = 'passed'
      AND coalesce(m.valid_until, m.valid_from + INTERVAL 1 DAY * $valid_days) > CAST($as_of AS TIMESTAMPTZ)
      AND NOT EXISTS (SELECT 1 FROM made f WHERE f.subject_id = m.subject_id AND f.outcome = 'failed' AND f.valid_from >= m.valid_from)
      AND NOT EXISTS (SELECT 1 FROM own o WHERE o.subject_id = m.subject_id AND o.account = lower(m.author))
    QUALIFY row_number() OVER (PARTITION BY m.subject_id ORDER BY m.valid_from DESC, m.event_id) = 1
)
SELECT a.subject_id,
       g.subject_id IS NOT NULL AS fired,
       g.valid_from AS time,
       [g.event_id] AS event_ids,
       g.author,
       CAST(coalesce(g.valid_until, g.valid_from + INTERVAL 1 DAY * $valid_days) AS DATE) AS until
FROM (SELECT DISTINCT subject_id FROM made) a
LEFT JOIN good g ON g.subject_id = a.subject_id
