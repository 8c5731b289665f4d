-- Shell history or event logs removed by the user in the first days.
-- Shells rewrite their own history all day, and dotfile tools replace it: those programs do not count.
WITH command AS (
    SELECT subject_id, time, event_id, coalesce(device_name, device_id) AS device, lower(trim(cmd_line)) AS line,
           CASE WHEN regexp_matches(cmd_line, '(?i)\b(wevtutil(\.exe)?\s+(cl|clear-log)|clear-eventlog|remove-eventlog)\b')
                THEN 'the event log was cleared'
                WHEN regexp_matches(cmd_line, '(?i)(\bhistory\s+-c\b|\bunset\s+histfile\b|\bhistfile=/dev/null|\bhistsize=0\b|clear-history\b)')
                THEN 'the shell history was switched off or cleared'
                WHEN regexp_matches(cmd_line, '(?i)(\brm\b|\bdel\b|\bshred\b|\btruncate\b|remove-item|clear-content|\bln\s+-sf?\s+/dev/null)')
                     AND regexp_matches(cmd_line, '(?i)(\.(zsh|bash|sh|python)_history|consolehost_history|\.zsh_sessions|\.bash_sessions)')
                THEN 'a history file was removed' END AS what
    FROM process
    WHERE activity = 'start'
      -- Plain text first: patterns on every command line of a year take their time.
      AND (contains(lower(cmd_line), 'hist') OR contains(lower(cmd_line), 'wevtutil') OR contains(lower(cmd_line), '-eventlog')
           OR contains(lower(cmd_line), '_sessions'))
),
-- The same line on many computers is a script of the company.
script AS (
    SELECT line FROM command WHERE what IS NOT NULL GROUP BY line HAVING count(DISTINCT subject_id) > $usual_people
),
file AS (
    SELECT subject_id, time, event_id, coalesce(device_name, device_id) AS device, 'a history file was removed' AS what
    FROM file_activity
    WHERE activity IN ('deleted', 'renamed')
      AND regexp_matches(coalesce(file_name, file_path), '(?i)(\.(zsh|bash|sh)_history|consolehost_history\.txt)$')
      AND NOT regexp_matches(coalesce(process_name, ''), '(?i)^-?(bash|zsh|sh|dash|fish|pwsh|powershell|wsl|login|sshd|tmux.*|screen|chezmoi|stow|yadm|git|rsync|ansible.*|migrationd|backupd|ccleaner.*)(\.exe)?$')
),
act AS (
    SELECT subject_id, time, event_id, device, what FROM command
    WHERE what IS NOT NULL AND line NOT IN (SELECT line FROM script)
    UNION ALL
    SELECT subject_id, time, event_id, device, what FROM file
),
enrolment AS (
    SELECT subject_id, min(time) AS enrolled_time FROM device_state WHERE activity = 'enrolled' GROUP BY subject_id
),
start AS (
    SELECT s.subject_id,
           CASE WHEN s.hire_date IS NULL THEN e.enrolled_time
                WHEN s.device_time BETWEEN s.hire_date AND s.hire_date + INTERVAL 60 DAY THEN s.device_time
                ELSE s.hire_date END AS start_time
    FROM subject s
    LEFT JOIN enrolment e ON e.subject_id = s.subject_id
),
early AS (
    SELECT a.*, s.start_time, row_number() OVER (PARTITION BY a.subject_id ORDER BY a.time, a.event_id) AS rank
    FROM act a
    JOIN start s ON s.subject_id = a.subject_id
    WHERE epoch(a.time) - epoch(s.start_time) BETWEEN -30 * 86400 AND $window_days * 86400
),
first AS (
    SELECT subject_id, min(time) AS time, count(*) AS times, list(event_id) FILTER (WHERE rank <= 5) AS event_ids,
           min(what) FILTER (WHERE rank = 1) AS what, min(device) FILTER (WHERE rank = 1) AS device
    FROM early
    GROUP BY subject_id
),
-- Command lines within the window are the proof that it would have been seen.
watched AS (
    SELECT p.subject_id
    FROM process p
    JOIN start s ON s.subject_id = p.subject_id
    JOIN coverage c ON c.subject_id = p.subject_id AND c.table_name = 'process'
    WHERE p.activity = 'start' AND p.cmd_line IS NOT NULL
      AND epoch(p.time) - epoch(s.start_time) BETWEEN -30 * 86400 AND $window_days * 86400
    GROUP BY p.subject_id
    HAVING count(DISTINCT CAST(p.time AS DATE)) >= $observed_days
)
SELECT s.subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time,
       f.event_ids,
       f.what, f.device, f.times,
       CAST(greatest(1, 1 + floor((epoch(f.time) - epoch(s.start_time)) / 86400)) AS BIGINT) AS day
FROM start s
LEFT JOIN first f ON f.subject_id = s.subject_id
LEFT JOIN watched w ON w.subject_id = s.subject_id
WHERE f.subject_id IS NOT NULL OR w.subject_id IS NOT NULL
