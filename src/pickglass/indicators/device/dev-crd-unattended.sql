-- Chrome Remote Desktop registered from a command line, or running as a service that needs nobody at the computer.
WITH host_program AS (
    SELECT subject_id, time, event_id, coalesce(device_name, device_id) AS device, activity,
           CASE WHEN regexp_matches(concat_ws(' ', process_name, original_name, cmd_line), '(?i)remoting_start_host')
                     AND regexp_matches(coalesce(cmd_line, ''), '(?i)-{2}(code|pin|redirect-url)\b')
                THEN 'registered from a command line'
                WHEN regexp_matches(coalesce(process_name, ''), '(?i)^remoting_start_host')
                     AND regexp_matches(coalesce(parent_name, ''), '(?i)^(powershell|pwsh|cmd|wscript|cscript|bash|zsh|sh)(\.exe)?$')
                THEN 'registered by a script'
                WHEN activity = 'service'
                     AND regexp_matches(concat_ws(' ', process_name, product, cmd_line), '(?i)(remoting_host|remoting_me2me_host|chromoting|chrome[ -]remote[ -]desktop)')
                THEN 'installed as a service' END AS how
    FROM process
    WHERE activity IN ('start', 'service')
      -- Plain text first: patterns on every command line of a year take their time.
      AND (contains(lower(cmd_line), 'remoting') OR contains(process_name, 'remot') OR contains(lower(original_name), 'remoting')
           OR (activity = 'service' AND contains(lower(concat_ws(' ', product, cmd_line)), 'chrom')))
),
registered AS (
    SELECT * FROM host_program WHERE how IS NOT NULL
),
-- Mass deployment by IT reaches many people alike.
spread AS (
    SELECT count(DISTINCT subject_id) AS people FROM registered
),
unapproved AS (
    SELECT r.*
    FROM registered r
    WHERE NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = r.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) = 'chrome remote desktop'
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(r.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > r.time))
      AND ((SELECT people FROM spread) <= $usual_people
           OR (SELECT people FROM spread) < $usual_share * (SELECT count(DISTINCT subject_id) FROM coverage WHERE table_name = 'process'))
),
first AS (
    SELECT *, count(*) OVER (PARTITION BY subject_id) AS times
    FROM unapproved
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) = 1
),
-- An inventory of software shows no command line: only starts and services prove that it would have been seen.
watched AS (
    SELECT p.subject_id
    FROM process p
    JOIN coverage c ON c.subject_id = p.subject_id AND c.table_name = 'process'
    WHERE p.activity IN ('start', 'service')
    GROUP BY p.subject_id
    HAVING count(DISTINCT CAST(p.time AS DATE)) >= $observed_days
)
SELECT coalesce(f.subject_id, w.subject_id) AS subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time,
       [f.event_id] AS event_ids,
       f.how, f.device
FROM first f
FULL JOIN watched w ON w.subject_id = f.subject_id
