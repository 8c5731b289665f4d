-- What leaves for storage outside the company, summed over a week that moves along: uploads that the service itself
-- calls external, and files put into a folder that a private storage client synchronises. Left out are a storage
-- that many in the company use (it is the company's own), one that somebody allowed for the person or the team at
-- that time, and files that the client itself writes, because those arrive and do not leave.
WITH folder AS (
    SELECT subject_id, time, event_id, bytes,
           lower(regexp_extract(file_path || '/', '(?i)[\\/](OneDrive|Dropbox|Google ?Drive|Box|iCloudDrive|MEGA|pCloud Drive|Proton Drive)[\\/ ]', 1)) AS service
    FROM file_activity
    WHERE volume = 'cloud' AND activity IN ('created', 'copied', 'archived')
      AND NOT regexp_matches(file_path || '/', '(?i)[\\/]OneDrive - ')
      AND NOT regexp_matches(coalesce(process_name, ''), '(?i)^(onedrive|googledrive|dropbox|box|icloud|mega|pcloud|proton ?drive)')
),
holder AS (
    SELECT count(DISTINCT subject_id) AS people FROM coverage WHERE table_name = 'file_activity'
),
common AS (
    SELECT f.service
    FROM folder f
    CROSS JOIN holder h
    GROUP BY f.service
    HAVING count(DISTINCT f.subject_id) >= $common_users AND count(DISTINCT f.subject_id) >= $common_share * max(h.people)
),
leaving AS (
    SELECT subject_id, time, event_id, service, target, coalesce(bytes, 0) AS bytes
    FROM data_access
    WHERE activity = 'upload' AND external
      AND service NOT IN ('github', 'gitlab', 'bitbucket', 'azure_devops', 'gitea')
    UNION ALL
    SELECT f.subject_id, f.time, f.event_id, f.service, CAST(NULL AS VARCHAR), coalesce(f.bytes, 0)
    FROM folder f
    LEFT JOIN common c ON c.service = f.service
    WHERE c.service IS NULL AND f.service <> ''
),
sent AS (
    SELECT l.*
    FROM leaving l
    LEFT JOIN attested a
      ON a.subject_id = l.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) = lower(l.service)
     AND l.time >= a.valid_from AND (a.valid_until IS NULL OR l.time < a.valid_until)
    WHERE a.subject_id IS NULL
),
moving AS (
    SELECT *, sum(bytes) OVER week AS sum_bytes, count(*) OVER week AS files, min(time) OVER week AS first_time
    FROM sent
    WINDOW week AS (PARTITION BY subject_id ORDER BY time RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND CURRENT ROW)
),
peak AS (
    SELECT *
    FROM moving
    WHERE sum_bytes > $megabytes * 1000000 OR files > $files
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY sum_bytes DESC, files DESC, time, event_id) = 1
),
ranked AS (
    SELECT p.subject_id, s.event_id, s.time, s.bytes, s.service, s.target,
           row_number() OVER (PARTITION BY p.subject_id ORDER BY s.bytes DESC, s.time, s.event_id) AS place
    FROM peak p
    JOIN sent s ON s.subject_id = p.subject_id AND s.time BETWEEN p.first_time AND p.time
),
evidence AS (
    SELECT subject_id, list(event_id ORDER BY place) AS event_ids, list(DISTINCT service) AS services,
           list(DISTINCT target) FILTER (WHERE target IS NOT NULL) AS targets
    FROM ranked
    WHERE place <= 50
    GROUP BY subject_id
),
seen AS (   -- only both kinds of record together would have shown it
    SELECT subject_id
    FROM coverage
    WHERE table_name IN ('data_access', 'file_activity') AND days >= $min_days
    GROUP BY subject_id
    HAVING count(*) = 2
)
SELECT coalesce(p.subject_id, n.subject_id) AS subject_id, p.subject_id IS NOT NULL AS fired, p.time, e.event_ids,
       p.files, p.sum_bytes / 1000000 AS megabytes, list_sort(e.services) AS services, list_sort(e.targets) AS targets,
       p.first_time AS first,
       CASE WHEN s.hire_date IS NOT NULL THEN floor((epoch(p.time) - epoch(s.hire_date)) / 86400) + 1 END AS day
FROM seen n
FULL JOIN peak p ON p.subject_id = n.subject_id
LEFT JOIN evidence e ON e.subject_id = p.subject_id
LEFT JOIN subject s ON s.subject_id = p.subject_id
