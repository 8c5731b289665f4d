-- One round counts once, however many interviewers wrote about it.
WITH said AS (
    SELECT subject_id, coalesce(stage, CAST(CAST(time AS DATE) AS VARCHAR)) AS round, time, event_id,
           (camera_state = 'off' AND coalesce(camera_required, FALSE)) OR coalesce(list_contains(flags, 'camera_refused'), FALSE) AS refused
    FROM hiring_event
    WHERE (activity = 'interview' AND camera_state IS NOT NULL AND coalesce(medium, 'video') <> 'phone')
       OR (activity = 'evaluation' AND list_contains(flags, 'camera_refused'))
),
round AS (
    SELECT subject_id, round, max(time) AS time, bool_or(refused) AS refused, min(event_id) FILTER (WHERE refused) AS event_id
    FROM said
    GROUP BY subject_id, round
),
counted AS (
    SELECT subject_id, count(*) AS seen, count(*) FILTER (WHERE refused) AS rounds, max(time) FILTER (WHERE refused) AS time,
           list(event_id ORDER BY time) FILTER (WHERE refused) AS event_ids
    FROM round
    GROUP BY subject_id
),
agreed AS (
    SELECT DISTINCT subject_id FROM attested WHERE kind = 'accessibility'
)
SELECT c.subject_id,
       c.rounds >= $rounds AND a.subject_id IS NULL AS fired,
       c.time, c.event_ids, c.rounds, c.seen
FROM counted c
LEFT JOIN agreed a ON a.subject_id = c.subject_id
