-- Several kinds of look at «what machine is this, and where does it seem to be» within one hour of the first days.
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
-- The laptop may be used before or well after the start on paper: the first program of that time is the first use.
first_use AS (
    SELECT p.subject_id, min(p.time) AS first_time
    FROM process p
    JOIN start s ON s.subject_id = p.subject_id
    WHERE p.activity = 'start' AND epoch(p.time) - epoch(s.start_time) BETWEEN -30 * 86400 AND $window_days * 86400
    GROUP BY p.subject_id
),
-- Few distinct names stand for many records. Management agents take stock of a new computer by themselves.
agent AS (
    SELECT parent_name
    FROM (SELECT DISTINCT parent_name FROM process WHERE parent_name IS NOT NULL)
    WHERE regexp_matches(parent_name, '(?i)(intune|agentexecutor|ccmexec|jamf|kandji|munki|puppet|chef|salt|ansible|senseir|mssense|svchost|services\.exe|taskhostw|launchd|osquery|tanium|nessus|qualys|rapid7)')
),
address_page AS (
    SELECT domain
    FROM (SELECT DISTINCT domain FROM network WHERE domain IS NOT NULL)
    WHERE regexp_matches(domain,
                         '(?i)(^|\.)(ipinfo\.io|ifconfig\.(me|co)|ipify\.org|icanhazip\.com|ip-api\.com|whatismyip\.com|whatismyipaddress\.com|ipleak\.net|whoer\.net|browserleaks\.com|iplocation\.net|whatismyip\.net|ip2location\.com|showmyip\.com|2ip\.(io|ru)|checkip\.amazonaws\.com|dnsleaktest\.com)$')
),
look AS (
    SELECT p.subject_id, p.time, p.event_id,
           CASE WHEN p.process_name IN ('dxdiag.exe', 'msinfo32.exe') THEN 'hardware report'
                WHEN p.process_name IN ('systeminfo.exe', 'system_profiler', 'lshw', 'dmidecode') THEN 'system report'
                WHEN p.process_name = 'wmic.exe'
                  OR contains(lower(p.cmd_line), 'get-') AND regexp_matches(p.cmd_line, '(?i)get-(ciminstance|wmiobject|computerinfo)') THEN 'hardware query'
                WHEN p.process_name IN ('whoami.exe', 'whoami') THEN 'account query'
                WHEN (contains(p.cmd_line, 'ip') OR contains(p.cmd_line, 'ifconfig')) AND regexp_matches(p.cmd_line, '(?i)(ipinfo\.io|ifconfig\.(me|co)|ipify\.org|icanhazip|ip-api\.com|checkip)')
                THEN 'look-up of the public address' END AS what
    FROM process p
    JOIN first_use f ON f.subject_id = p.subject_id
        AND epoch(p.time) - epoch(f.first_time) BETWEEN 0 AND $first_hours * 3600
    LEFT JOIN agent g ON g.parent_name = p.parent_name
    WHERE g.parent_name IS NULL
    UNION ALL
    SELECT n.subject_id, n.time, n.event_id, 'look-up of the public address'
    FROM network n
    JOIN first_use f ON f.subject_id = n.subject_id
        AND epoch(n.time) - epoch(f.first_time) BETWEEN -3600 AND $first_hours * 3600
    JOIN address_page d ON d.domain = n.domain
),
early AS (
    SELECT * FROM look WHERE what IS NOT NULL
),
-- One row per person and kind of look would miss the hour: every look opens one.
hour_of AS (
    SELECT a.subject_id, a.time AS from_time, count(DISTINCT b.what) AS kinds, max(b.time) AS time,
           string_agg(DISTINCT b.what, ', ' ORDER BY b.what) AS what, list(DISTINCT b.event_id) AS event_ids
    FROM early a
    JOIN early b ON b.subject_id = a.subject_id AND b.time >= a.time AND epoch(b.time) - epoch(a.time) <= $minutes * 60
    GROUP BY a.subject_id, a.event_id, a.time
    HAVING count(DISTINCT b.what) >= $min_kinds
    QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY count(DISTINCT b.what) DESC, a.time, a.event_id) = 1
),
spread AS (
    SELECT count(*) AS people FROM hour_of
),
watched AS (
    SELECT p.subject_id, count(*) AS programs
    FROM process p
    JOIN first_use f ON f.subject_id = p.subject_id
    JOIN coverage c ON c.subject_id = p.subject_id AND c.table_name = 'process'
    WHERE p.activity = 'start' AND epoch(p.time) - epoch(f.first_time) <= $first_hours * 3600
    GROUP BY p.subject_id
    HAVING count(*) >= $observed_programs
)
SELECT s.subject_id,
       h.subject_id IS NOT NULL AS fired,
       h.time,
       h.event_ids,
       h.kinds, h.what, h.from_time
FROM start s
LEFT JOIN hour_of h ON h.subject_id = s.subject_id
LEFT JOIN watched w ON w.subject_id = s.subject_id
CROSS JOIN spread x
WHERE (h.subject_id IS NOT NULL OR w.subject_id IS NOT NULL)
  -- Where most newcomers' first day looks like this, it is the company's own set-up script: nothing can be told.
  AND (x.people <= $usual_people OR x.people < $usual_share * (SELECT count(*) FROM watched))
