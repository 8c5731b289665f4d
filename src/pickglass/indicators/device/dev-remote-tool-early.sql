-- Which unsanctioned remote-control tool or tunnel came first, and was it within the first days?
WITH ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id, name ORDER BY time, event_id) AS rank FROM remote_tool_use
),
used AS (
    SELECT subject_id, name, min(tool) AS tool, min(time) AS first_time, min(device) FILTER (WHERE rank = 1) AS device,
           list(event_id) FILTER (WHERE rank <= 3) AS event_ids
    FROM ranked
    GROUP BY subject_id, name
),
usual AS (
    SELECT name
    FROM used
    GROUP BY name
    HAVING count(*) > $usual_people
       AND count(*) >= $usual_share * (SELECT count(DISTINCT subject_id) FROM coverage WHERE table_name = 'process')
),
enrolment AS (
    SELECT subject_id, min(time) AS enrolled_time FROM device_state WHERE activity = 'enrolled' GROUP BY subject_id
),
start AS (
    SELECT s.subject_id, s.department,
           CASE WHEN s.hire_date IS NULL THEN e.enrolled_time
                WHEN s.device_time BETWEEN s.hire_date AND s.hire_date + INTERVAL 60 DAY THEN s.device_time
                ELSE s.hire_date END AS start_time
    FROM subject s
    LEFT JOIN enrolment e ON e.subject_id = s.subject_id
),
colleague AS (
    SELECT u.subject_id, u.name, count(*) AS colleagues
    FROM used u
    JOIN start s ON s.subject_id = u.subject_id
    JOIN used o ON o.name = u.name AND o.subject_id <> u.subject_id
    JOIN subject c ON c.subject_id = o.subject_id AND c.department = s.department
    WHERE u.name NOT IN (SELECT name FROM usual) AND epoch(c.hire_date) < epoch(s.start_time) - 365 * 86400
    GROUP BY u.subject_id, u.name
),
early AS (
    SELECT u.subject_id, u.first_time, u.device, u.event_ids, u.tool, s.start_time
    FROM used u
    JOIN start s ON s.subject_id = u.subject_id
    LEFT JOIN colleague k ON k.subject_id = u.subject_id AND k.name = u.name
    WHERE u.name NOT IN (SELECT name FROM usual)
      AND epoch(u.first_time) - epoch(s.start_time) BETWEEN -30 * 86400 AND $window_days * 86400
      AND coalesce(k.colleagues, 0) < $usual_colleagues
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = u.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) IN (u.name, lower(u.tool))
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(u.first_time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > u.first_time))
    QUALIFY row_number() OVER (PARTITION BY u.subject_id ORDER BY u.first_time, u.name) = 1
)
SELECT s.subject_id,
       e.subject_id IS NOT NULL AS fired,
       e.first_time AS time,
       e.event_ids,
       e.tool, e.device, e.first_time,
       CAST(greatest(1, 1 + floor((epoch(e.first_time) - epoch(s.start_time)) / 86400)) AS BIGINT) AS day,
       CAST(s.start_time AS DATE) AS start
FROM start s
LEFT JOIN early e ON e.subject_id = s.subject_id
LEFT JOIN coverage c ON c.subject_id = s.subject_id AND c.table_name = 'process'
WHERE e.subject_id IS NOT NULL
   OR (c.days >= $observed_days AND epoch(c.first_time) <= epoch(s.start_time) + $window_days * 86400)
