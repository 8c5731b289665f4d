-- Only sign-ins that the vendor itself calls unmanaged; phones and personnel portals are left out.
WITH log_start AS (
    SELECT min(time) AS first_device_row FROM device_state
),
sign_start AS (
    SELECT min(time) AS first_signin_row FROM signin
),
-- An enrolment has its own date; a check-in is the first one only if the records reach further back than the hire.
device AS (
    SELECT d.subject_id, s.hire_date, min(d.time) AS device_time, arg_min(d.event_id, d.time) AS device_event
    FROM device_state d
    JOIN subject s ON s.subject_id = d.subject_id
    CROSS JOIN log_start l
    WHERE coalesce(d.managed, d.corporate, TRUE) AND (d.activity = 'enrolled' OR l.first_device_row < s.hire_date)
    GROUP BY d.subject_id, s.hire_date
    HAVING epoch(min(d.time)) - epoch(s.hire_date) BETWEEN -$lead_days * 86400 AND $after_days * 86400
),
early AS (
    SELECT n.subject_id, n.time, n.event_id, coalesce(n.app, 'an application') AS app, coalesce(n.os_name, 'system not stated') AS os
    FROM signin n
    JOIN device d ON d.subject_id = n.subject_id AND n.time < d.device_time
                 AND epoch(n.time) - epoch(d.hire_date) >= -$lead_days * 86400
    WHERE n.outcome = 'success' AND n.activity IN ('signin', 'session', 'app') AND n.device_managed = FALSE
      AND NOT regexp_matches(coalesce(n.os_name, ''), '(?i)(ios|android|ipad|iphone)')
      AND NOT regexp_matches(coalesce(n.app, ''), '(?i)' || $personnel_apps)
),
counted AS (
    SELECT subject_id, count(*) AS signins, count(DISTINCT CAST(time AS DATE)) AS days, min(time) AS time,
           arg_min(app, time) AS app, arg_min(os, time) AS os
    FROM early
    GROUP BY subject_id
),
shown AS (
    SELECT subject_id, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (SELECT * FROM early QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) <= 10)
    GROUP BY subject_id
),
-- Where this is how most newcomers start, it is the company's own way.
custom AS (
    SELECT count(c.subject_id) > $usual_people AND count(c.subject_id) >= $usual_share * count(*) AS usual
    FROM device d
    LEFT JOIN counted c ON c.subject_id = d.subject_id
)
SELECT d.subject_id,
       coalesce(c.days, 0) >= $days AND NOT u.usual
           AND NOT EXISTS (SELECT 1 FROM attested a
                           WHERE a.subject_id = d.subject_id AND a.kind = 'approved_device' AND coalesce(a.outcome, 'passed') = 'passed') AS fired,
       c.time, list_concat(e.event_ids, [d.device_event]) AS event_ids, d.device_time, c.signins, c.days, c.app, c.os
FROM device d
CROSS JOIN custom u
CROSS JOIN sign_start g
JOIN coverage v ON v.subject_id = d.subject_id AND v.table_name = 'signin'
LEFT JOIN counted c ON c.subject_id = d.subject_id
LEFT JOIN shown e ON e.subject_id = d.subject_id
WHERE c.days >= $days OR g.first_signin_row < d.device_time
