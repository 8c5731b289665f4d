-- A day's downloads against the person's own active days of the month before; a newcomer is held against the days
-- of others in the same role in that month; where there is neither, a fixed count stands in.
WITH taken AS (
    SELECT subject_id, time, event_id, service, CAST(time AS DATE) AS day
    FROM data_access
    WHERE activity IN ('download', 'export')
      AND service NOT IN ('github', 'gitlab', 'bitbucket', 'azure_devops', 'gitea')
),
daily AS (
    SELECT t.subject_id, s.role, t.day, count(*) AS files, list(DISTINCT t.service) AS services,
           min(t.time) AS first_time, max(t.time) AS last_time
    FROM taken t
    JOIN subject s ON s.subject_id = t.subject_id
    GROUP BY t.subject_id, s.role, t.day
),
candidate AS (
    SELECT * FROM daily WHERE files >= $least
),
own AS (
    SELECT c.subject_id, c.day, median(d.files) AS usual
    FROM candidate c
    JOIN daily d ON d.subject_id = c.subject_id AND d.day < c.day AND d.day >= c.day - INTERVAL 30 DAY
    GROUP BY c.subject_id, c.day
    HAVING count(*) >= $min_days
),
cohort AS (
    SELECT c.subject_id, c.day, median(d.files) AS usual
    FROM candidate c
    JOIN daily d ON d.role = c.role AND d.subject_id <> c.subject_id AND d.day <= c.day AND d.day >= c.day - INTERVAL 30 DAY
    GROUP BY c.subject_id, c.day
    HAVING count(*) >= $min_cohort_days AND count(DISTINCT d.subject_id) >= $min_cohort
),
peak AS (
    SELECT c.*, coalesce(o.usual, k.usual) AS usual,
           CASE WHEN o.usual IS NOT NULL THEN 'the person''s own' WHEN k.usual IS NOT NULL THEN 'the role''s' ELSE 'the' END AS whose
    FROM candidate c
    LEFT JOIN own o ON o.subject_id = c.subject_id AND o.day = c.day
    LEFT JOIN cohort k ON k.subject_id = c.subject_id AND k.day = c.day
    WHERE coalesce(c.files > $factor * coalesce(o.usual, k.usual), c.files > $count)
    QUALIFY row_number() OVER (PARTITION BY c.subject_id ORDER BY c.files DESC, c.day) = 1
),
evidence AS (
    SELECT p.subject_id, list(t.event_id ORDER BY t.time, t.event_id) AS event_ids
    FROM peak p
    JOIN (SELECT *, row_number() OVER (PARTITION BY subject_id, day ORDER BY time, event_id) AS place FROM taken) t
      ON t.subject_id = p.subject_id AND t.day = p.day
    WHERE t.place <= 50
    GROUP BY p.subject_id
),
seen AS (
    SELECT subject_id FROM coverage WHERE table_name = 'data_access' AND days >= $min_days
)
SELECT coalesce(p.subject_id, n.subject_id) AS subject_id, p.subject_id IS NOT NULL AS fired, p.last_time AS time,
       e.event_ids, p.files, list_sort(p.services) AS services, p.day, p.whose, p.usual
FROM seen n
FULL JOIN peak p ON p.subject_id = n.subject_id
LEFT JOIN evidence e ON e.subject_id = p.subject_id
