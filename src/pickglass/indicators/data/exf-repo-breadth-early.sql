-- A newcomer has no usual number of repositories, so the measure is what starters in the same role took in the
-- same days of their own employment; with too few of them a fixed count stands in.
WITH taken AS (
    SELECT d.subject_id, s.role, s.hire_date, d.resource, d.time, d.event_id
    FROM data_access d
    JOIN subject s ON s.subject_id = d.subject_id
    WHERE d.activity IN ('clone', 'fetch', 'download') AND d.resource IS NOT NULL
      AND d.service IN ('github', 'gitlab', 'bitbucket', 'azure_devops', 'gitea')
      AND d.time >= s.hire_date - INTERVAL 7 DAY
      AND epoch(d.time) < epoch(s.hire_date) + $days * 86400
),
repository AS (
    SELECT subject_id, role, hire_date, resource, min(time) AS time, arg_min(event_id, time) AS event_id
    FROM taken
    GROUP BY subject_id, role, hire_date, resource
),
starter AS (
    SELECT subject_id, role, hire_date, count(*) AS repositories, min(time) AS first_time, max(time) AS last_time
    FROM repository
    GROUP BY subject_id, role, hire_date
),
cohort AS (
    SELECT a.subject_id, count(*) AS people, median(o.repositories) AS usual
    FROM starter a
    JOIN starter o ON o.role = a.role AND o.subject_id <> a.subject_id
    GROUP BY a.subject_id
    HAVING count(*) >= $min_cohort
),
evidence AS (
    SELECT subject_id, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) AS place FROM repository)
    WHERE place <= 50
    GROUP BY subject_id
),
judged AS (
    SELECT a.*, c.usual, 
           CASE WHEN c.usual IS NULL THEN a.repositories > $count
                ELSE a.repositories > $least AND a.repositories > $factor * c.usual END AS fired
    FROM starter a
    LEFT JOIN cohort c ON c.subject_id = a.subject_id
)
-- Nobody is clear before the days are over.
SELECT j.subject_id, j.fired, CASE WHEN j.fired THEN j.last_time END AS time,
       CASE WHEN j.fired THEN e.event_ids END AS event_ids,
       j.repositories, j.first_time AS first, j.last_time AS last, j.usual,
       floor((epoch(j.last_time) - epoch(j.hire_date)) / 86400) + 1 AS day
FROM judged j
JOIN evidence e ON e.subject_id = j.subject_id
WHERE j.fired OR epoch($as_of) >= epoch(j.hire_date) + $days * 86400
