-- People's own findings, never a comparison by machine; a later one to the contrary by somebody else settles it.
WITH finding AS (
    SELECT subject_id, valid_from AS time, event_id, author, coalesce(outcome, 'passed') <> 'failed' AS same,
           CASE WHEN kind = 'live_video_check' THEN 'live video check' ELSE 'in-person meeting' END AS how
    FROM attested
    WHERE kind IN ('live_video_check', 'in_person_meeting') AND coalesce(outcome, 'passed') IN ('passed', 'failed')
    UNION ALL
    SELECT subject_id, time, event_id, 'interviewer', FALSE, 'evaluation of ' || coalesce(stage, 'an interview')
    FROM hiring_event
    WHERE list_contains(flags, 'different_person')
),
unsettled AS (
    SELECT f.subject_id, f.time, f.event_id, f.how
    FROM finding f
    WHERE NOT f.same
      AND NOT EXISTS (SELECT 1 FROM finding l
                      WHERE l.subject_id = f.subject_id AND l.same AND l.time > f.time AND l.author <> f.author)
    QUALIFY row_number() OVER (PARTITION BY f.subject_id ORDER BY f.time DESC, f.event_id) = 1
)
SELECT a.subject_id,
       u.subject_id IS NOT NULL AS fired,
       u.time,
       [u.event_id] AS event_ids,
       u.how
FROM (SELECT DISTINCT subject_id FROM finding) a
LEFT JOIN unsettled u ON u.subject_id = a.subject_id
