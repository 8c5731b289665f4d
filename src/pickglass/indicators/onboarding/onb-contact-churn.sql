-- Days with a change, not fields: a move changes several at once.
WITH change AS (
    SELECT c.subject_id, CAST(c.time AS DATE) AS day, c.field, min(c.time) AS time, min(c.event_id) AS event_id
    FROM hr_change c
    JOIN subject s ON s.subject_id = c.subject_id
    WHERE c.field IN ('phone', 'personal_mail', 'address_key') AND c.old_value <> '' AND c.new_value <> ''
      AND epoch(c.time) - epoch(s.hire_date) BETWEEN -$lead_days * 86400 AND $window_days * 86400
    GROUP BY c.subject_id, CAST(c.time AS DATE), c.field
),
counted AS (
    SELECT subject_id, count(DISTINCT day) AS days, max(time) AS time, list(event_id ORDER BY time, event_id) AS event_ids,
           list(DISTINCT CASE field WHEN 'address_key' THEN 'home address' WHEN 'personal_mail' THEN 'private mail' ELSE field END) AS unsorted
    FROM change
    GROUP BY subject_id
),
-- Proof of quiet: an audit trail of this person, or rosters from before and after those weeks.
watched AS (
    SELECT w.subject_id
    FROM worker w
    JOIN subject s ON s.subject_id = w.subject_id
    GROUP BY w.subject_id, s.hire_date
    HAVING (min(w.time) <= s.hire_date + INTERVAL 7 DAY AND max(w.time) >= s.hire_date + INTERVAL 1 DAY * $window_days AND count(*) > 2)
        OR EXISTS (SELECT 1 FROM hr_change k WHERE k.subject_id = w.subject_id AND k.origin = 'audit')
)
SELECT coalesce(c.subject_id, w.subject_id) AS subject_id,
       coalesce(c.days, 0) >= $days AS fired,
       c.time, c.event_ids, c.days, list_sort(c.unsorted) AS fields, $window_days AS window_days, CAST(s.hire_date AS DATE) AS hire_date
FROM counted c
FULL JOIN watched w ON w.subject_id = c.subject_id
JOIN subject s ON s.subject_id = coalesce(c.subject_id, w.subject_id)
WHERE c.days >= $days OR w.subject_id IS NOT NULL
