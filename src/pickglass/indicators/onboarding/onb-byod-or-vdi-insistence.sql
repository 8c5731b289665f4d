-- Requests on different days around the start; one request counts if sign-ins then never come from an issued computer.
WITH fresh AS (
    SELECT subject_id, kind, department, hire_date FROM subject WHERE hire_date IS NOT NULL
),
request AS (
    SELECT t.subject_id, CAST(t.time AS DATE) AS day, min(t.time) AS time, min(t.event_id) AS event_id
    FROM ticket t
    JOIN fresh s ON s.subject_id = t.subject_id
    WHERE t.category IN ('own_device', 'virtual_desktop')
      AND epoch(t.time) - epoch(s.hire_date) BETWEEN -$lead_days * 86400 AND $after_days * 86400
    GROUP BY t.subject_id, coalesce(t.ticket_id, t.event_id), CAST(t.time AS DATE)
    QUALIFY row_number() OVER (PARTITION BY t.subject_id, coalesce(t.ticket_id, t.event_id) ORDER BY CAST(t.time AS DATE)) = 1
),
asked AS (
    SELECT subject_id, count(DISTINCT day) AS requests, max(time) AS time, list(event_id ORDER BY time, event_id) AS event_ids
    FROM request
    GROUP BY subject_id
),
-- Where many of the same department and kind ask, it is the custom of the house.
custom AS (
    SELECT f.department, f.kind
    FROM fresh f
    LEFT JOIN asked a ON a.subject_id = f.subject_id
    WHERE f.department IS NOT NULL
    GROUP BY f.department, f.kind
    HAVING count(a.subject_id) > $usual_people AND count(a.subject_id) >= $usual_share * count(*)
),
issued AS (
    SELECT DISTINCT d.subject_id
    FROM device_state d
    JOIN fresh s ON s.subject_id = d.subject_id
    WHERE coalesce(d.managed, d.corporate, TRUE)
),
worked AS (
    SELECT n.subject_id, count(DISTINCT CAST(n.time AS DATE)) AS days
    FROM signin n
    JOIN fresh s ON s.subject_id = n.subject_id
    WHERE n.outcome = 'success' AND n.time >= s.hire_date AND NOT coalesce(n.device_managed, FALSE)
    GROUP BY n.subject_id
),
judged AS (
    SELECT f.subject_id, f.hire_date, a.requests, a.time, a.event_ids, coalesce(w.days, 0) AS days, i.subject_id IS NOT NULL AS has_issued,
           (coalesce(a.requests, 0) >= $requests
            OR (coalesce(a.requests, 0) >= 1 AND i.subject_id IS NULL AND coalesce(w.days, 0) >= $days AND EXISTS (SELECT 1 FROM issued)))
           AND u.kind IS NULL
           AND NOT EXISTS (SELECT 1 FROM attested t
                           WHERE t.subject_id = f.subject_id AND t.kind IN ('approved_device', 'accessibility')
                             AND coalesce(t.outcome, 'passed') = 'passed'
                             AND (t.valid_until IS NULL OR t.valid_until > coalesce(a.time, f.hire_date))) AS fired
    FROM fresh f
    LEFT JOIN asked a ON a.subject_id = f.subject_id
    LEFT JOIN issued i ON i.subject_id = f.subject_id
    LEFT JOIN worked w ON w.subject_id = f.subject_id
    LEFT JOIN custom u ON u.department = f.department AND u.kind = f.kind
)
SELECT j.subject_id, j.fired, CASE WHEN j.fired THEN j.time END AS time, j.event_ids, j.requests, j.days, CAST(j.hire_date AS DATE) AS hire_date
FROM judged j
JOIN coverage v ON v.subject_id = j.subject_id AND v.table_name = 'ticket'
WHERE j.fired OR coalesce(j.requests, 0) = 0 OR j.requests >= $requests OR j.has_issued
   OR EXISTS (SELECT 1 FROM attested t WHERE t.subject_id = j.subject_id AND t.kind IN ('approved_device', 'accessibility'))
