-- Stores of passwords and sessions touched by something else than the browser that owns them, or a command that
-- names them. Known backup, sync and protection software reads every file and is left out.
WITH touched AS (
    SELECT subject_id, time, event_id, lower(file_name) AS store, lower(process_name) AS process_name
    FROM file_activity
    WHERE activity IN ('read', 'copied', 'archived')
      AND lower(file_name) IN ('login data', 'login data for account', 'cookies', 'web data', 'local state', 'key4.db', 'logins.json',
                               'cookies.sqlite', 'login.keychain-db', 'cookies.binarycookies')
      AND NOT regexp_matches(coalesce(process_name, ''), '(?i)^(chrome|google chrome|msedge|microsoft edge|firefox|brave|opera|vivaldi|chromium|safari|securityd|secd|searchindexer|mdworker|mds_stores|msmpeng|mssense|wdavdaemon|csfalcon.*|falcon-sensor|sentinelagent|backupd|crashplan.*|onedrive|time machine).*')
      AND process_name IS NOT NULL
    UNION ALL
    SELECT subject_id, time, event_id,
           lower(regexp_extract(cmd_line, '(?i)(login data|cookies\.sqlite|key4\.db|logins\.json|login\.keychain|dump-keychain|network.cookies|lazagne|sekurlsa|hackbrowserdata)', 1)),
           lower(process_name)
    FROM process
    WHERE activity = 'start'
      AND regexp_matches(cmd_line, '(?i)(login data|cookies\.sqlite|key4\.db|logins\.json|login\.keychain|dump-keychain|network.cookies|lazagne|sekurlsa|hackbrowserdata)')
      AND NOT regexp_matches(coalesce(process_name, ''), '(?i)^(chrome|google chrome|msedge|microsoft edge|firefox|brave|opera|vivaldi|chromium|safari).*')
),
found AS (
    SELECT subject_id, min(time) AS time, count(*) AS times, list(DISTINCT store) AS stores,
           list(DISTINCT process_name) AS programs, list(event_id ORDER BY time, event_id) AS event_ids
    FROM touched
    GROUP BY subject_id
),
seen AS (   -- only both kinds of record together would have shown it
    SELECT subject_id
    FROM coverage
    WHERE table_name IN ('file_activity', 'process') AND days >= $min_days
    GROUP BY subject_id
    HAVING count(*) = 2
)
SELECT coalesce(f.subject_id, n.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       f.times, list_sort(f.stores) AS stores, list_sort(f.programs) AS programs
FROM seen n
FULL JOIN found f ON f.subject_id = n.subject_id
