-- Replacements, not additions: an account added beside another splits the pay. Several edits on one day are a correction.
WITH edit AS (
    SELECT subject_id, time, event_id, activity, bank_hash,
           lag(bank_hash) OVER (PARTITION BY subject_id ORDER BY time, event_id) AS before_hash,
           row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) AS step
    FROM payroll_event
    WHERE activity IN ('account_added', 'account_changed') AND bank_hash IS NOT NULL
),
replaced AS (
    SELECT e.subject_id, CAST(e.time AS DATE) AS day, min(e.time) AS time, min(e.event_id) AS event_id, min(e.bank_hash) AS bank_hash
    FROM edit e
    WHERE e.step > 1 AND e.bank_hash <> e.before_hash
      AND (e.activity = 'account_changed'
           OR EXISTS (SELECT 1 FROM payroll_event r
                      WHERE r.subject_id = e.subject_id AND r.activity = 'account_removed'
                        AND abs(epoch(r.time) - epoch(e.time)) <= 7 * 86400))
    GROUP BY e.subject_id, CAST(e.time AS DATE)
),
first_pay AS (
    SELECT subject_id, min(time) AS pay_time FROM payroll_event WHERE activity = 'payment' GROUP BY subject_id
),
run AS (
    SELECT b.subject_id, b.time, count(*) AS changes, min(a.time) AS first_time, list(a.event_id ORDER BY a.time) AS event_ids,
           count(DISTINCT a.bank_hash) + 1 AS accounts
    FROM replaced b
    JOIN replaced a ON a.subject_id = b.subject_id AND a.time <= b.time AND epoch(b.time) - epoch(a.time) <= $window_days * 86400
    GROUP BY b.subject_id, b.time
),
judged AS (
    SELECT r.subject_id, r.time, r.changes, r.first_time, r.event_ids, r.accounts,
           CASE WHEN r.changes >= $changes THEN 'several within the window'
                WHEN epoch(r.time) - epoch(s.hire_date) BETWEEN 0 AND $early_days * 86400 THEN 'right after the hire'
                WHEN epoch(f.pay_time) - epoch(r.time) BETWEEN 0 AND $before_pay_days * 86400
                     AND epoch(f.pay_time) - epoch(s.hire_date) <= 62 * 86400 THEN 'right before the first pay' END AS why
    FROM run r
    JOIN subject s ON s.subject_id = r.subject_id
    LEFT JOIN first_pay f ON f.subject_id = r.subject_id
    QUALIFY row_number() OVER (PARTITION BY r.subject_id ORDER BY why IS NULL, r.changes DESC, r.time) = 1
),
watched AS (
    SELECT DISTINCT subject_id FROM edit
)
SELECT w.subject_id,
       j.why IS NOT NULL AS fired,
       CASE WHEN j.why IS NOT NULL THEN j.time END AS time, j.event_ids, j.changes, j.first_time, j.accounts, j.why, CAST(s.hire_date AS DATE) AS hire_date
FROM watched w
JOIN subject s ON s.subject_id = w.subject_id
LEFT JOIN judged j ON j.subject_id = w.subject_id
