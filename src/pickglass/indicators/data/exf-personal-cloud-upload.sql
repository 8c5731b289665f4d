-- Uploads that leave the organisation, summed over a week that moves along. A service that somebody allowed for
-- the person or the team at that time is left out.
WITH sent AS (
    SELECT d.subject_id, d.time, d.event_id, d.service, d.target, coalesce(d.bytes, 0) AS bytes
    FROM data_access d
    LEFT JOIN attested a
      ON a.subject_id = d.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) = lower(d.service)
     AND d.time >= a.valid_from AND (a.valid_until IS NULL OR d.time < a.valid_until)
    WHERE d.activity = 'upload' AND d.external AND a.subject_id IS NULL
      AND d.service NOT IN ('github', 'gitlab', 'bitbucket', 'azure_devops', 'gitea')
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
evidence AS (
    SELECT p.subject_id, list(s.event_id ORDER BY s.bytes DESC, s.time, s.event_id) AS event_ids,
           list(DISTINCT s.service) AS services, list(DISTINCT s.target) FILTER (WHERE s.target IS NOT NULL) AS targets
    FROM peak p
    JOIN (SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY bytes DESC, time) AS place FROM sent) s
      ON s.subject_id = p.subject_id AND s.time BETWEEN p.first_time AND p.time
    WHERE s.place <= 50
    GROUP BY p.subject_id
),
seen AS (
    SELECT subject_id FROM coverage WHERE table_name = 'data_access' AND days >= $min_days
)
SELECT coalesce(p.subject_id, n.subject_id) AS subject_id, p.subject_id IS NOT NULL AS fired, p.time, e.event_ids,
       p.files, p.sum_bytes / 1000000 AS megabytes, list_sort(e.services) AS services,
       coalesce(list_sort(e.targets), []) AS targets, p.first_time AS first,
       CASE WHEN s.hire_date IS NOT NULL THEN floor((epoch(p.time) - epoch(s.hire_date)) / 86400) + 1 END AS day
FROM seen n
FULL JOIN peak p ON p.subject_id = n.subject_id
LEFT JOIN evidence e ON e.subject_id = p.subject_id
LEFT JOIN subject s ON s.subject_id = p.subject_id
