-- People whom an agency supplies: does the company hold any evidence of its own of who they are?
WITH proved AS (
    SELECT subject_id, min(time) AS time, arg_min(event_id, time) AS event_id
    FROM (
        SELECT subject_id, time, event_id FROM hiring_event WHERE activity = 'identity_check' AND outcome = 'passed'
        UNION ALL
        SELECT subject_id, valid_from, event_id
        FROM attested WHERE kind IN ('live_video_check', 'in_person_meeting') AND coalesce(outcome, 'passed') = 'passed'
    )
    GROUP BY subject_id
),
supplied AS (
    SELECT s.subject_id, s.agency, s.hire_date, min(w.event_id) AS event_id
    FROM subject s
    JOIN worker w ON w.subject_id = s.subject_id AND w.agency <> ''
    WHERE s.agency <> '' AND s.hire_date IS NOT NULL
    GROUP BY s.subject_id, s.agency, s.hire_date
),
-- Without evidence about people who were hired directly, the company keeps none here, and its absence means nothing.
kept AS (
    SELECT count(*) AS people
    FROM proved p
    WHERE p.subject_id NOT IN (SELECT subject_id FROM supplied)
)
SELECT s.subject_id,
       p.subject_id IS NULL AS fired,
       CASE WHEN p.subject_id IS NULL THEN s.hire_date END AS time,
       CASE WHEN p.subject_id IS NULL THEN [s.event_id] ELSE [p.event_id] END AS event_ids,
       s.agency, CAST(s.hire_date AS DATE) AS hire_date, k.people
FROM supplied s
CROSS JOIN kept k
LEFT JOIN proved p ON p.subject_id = s.subject_id
WHERE k.people >= $people
  AND (p.subject_id IS NOT NULL OR epoch(CAST($as_of AS TIMESTAMPTZ)) - epoch(s.hire_date) > $grace_days * 86400)
