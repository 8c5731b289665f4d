-- The switches by which remote-control products are set up so that nobody has to be at the computer.
WITH enrolment AS (
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
-- Plain text first: patterns on every command line of a year take their time.
line AS (
    SELECT p.subject_id, p.time, p.event_id, coalesce(p.device_name, p.device_id) AS device,
           lower(concat_ws(' ', p.process_name, p.original_name, p.cmd_line)) AS words
    FROM process p
    WHERE p.activity = 'start' AND p.cmd_line IS NOT NULL
      AND (contains(lower(p.cmd_line), 'anydesk') OR contains(lower(p.cmd_line), 'rustdesk') OR contains(lower(p.cmd_line), 'teamviewer')
           OR contains(lower(p.cmd_line), 'supremo') OR contains(lower(p.cmd_line), 'vnc') OR contains(lower(p.cmd_line), 'mesh')
           OR contains(lower(p.original_name), 'anydesk') OR contains(lower(p.original_name), 'rustdesk'))
),
setting AS (
    SELECT subject_id, time, event_id, device,
           CASE WHEN contains(words, 'anydesk') AND regexp_matches(words, '-{2}(set-password|start-with-win)\b') THEN 'AnyDesk'
                WHEN contains(words, 'rustdesk') AND regexp_matches(words, '-{2}(password|install-service|silent-install)\b') THEN 'RustDesk'
                WHEN contains(words, 'teamviewer') AND regexp_matches(words, '\b(assign|assignment) .*-{1,2}(id|apitoken|api-token)\b') THEN 'TeamViewer'
                WHEN contains(words, 'tvnserver') AND regexp_matches(words, '-(install|controlservice)\b') THEN 'TightVNC'
                WHEN contains(words, 'winvnc') AND regexp_matches(words, '-(install|startservice)\b') THEN 'UltraVNC'
                WHEN contains(words, 'meshagent') AND regexp_matches(words, '-(fullinstall|install)\b') THEN 'MeshCentral' END AS tool
    FROM line
),
-- Mass deployment by IT reaches many people alike.
usual AS (
    SELECT tool
    FROM setting
    WHERE tool IS NOT NULL
    GROUP BY tool
    HAVING count(DISTINCT subject_id) > $usual_people
       AND count(DISTINCT subject_id) >= $usual_share * (SELECT count(DISTINCT subject_id) FROM coverage WHERE table_name = 'process')
),
early AS (
    SELECT x.subject_id, x.time, x.event_id, x.device, x.tool, s.start_time
    FROM setting x
    JOIN start s ON s.subject_id = x.subject_id
    WHERE x.tool IS NOT NULL AND x.tool NOT IN (SELECT tool FROM usual)
      AND epoch(x.time) - epoch(s.start_time) BETWEEN -30 * 86400 AND $window_days * 86400
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = x.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) = lower(x.tool)
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(x.time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > x.time))
    QUALIFY row_number() OVER (PARTITION BY x.subject_id ORDER BY x.time, x.event_id) = 1
),
-- An inventory of software shows no command line.
watched AS (
    SELECT p.subject_id
    FROM process p
    JOIN start s ON s.subject_id = p.subject_id
    JOIN coverage c ON c.subject_id = p.subject_id AND c.table_name = 'process'
    WHERE p.activity = 'start' AND epoch(p.time) - epoch(s.start_time) BETWEEN -30 * 86400 AND $window_days * 86400
    GROUP BY p.subject_id
    HAVING count(DISTINCT CAST(p.time AS DATE)) >= $observed_days
)
SELECT s.subject_id,
       e.subject_id IS NOT NULL AS fired,
       e.time,
       [e.event_id] AS event_ids,
       e.tool, e.device,
       CAST(greatest(1, 1 + floor((epoch(e.time) - epoch(s.start_time)) / 86400)) AS BIGINT) AS day
FROM start s
LEFT JOIN early e ON e.subject_id = s.subject_id
LEFT JOIN watched w ON w.subject_id = s.subject_id
WHERE e.subject_id IS NOT NULL OR w.subject_id IS NOT NULL
