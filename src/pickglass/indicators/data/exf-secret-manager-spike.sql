-- Different secrets that a starter read, against what starters of the role read in the same days of their own employment.
WITH taken AS (
    SELECT d.subject_id, s.role, s.hire_date, d.service, d.resource, d.time, d.event_id
    FROM data_access d
    JOIN subject s ON s.subject_id = d.subject_id
    WHERE d.resource IS NOT NULL AND d.activity IN ('view', 'download', 'export')
      AND d.service IN ('1password', 'azure_key_vault', 'secretsmanager', 'vault', 'hashicorp_vault', 'bitwarden', 'lastpass', 'gcp_secret_manager')
      AND epoch(d.time) - epoch(s.hire_date) BETWEEN -7 * 86400 AND $days * 86400
),
secret AS (
    SELECT subject_id, role, hire_date, service, resource, min(time) AS time, arg_min(event_id, time) AS event_id
    FROM taken
    GROUP BY subject_id, role, hire_date, service, resource
),
starter AS (
    SELECT subject_id, role, hire_date, count(*) AS secrets, min(time) AS first_time, max(time) AS last_time,
           string_agg(DISTINCT service, ', ' ORDER BY service) AS service
    FROM secret
    GROUP BY subject_id, role, hire_date
),
cohort AS (
    SELECT a.subject_id, count(*) AS people, median(o.secrets) AS usual
    FROM starter a
    JOIN starter o ON o.role = a.role AND o.subject_id <> a.subject_id
    GROUP BY a.subject_id
    HAVING count(*) >= $min_cohort
),
evidence AS (
    SELECT subject_id, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) AS place FROM secret)
    WHERE place <= 50
    GROUP BY subject_id
),
judged AS (
    SELECT a.*, c.usual,
           CASE WHEN c.usual IS NULL THEN a.secrets > $count
                ELSE a.secrets > $least AND a.secrets > $factor * c.usual END AS fired
    FROM starter a
    LEFT JOIN cohort c ON c.subject_id = a.subject_id
)
-- Nobody is clear before the month is over.
SELECT j.subject_id, j.fired, CASE WHEN j.fired THEN j.last_time END AS time, CASE WHEN j.fired THEN e.event_ids END AS event_ids,
       j.secrets, j.service, j.first_time AS first, j.last_time AS last, j.usual, $days AS days
FROM judged j
JOIN evidence e ON e.subject_id = j.subject_id
WHERE j.fired OR epoch($as_of) >= epoch(j.hire_date) + $days * 86400
