-- A termination date is a calendar day: it counts as over when it is over everywhere.
WITH ended AS (
    SELECT s.subject_id, coalesce(s.termination_date, h.time) + INTERVAL 36 HOUR AS time,
           coalesce(s.termination_date, h.time) AS ended_on
    FROM subject s
    LEFT JOIN (
        SELECT subject_id, min(time) AS time
        FROM hr_change WHERE field = 'status' AND new_value = 'terminated' GROUP BY subject_id
    ) h ON h.subject_id = s.subject_id
    WHERE coalesce(s.termination_date, h.time) <= $as_of
      AND (s.hire_date IS NULL OR s.hire_date <= coalesce(s.termination_date, h.time))
),
act AS (
    SELECT subject_id, time, event_id, coalesce(app, activity) AS what
    FROM signin
    WHERE outcome = 'success' AND activity IN ('signin', 'session', 'token', 'app', 'mfa', 'enrol_factor', 'reset_factor')
    UNION ALL
    SELECT subject_id, time, event_id, service FROM data_access
),
used AS (
    SELECT a.subject_id, count(*) AS times, min(a.time) AS time, max(a.time) AS last, list(DISTINCT a.what) AS services
    FROM act a
    JOIN ended e ON e.subject_id = a.subject_id AND epoch(a.time) > epoch(e.time) + $grace_hours * 3600
    GROUP BY a.subject_id
),
evidence AS (
    SELECT subject_id, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (
        SELECT a.subject_id, a.event_id, a.time, row_number() OVER (PARTITION BY a.subject_id ORDER BY a.time, a.event_id) AS place
        FROM act a
        JOIN ended e ON e.subject_id = a.subject_id AND epoch(a.time) > epoch(e.time) + $grace_hours * 3600
    )
    WHERE place <= 50
    GROUP BY subject_id
),
-- Clear when both kinds of record had the person before and still arrive from others days after the end.
feed AS (
    SELECT (SELECT max(time) FROM signin) AS signin_until, (SELECT max(time) FROM data_access) AS data_until
),
seen AS (
    SELECT e.subject_id
    FROM ended e
    JOIN coverage c ON c.subject_id = e.subject_id AND c.table_name IN ('signin', 'data_access')
    CROSS JOIN feed f
    WHERE epoch(f.signin_until) > epoch(e.time) + ($grace_hours + $watch_hours) * 3600
      AND epoch(f.data_until) > epoch(e.time) + ($grace_hours + $watch_hours) * 3600
    GROUP BY e.subject_id
    HAVING count(*) = 2
)
SELECT coalesce(u.subject_id, n.subject_id) AS subject_id, u.subject_id IS NOT NULL AS fired, u.time, v.event_ids,
       CAST(e.ended_on AS DATE) AS ended, u.times, list_sort(u.services) AS services, u.last
FROM seen n
FULL JOIN used u ON u.subject_id = n.subject_id
LEFT JOIN ended e ON e.subject_id = u.subject_id
LEFT JOIN evidence v ON v.subject_id = u.subject_id
