-- The busiest day of taking data around a notice, a verification request or the end, against the person's own active
-- days before; a newcomer is held against others in the same role; where there is neither, a fixed count stands in.
WITH departure AS (
    SELECT subject_id, min(time) AS time, max(time) AS last_time
    FROM (
        SELECT subject_id, termination_date AS time FROM subject WHERE termination_date <= $as_of
        UNION ALL
        SELECT subject_id, time
        FROM hr_change
        WHERE field IN ('performance_notice', 'termination_date') OR (field = 'status' AND new_value = 'terminated')
        UNION ALL
        SELECT subject_id, time FROM ticket WHERE category IN ('performance_notice', 'verification_request')
    )
    GROUP BY subject_id
),
daily AS (
    SELECT d.subject_id, s.role, CAST(d.time AS DATE) AS day, count(*) AS items, max(d.time) AS last_time
    FROM data_access d
    JOIN subject s ON s.subject_id = d.subject_id
    WHERE d.activity IN ('download', 'clone', 'fetch', 'export')
    GROUP BY d.subject_id, s.role, CAST(d.time AS DATE)
),
around AS (
    SELECT y.*, n.time AS notice
    FROM daily y
    JOIN departure n ON n.subject_id = y.subject_id
    WHERE epoch(y.last_time) >= epoch(n.time) - $days_before * 86400
      AND epoch(y.last_time) <= epoch(n.last_time) + $days_after * 86400
),
peak AS (
    SELECT *
    FROM around
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY items DESC, day) = 1
),
own AS (
    SELECT p.subject_id, median(y.items) AS usual
    FROM peak p
    JOIN daily y ON y.subject_id = p.subject_id
                AND epoch(y.last_time) < epoch(p.notice) - $days_before * 86400
                AND epoch(y.last_time) >= epoch(p.notice) - ($days_before + $history_days) * 86400
    GROUP BY p.subject_id
    HAVING count(*) >= $min_days
),
cohort AS (
    SELECT p.subject_id, median(y.items) AS usual
    FROM peak p
    JOIN daily y ON y.role = p.role AND y.subject_id <> p.subject_id
                AND abs(epoch(y.last_time) - epoch(p.notice)) <= $history_days * 86400
    GROUP BY p.subject_id
    HAVING count(*) >= $min_cohort_days AND count(DISTINCT y.subject_id) >= $min_cohort
),
judged AS (
    SELECT p.*, coalesce(o.usual, c.usual) AS usual,
           CASE WHEN coalesce(o.usual, c.usual) IS NULL THEN p.items > $count
                ELSE p.items >= $least AND p.items > $factor * coalesce(o.usual, c.usual) END AS fired,
           CASE WHEN o.usual IS NOT NULL THEN 'the person''s own' WHEN c.usual IS NOT NULL THEN 'the role''s' ELSE 'the' END AS whose
    FROM peak p
    LEFT JOIN own o ON o.subject_id = p.subject_id
    LEFT JOIN cohort c ON c.subject_id = p.subject_id
),
evidence AS (
    SELECT subject_id, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (
        SELECT d.subject_id, d.event_id, d.time,
               row_number() OVER (PARTITION BY d.subject_id ORDER BY d.time, d.event_id) AS place
        FROM data_access d
        JOIN judged j ON j.subject_id = d.subject_id AND j.day = CAST(d.time AS DATE)
        WHERE j.fired AND d.activity IN ('download', 'clone', 'fetch', 'export')
    )
    WHERE place <= 50
    GROUP BY subject_id
)
-- Without anything usual to compare with, a quiet time around the notice clears nobody.
SELECT j.subject_id, j.fired, CASE WHEN j.fired THEN j.last_time END AS time, e.event_ids, j.items, j.day,
       CAST(j.notice AS DATE) AS notice, j.whose, j.usual
FROM judged j
LEFT JOIN evidence e ON e.subject_id = j.subject_id
WHERE j.fired OR j.usual IS NOT NULL
