-- Active hours by the sun's clock over the claimed place: fifteen degrees are an hour. No time zone but the claimed one is looked at.
WITH act AS (
    SELECT subject_id, time, event_id FROM signin WHERE outcome = 'success' AND coalesce(interactive, true)
    UNION ALL
    SELECT subject_id, time, event_id FROM data_access WHERE activity IN ('push', 'edit', 'create')
),
last_act AS (
    SELECT subject_id, max(time) AS last_time FROM act GROUP BY subject_id
),
placed AS (
    SELECT a.subject_id, a.time, a.event_id, CAST(a.time AS DATE) AS day, floor(epoch(a.time) / 3600) AS slot,
           epoch(a.time) / 3600 + s.claimed_longitude / 15 AS sun_hours
    FROM act a
    JOIN last_act l ON l.subject_id = a.subject_id AND epoch(l.last_time) - epoch(a.time) <= $window_days * 86400
    JOIN subject s ON s.subject_id = a.subject_id
    WHERE s.claimed_longitude IS NOT NULL AND epoch(a.time) >= epoch(s.hire_date)
      AND NOT EXISTS (
          SELECT 1 FROM attested t
          WHERE t.subject_id = a.subject_id AND t.kind IN ('approved_travel', 'approved_hours', 'accessibility')
            AND coalesce(t.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(t.valid_from) <= epoch(a.time) + $approval_lag_days * 86400
            AND (t.valid_until IS NULL OR t.valid_until > a.time))
),
-- One entry per active hour: a noisy application would outvote the day.
active AS (
    SELECT subject_id, day, slot, min(time) AS time, min(event_id) AS event_id,
           min(sun_hours - 24 * floor(sun_hours / 24)) AS sun_hour
    FROM placed
    GROUP BY subject_id, day, slot
),
counted AS (
    SELECT subject_id, count(*) AS hours, count(DISTINCT day) AS days, max(time) AS time,
           count(*) FILTER (WHERE sun_hour < 6) AS night, count(*) FILTER (WHERE sun_hour >= 9 AND sun_hour < 17) AS noon
    FROM active
    GROUP BY subject_id
    HAVING count(*) >= $min_hours AND count(DISTINCT day) >= $min_days
),
nightly AS (
    SELECT c.*, s.department, c.night >= $night_share * c.hours AND c.noon <= $day_share * c.hours AS night_only
    FROM counted c
    JOIN subject s ON s.subject_id = c.subject_id
),
-- A department in which several work at night has such hours.
usual AS (
    SELECT department FROM nightly WHERE night_only AND department IS NOT NULL GROUP BY department HAVING count(*) >= $usual_people
),
evidence AS (
    SELECT subject_id, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) AS rank FROM active WHERE sun_hour < 6)
    WHERE rank <= 20
    GROUP BY subject_id
)
SELECT n.subject_id, n.night_only AS fired, CASE WHEN n.night_only THEN n.time END AS time,
       CASE WHEN n.night_only THEN e.event_ids END AS event_ids,
       n.days, CAST(round(100 * n.night / nullif(n.hours, 0)) AS BIGINT) AS night_percent,
       CAST(round(100 * n.noon / nullif(n.hours, 0)) AS BIGINT) AS day_percent,
       concat_ws(', ', s.work_city, s.work_region, s.work_country) AS place, $window_days AS window_days
FROM nightly n
JOIN subject s ON s.subject_id = n.subject_id
LEFT JOIN evidence e ON e.subject_id = n.subject_id
LEFT JOIN usual u ON u.department = n.department
WHERE u.department IS NULL
