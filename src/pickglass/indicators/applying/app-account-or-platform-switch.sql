-- Requests to talk elsewhere, by the person: again and again, or together with an account for pay in another name.
WITH request AS (
    SELECT t.subject_id, coalesce(t.ticket_id, t.event_id) AS ticket, min(t.time) AS time, min(t.event_id) AS event_id
    FROM ticket t
    JOIN subject s ON s.subject_id = t.subject_id
    WHERE t.category = 'platform_switch'
      -- A ticket that somebody else opened says what that one wants.
      AND t.related_account IS NULL
      AND (s.hire_date IS NULL OR epoch(t.time) - epoch(s.hire_date) <= $after_days * 86400)
    GROUP BY t.subject_id, coalesce(t.ticket_id, t.event_id)
),
asked AS (
    SELECT subject_id, count(*) AS requests, count(DISTINCT CAST(time AS DATE)) AS days, min(time) AS first_time, max(time) AS time,
           list(event_id ORDER BY time, event_id) AS event_ids
    FROM request
    GROUP BY subject_id
),
payee AS (
    SELECT a.subject_id, min(p.time) AS time, arg_min(p.event_id, p.time) AS event_id
    FROM asked a
    JOIN payroll_event p ON p.subject_id = a.subject_id AND p.owner_match = 'mismatch'
                        AND p.activity IN ('account_added', 'account_changed', 'request')
                        AND epoch(p.time) - epoch(a.first_time) >= -$near_days * 86400
                        AND epoch(p.time) - epoch(a.time) <= $near_days * 86400
    GROUP BY a.subject_id
),
-- Where many of a department write like this, it is how the house talks.
usual AS (
    SELECT s.department
    FROM subject s
    JOIN coverage v ON v.subject_id = s.subject_id AND v.table_name = 'ticket'
    LEFT JOIN asked a ON a.subject_id = s.subject_id
    WHERE s.department IS NOT NULL
    GROUP BY s.department
    HAVING count(a.subject_id) > $usual_people AND count(a.subject_id) >= $usual_share * count(*)
),
judged AS (
    SELECT v.subject_id, a.requests, a.days, a.event_ids, p.event_id AS payee_event,
           CASE WHEN p.subject_id IS NOT NULL THEN greatest(a.time, p.time) ELSE a.time END AS time,
           a.subject_id IS NOT NULL AND u.department IS NULL AND (a.days >= $days OR p.subject_id IS NOT NULL)
               AND NOT EXISTS (SELECT 1 FROM attested t
                               WHERE t.subject_id = v.subject_id AND t.kind IN ('sanctioned_tool', 'accessibility')
                                 AND coalesce(t.outcome, 'passed') = 'passed' AND (t.valid_until IS NULL OR t.valid_until > a.first_time)) AS fired,
           p.subject_id IS NOT NULL AS paid_elsewhere
    FROM coverage v
    JOIN subject s ON s.subject_id = v.subject_id
    LEFT JOIN asked a ON a.subject_id = v.subject_id
    LEFT JOIN payee p ON p.subject_id = v.subject_id
    LEFT JOIN usual u ON u.department = s.department
    WHERE v.table_name = 'ticket'
)
SELECT subject_id, fired, CASE WHEN fired THEN time END AS time,
       CASE WHEN payee_event IS NULL THEN event_ids ELSE list_concat(event_ids, [payee_event]) END AS event_ids,
       requests, days,
       CASE WHEN paid_elsewhere THEN 'an account for pay that is not in their name came with it' ELSE 'no account for pay in another name is known' END AS pay
FROM judged
-- One request is no answer where nothing would show whose the account is.
WHERE fired OR requests IS NULL OR EXISTS (SELECT 1 FROM payroll_event p WHERE p.subject_id = judged.subject_id AND p.owner_match IS NOT NULL)
   OR EXISTS (SELECT 1 FROM attested t WHERE t.subject_id = judged.subject_id AND t.kind IN ('sanctioned_tool', 'accessibility'))
