-- Two reviewers of a round on site who both did not know the person again.
WITH onsite AS (
    SELECT DISTINCT subject_id, stage FROM hiring_event WHERE activity = 'interview' AND medium = 'onsite' AND stage IS NOT NULL
),
review AS (
    SELECT h.subject_id, h.stage, h.time, h.event_id, coalesce(list_contains(h.flags, 'different_person'), FALSE) AS marked
    FROM hiring_event h
    JOIN onsite o ON o.subject_id = h.subject_id AND o.stage = h.stage
    WHERE h.activity = 'evaluation' AND (h.flags IS NOT NULL OR EXISTS (SELECT 1 FROM hiring_event f WHERE f.flags IS NOT NULL))
),
counted AS (
    SELECT subject_id, stage, count(*) AS reviews, count(*) FILTER (WHERE marked) AS marks,
           max(time) FILTER (WHERE marked) AS time, list(event_id ORDER BY time, event_id) FILTER (WHERE marked) AS event_ids
    FROM review
    GROUP BY subject_id, stage
),
settled AS (
    SELECT c.subject_id
    FROM counted c
    JOIN attested a ON a.subject_id = c.subject_id AND a.kind IN ('in_person_meeting', 'live_video_check')
                   AND coalesce(a.outcome, 'passed') = 'passed' AND a.valid_from > c.time
    GROUP BY c.subject_id
)
SELECT c.subject_id,
       c.marks >= $reviewers AND s.subject_id IS NULL AS fired,
       CASE WHEN c.marks >= $reviewers AND s.subject_id IS NULL THEN c.time END AS time,
       c.event_ids, c.stage, c.marks, c.reviews
FROM counted c
LEFT JOIN settled s ON s.subject_id = c.subject_id
WHERE c.marks >= $reviewers OR c.marks = 0
QUALIFY row_number() OVER (PARTITION BY c.subject_id ORDER BY c.marks DESC, c.time DESC, c.stage) = 1
