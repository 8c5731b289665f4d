-- A program or device whose only purpose is to keep the computer looking used. What many use is custom, not a sign.
WITH sighting AS (
    SELECT p.subject_id, p.time, p.event_id, j.name
    FROM process p
    JOIN (SELECT DISTINCT process_name, name FROM reference_jiggler WHERE process_name <> '') j ON j.process_name = p.process_name
    UNION ALL
    SELECT p.subject_id, p.time, p.event_id, j.name
    FROM peripheral p
    JOIN (SELECT DISTINCT vendor_id, product_id, name FROM reference_jiggler WHERE vendor_id <> '') j
      ON j.vendor_id = p.vendor_id AND j.product_id = p.product_id
    WHERE p.activity <> 'disconnected'
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id, name ORDER BY time, event_id) AS rank FROM sighting
),
used AS (
    SELECT subject_id, name, min(time) AS first_time, max(time) AS time, count(DISTINCT CAST(time AS DATE)) AS days,
           list(event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM ranked
    GROUP BY subject_id, name
),
usual AS (
    SELECT count(DISTINCT subject_id) AS people FROM used
),
most AS (
    SELECT u.*
    FROM used u
    WHERE u.days >= $min_days
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = u.subject_id AND a.kind IN ('sanctioned_tool', 'approved_device', 'accessibility')
            AND (a.kind = 'accessibility' OR lower(a.value) = u.name)
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(u.first_time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > u.first_time))
    QUALIFY row_number() OVER (PARTITION BY u.subject_id ORDER BY u.days DESC, u.name) = 1
)
SELECT coalesce(m.subject_id, c.subject_id) AS subject_id,
       m.subject_id IS NOT NULL AS fired,
       m.time,
       m.event_ids,
       m.name, m.days, m.first_time
FROM most m
FULL JOIN (SELECT subject_id FROM coverage WHERE table_name = 'process' AND days >= $observed_days) c
       ON c.subject_id = m.subject_id
CROSS JOIN usual u
WHERE u.people <= $usual_people
   OR u.people < $usual_share * (SELECT count(DISTINCT subject_id) FROM coverage WHERE table_name = 'process')
