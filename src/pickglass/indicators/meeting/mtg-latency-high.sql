-- Video latency day after day far above the published threshold and above what colleagues have.
WITH daily AS (
    SELECT subject_id, CAST(time AS DATE) AS day, max(time) AS time, median(latency_ms) AS latency_ms,
           arg_max(event_id, latency_ms) AS event_id
    FROM meeting
    WHERE latency_ms IS NOT NULL AND coalesce(purpose, 'meeting') <> 'interview'
      AND epoch(CAST($as_of AS TIMESTAMPTZ)) - epoch(time) <= $window_days * 86400
    GROUP BY subject_id, CAST(time AS DATE)
),
person AS (
    SELECT subject_id, count(*) AS days, count(*) FILTER (WHERE latency_ms > $latency_ms) AS slow_days,
           median(latency_ms) AS latency_ms, max(time) FILTER (WHERE latency_ms > $latency_ms) AS time,
           list(event_id) FILTER (WHERE latency_ms > $latency_ms) AS event_ids
    FROM daily
    GROUP BY subject_id
),
everybody AS (
    SELECT median(latency_ms) AS latency_ms, count(*) AS people FROM person WHERE days >= $min_days
)
SELECT p.subject_id,
       p.slow_days >= $min_days AND p.latency_ms > $latency_ms AND e.latency_ms < $usual_ms AS fired,
       CASE WHEN p.slow_days >= $min_days AND p.latency_ms > $latency_ms AND e.latency_ms < $usual_ms THEN p.time END AS time,
       p.event_ids,
       p.slow_days, p.days, CAST(round(p.latency_ms) AS BIGINT) AS latency, CAST(round(e.latency_ms) AS BIGINT) AS usual,
       $latency_ms AS threshold
FROM person p
CROSS JOIN everybody e
JOIN coverage c ON c.subject_id = p.subject_id AND c.table_name = 'meeting'
WHERE p.days >= $min_days AND e.people >= $usual_people
