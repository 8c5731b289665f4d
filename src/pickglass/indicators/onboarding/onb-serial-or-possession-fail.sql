-- The person was asked to show the issued computer and its label in a live call; the latest finding of others decides.
WITH shown AS (
    SELECT subject_id, valid_from AS time, event_id, author, coalesce(outcome, 'passed') AS outcome
    FROM attested
    WHERE kind = 'device_shown' AND coalesce(outcome, 'passed') IN ('passed', 'failed', 'declined')
),
delivered AS (
    SELECT subject_id, min(time) AS time
    FROM (
        SELECT subject_id, time FROM shipment_event WHERE activity IN ('delivered', 'signed')
        UNION ALL
        SELECT subject_id, time FROM device_state WHERE coalesce(managed, corporate, TRUE) AND activity IN ('enrolled', 'checkin')
    )
    GROUP BY subject_id
),
-- Nobody can show what has not arrived.
failed AS (
    SELECT f.subject_id, count(DISTINCT CAST(f.time AS DATE)) AS times, max(f.time) AS time, list(f.event_id ORDER BY f.time, f.event_id) AS event_ids
    FROM shown f
    JOIN delivered d ON d.subject_id = f.subject_id AND d.time < f.time
    WHERE f.outcome <> 'passed'
    GROUP BY f.subject_id
),
passed AS (
    SELECT subject_id, max(time) AS time FROM shown WHERE outcome = 'passed' GROUP BY subject_id
)
SELECT a.subject_id,
       coalesce(f.times, 0) >= $times AND (p.time IS NULL OR p.time < f.time) AS fired,
       CASE WHEN f.times >= $times AND (p.time IS NULL OR p.time < f.time) THEN f.time END AS time,
       f.event_ids, f.times, CAST(d.time AS DATE) AS arrived
FROM (SELECT DISTINCT subject_id FROM shown) a
LEFT JOIN failed f ON f.subject_id = a.subject_id
LEFT JOIN passed p ON p.subject_id = a.subject_id
LEFT JOIN delivered d ON d.subject_id = a.subject_id
WHERE f.times >= $times OR p.time IS NOT NULL
