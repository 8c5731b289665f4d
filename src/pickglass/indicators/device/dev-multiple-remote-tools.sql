-- Two different unsanctioned remote-control products within a few days, on any of the person's computers.
-- One row per tool and day is enough to tell what lay within some days of what.
WITH daily AS (
    SELECT s.subject_id, s.name, min(s.tool) AS tool, CAST(s.time AS DATE) AS day, min(s.time) AS first_time, arg_min(s.event_id, s.time) AS event_id,
           arg_min(s.device, s.time) AS device
    FROM remote_tool_use s
    WHERE s.kind <> 'tunnel'
    GROUP BY s.subject_id, s.name, CAST(s.time AS DATE)
),
used AS (
    SELECT subject_id, name, min(first_time) AS first_time FROM daily GROUP BY subject_id, name
),
usual AS (
    SELECT name
    FROM used
    GROUP BY name
    HAVING count(*) > $usual_people
       AND count(*) >= $usual_share * (SELECT count(DISTINCT subject_id) FROM coverage WHERE table_name = 'process')
),
colleague AS (
    SELECT u.subject_id, u.name, count(*) AS colleagues
    FROM used u
    JOIN subject s ON s.subject_id = u.subject_id
    JOIN used o ON o.name = u.name AND o.subject_id <> u.subject_id
    JOIN subject c ON c.subject_id = o.subject_id AND c.department = s.department
    WHERE u.name NOT IN (SELECT name FROM usual) AND epoch(c.hire_date) < epoch(u.first_time) - 365 * 86400
    GROUP BY u.subject_id, u.name
),
unapproved AS (
    SELECT d.*
    FROM daily d
    LEFT JOIN colleague k ON k.subject_id = d.subject_id AND k.name = d.name
    WHERE d.name NOT IN (SELECT name FROM usual)
      AND coalesce(k.colleagues, 0) < $usual_colleagues
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = d.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) IN (d.name, lower(d.tool))
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(d.first_time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > d.first_time))
),
pair AS (
    SELECT b.subject_id, b.first_time AS time, a.tool AS tool, b.tool AS other_tool, a.first_time AS tool_time,
           b.first_time AS other_time, b.device, [a.event_id, b.event_id] AS event_ids
    FROM unapproved a
    JOIN unapproved b ON b.subject_id = a.subject_id AND b.name <> a.name AND b.first_time >= a.first_time
    WHERE epoch(b.first_time) - epoch(a.first_time) <= $window_days * 86400
    QUALIFY row_number() OVER (PARTITION BY b.subject_id ORDER BY b.first_time, a.first_time, b.name, a.name) = 1
)
SELECT coalesce(p.subject_id, c.subject_id) AS subject_id,
       p.subject_id IS NOT NULL AS fired,
       p.time,
       p.event_ids,
       p.tool, p.other_tool, p.tool_time, p.other_time, p.device, $window_days AS window_days
FROM pair p
FULL JOIN (SELECT subject_id FROM coverage WHERE table_name = 'process' AND days >= $observed_days) c
       ON c.subject_id = p.subject_id
