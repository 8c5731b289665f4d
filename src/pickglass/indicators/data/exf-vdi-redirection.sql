-- Files written to a drive that the remote client lent to the session; Windows names it in the path.
WITH sent AS (
    SELECT subject_id, time, event_id, file_name, concat_ws('\', file_path, file_name) AS full_name, coalesce(device_name, device_id) AS device
    FROM file_activity
    WHERE activity IN ('created', 'modified', 'copied', 'renamed', 'archived') AND regexp_matches(lower(file_path), '^(\\\\|\\device\\mup\\|\\device\\rdpdr\\.*)tsclient(\\|$)')
),
unapproved AS (
    SELECT s.*
    FROM sent s
    WHERE NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = s.subject_id AND a.kind = 'sanctioned_tool' AND contains(lower(a.value), 'redirection')
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(s.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > s.time))
),
daily AS (
    SELECT DISTINCT subject_id, CAST(time AS DATE) AS day FROM unapproved
),
-- The window that begins on a day with such files and holds the most of them.
best AS (
    SELECT d.subject_id, d.day, count(DISTINCT u.full_name) AS files, min(u.time) AS first_time,
           arg_min(u.file_name, u.time) AS file, arg_min(u.device, u.time) AS device
    FROM daily d
    JOIN unapproved u ON u.subject_id = d.subject_id AND CAST(u.time AS DATE) >= d.day
        AND epoch(u.time) - epoch(CAST(d.day AS TIMESTAMP)) < $window_days * 86400
    GROUP BY d.subject_id, d.day
    HAVING count(DISTINCT u.full_name) >= $min_files
    QUALIFY row_number() OVER (PARTITION BY d.subject_id ORDER BY count(DISTINCT u.full_name) DESC, d.day) = 1
),
evidence AS (
    SELECT subject_id, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (SELECT u.*, row_number() OVER (PARTITION BY u.subject_id ORDER BY u.time, u.event_id) AS rank
          FROM unapproved u JOIN best b ON b.subject_id = u.subject_id AND u.time >= b.first_time)
    WHERE rank <= 20
    GROUP BY subject_id
)
SELECT c.subject_id, b.subject_id IS NOT NULL AS fired, b.first_time AS time, e.event_ids,
       b.files, b.file, b.device, $window_days AS window_days
FROM coverage c
LEFT JOIN best b ON b.subject_id = c.subject_id
LEFT JOIN evidence e ON e.subject_id = c.subject_id
WHERE c.table_name = 'file_activity'
