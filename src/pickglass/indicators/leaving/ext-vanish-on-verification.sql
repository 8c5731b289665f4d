-- After a request to verify: missed more than once, gone within days, or silent although active just before. To
-- decline once is anybody's right and does not fire. Silence is measured over days that bridge a weekend, and only
-- while records of others still arrive. Leave explains silence.
WITH asked AS (
    SELECT subject_id, min(time) AS time, arg_min(event_id, time) AS event_id
    FROM ticket
    WHERE category = 'verification_request'
    GROUP BY subject_id
),
passed AS (
    SELECT k.subject_id, min(p.time) AS time
    FROM asked k
    JOIN (
        SELECT subject_id, valid_from AS time
        FROM attested WHERE kind IN ('live_video_check', 'in_person_meeting') AND coalesce(outcome, 'passed') = 'passed'
        UNION ALL
        SELECT subject_id, time FROM hiring_event WHERE activity = 'identity_check' AND outcome = 'passed'
    ) p ON p.subject_id = k.subject_id AND p.time >= k.time
    GROUP BY k.subject_id
),
act AS (
    SELECT subject_id, time FROM signin WHERE outcome = 'success'
    UNION ALL
    SELECT subject_id, time FROM data_access
    UNION ALL
    SELECT subject_id, time FROM meeting
),
activity AS (
    SELECT k.subject_id,
           count(DISTINCT CAST(a.time AS DATE)) FILTER (WHERE a.time < k.time AND epoch(a.time) >= epoch(k.time) - 7 * 86400) AS days_before,
           max(a.time) AS last_time
    FROM asked k
    JOIN act a ON a.subject_id = k.subject_id
    GROUP BY k.subject_id
),
feed AS (
    SELECT max(time) AS until FROM signin
),
away AS (
    SELECT DISTINCT w.subject_id
    FROM worker w
    JOIN asked k ON k.subject_id = w.subject_id
    WHERE w.status = 'leave'
),
answer AS (
    SELECT k.subject_id, max(t.time) AS time, arg_max(t.event_id, t.time) AS event_id,
           'declined or missed again and again' AS what, 1 AS rank
    FROM asked k
    JOIN ticket t ON t.subject_id = k.subject_id AND t.time >= k.time
                 AND t.category IN ('verification_declined', 'verification_missed')
    GROUP BY k.subject_id
    HAVING count(*) >= $refusals
    UNION ALL
    SELECT k.subject_id, h.time, h.event_id, 'followed by the end of the employment', 2
    FROM asked k
    JOIN hr_change h ON h.subject_id = k.subject_id AND h.time >= k.time
                    AND epoch(h.time) <= epoch(k.time) + $leave_days * 86400
                    AND (h.field = 'termination_date' OR (h.field = 'status' AND h.new_value = 'terminated'))
    UNION ALL
    SELECT k.subject_id, coalesce(greatest(a.last_time, k.time), k.time), k.event_id, 'followed by silence', 3
    FROM asked k
    JOIN activity a ON a.subject_id = k.subject_id
    CROSS JOIN feed f
    LEFT JOIN away w ON w.subject_id = k.subject_id
    WHERE a.days_before >= $days_before AND w.subject_id IS NULL
      AND epoch(a.last_time) < epoch(k.time) + $answer_hours * 3600
      AND epoch(f.until) >= epoch(k.time) + ($answer_hours + $silence_hours) * 3600
),
found AS (
    SELECT r.*
    FROM answer r
    LEFT JOIN passed p ON p.subject_id = r.subject_id
    WHERE p.subject_id IS NULL
    QUALIFY row_number() OVER (PARTITION BY r.subject_id ORDER BY r.rank, r.time, r.event_id) = 1
),
-- Clear when they passed, or stayed and went on working for days.
seen AS (
    SELECT k.subject_id
    FROM asked k
    LEFT JOIN passed p ON p.subject_id = k.subject_id
    LEFT JOIN activity a ON a.subject_id = k.subject_id
    WHERE p.subject_id IS NOT NULL OR epoch(a.last_time) >= epoch(k.time) + ($answer_hours + $silence_hours) * 3600
)
SELECT coalesce(f.subject_id, n.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time,
       CASE WHEN f.subject_id IS NOT NULL THEN list_distinct([k.event_id, f.event_id]) END AS event_ids,
       k.time AS asked, f.what
FROM seen n
FULL JOIN found f ON f.subject_id = n.subject_id
LEFT JOIN asked k ON k.subject_id = f.subject_id
