-- Declined once, or missed several times; whoever proved it later in whatever way has answered.
WITH refusal AS (
    SELECT subject_id, time, event_id, 'declined' AS what
    FROM ticket
    WHERE category = 'verification_declined' OR (category = 'verification_request' AND lower(outcome) IN ('declined', 'refused', 'expired'))
    UNION ALL
    SELECT subject_id, valid_from, event_id, 'declined' FROM attested WHERE kind = 'address_confirmed' AND outcome = 'declined'
    UNION ALL
    SELECT subject_id, time, event_id, 'missed' FROM ticket WHERE category = 'verification_missed'
),
counted AS (
    SELECT subject_id, max(time) AS time, list(event_id ORDER BY time, event_id) AS event_ids,
           count(*) FILTER (WHERE what = 'declined') AS declined,
           count(DISTINCT CAST(time AS DATE)) FILTER (WHERE what = 'missed') AS missed
    FROM refusal
    GROUP BY subject_id
),
settled AS (
    SELECT c.subject_id
    FROM counted c
    JOIN attested a ON a.subject_id = c.subject_id
    WHERE (a.kind IN ('address_confirmed', 'in_person_meeting', 'live_video_check') AND coalesce(a.outcome, 'passed') = 'passed'
           AND a.valid_from >= c.time)
       OR (a.kind = 'accessibility' AND (a.valid_until IS NULL OR a.valid_until > c.time))
    GROUP BY c.subject_id
),
judged AS (
    SELECT c.subject_id, c.time, c.event_ids, c.declined, s.subject_id IS NULL AND (c.declined > 0 OR c.missed >= $missed) AS fired
    FROM counted c
    LEFT JOIN settled s ON s.subject_id = c.subject_id
)
SELECT coalesce(j.subject_id, v.subject_id) AS subject_id,
       coalesce(j.fired, FALSE) AS fired,
       CASE WHEN j.fired THEN j.time END AS time,
       j.event_ids,
       CASE WHEN j.declined > 0 THEN 'declined' ELSE 'missed' END AS what
FROM judged j
FULL JOIN (SELECT subject_id FROM coverage WHERE table_name = 'ticket') v ON v.subject_id = j.subject_id
WHERE j.fired OR v.subject_id IS NOT NULL
