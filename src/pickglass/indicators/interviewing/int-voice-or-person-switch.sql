-- Reviewers of different rounds who both met somebody else than before; people's own marks, no comparison of voices or faces.
WITH review AS (
    SELECT subject_id, time, event_id, coalesce(stage, 'an interview') AS stage, coalesce(list_contains(flags, 'different_person'), FALSE) AS marked
    FROM hiring_event
    WHERE activity = 'evaluation' AND (flags IS NOT NULL OR EXISTS (SELECT 1 FROM hiring_event f WHERE f.flags IS NOT NULL))
),
met AS (
    SELECT subject_id, valid_from AS time
    FROM attested
    WHERE kind IN ('live_video_check', 'in_person_meeting') AND coalesce(outcome, 'passed') = 'passed'
),
marked AS (
    SELECT r.*
    FROM review r
    WHERE r.marked AND NOT EXISTS (SELECT 1 FROM met m WHERE m.subject_id = r.subject_id AND m.time > r.time)
),
counted AS (
    SELECT subject_id, count(DISTINCT event_id) AS reviews, count(DISTINCT stage) AS rounds, list_sort(list(DISTINCT stage)) AS stages,
           max(time) AS time, list(event_id ORDER BY time, event_id) AS event_ids
    FROM marked
    GROUP BY subject_id
)
SELECT r.subject_id,
       coalesce(c.rounds, 0) >= $rounds AS fired,
       CASE WHEN c.rounds >= $rounds THEN c.time END AS time,
       c.event_ids, c.reviews, c.stages
FROM (SELECT subject_id, count(*) FILTER (WHERE marked) AS marks FROM review GROUP BY subject_id) r
LEFT JOIN counted c ON c.subject_id = r.subject_id
-- One mark is id-continuity-break's to tell, and here no answer.
WHERE coalesce(c.rounds, 0) >= $rounds OR r.marks = 0 OR c.subject_id IS NULL
