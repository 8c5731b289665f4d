-- Location service off and no Wi-Fi over days, on a computer that once reported them or among colleagues whose do.
-- Without such a comparison nobody can tell «switched off» from «never collected».
WITH daily AS (
    SELECT subject_id, CAST(time AS DATE) AS day, max(time) AS time,
           bool_or(location_enabled) AS location_on, bool_or(wifi_bssid IS NOT NULL) AS on_wifi,
           arg_max(event_id, time) AS event_id
    FROM device_state
    WHERE location_enabled IS NOT NULL
    GROUP BY subject_id, CAST(time AS DATE)
),
person AS (
    SELECT subject_id, count(*) AS days, max(time) AS last_time,
           count(*) FILTER (WHERE NOT location_on AND NOT on_wifi) AS dark_days,
           bool_or(location_on) AS ever_on, bool_or(on_wifi) AS ever_wifi,
           max(day) FILTER (WHERE location_on OR on_wifi) AS last_open_day
    FROM daily
    GROUP BY subject_id
),
fleet AS (
    SELECT count(*) AS people, count(*) FILTER (WHERE ever_on) AS people_on, count(*) FILTER (WHERE ever_wifi) AS people_wifi
    FROM person
),
-- The last unbroken stretch in the dark.
dark AS (
    SELECT d.subject_id, count(*) AS dark_days, min(d.day) AS first_day, max(d.day) AS last_day, max(d.time) AS time,
           list(d.event_id) AS event_ids
    FROM daily d
    JOIN person p ON p.subject_id = d.subject_id
    WHERE p.last_open_day IS NULL OR d.day > p.last_open_day
    GROUP BY d.subject_id
)
SELECT p.subject_id,
       coalesce(k.dark_days, 0) >= $min_days
           AND (p.ever_on OR f.people_on - CASE WHEN p.ever_on THEN 1 ELSE 0 END >= $usual_share * nullif(f.people - 1, 0)) AS fired,
       CASE WHEN coalesce(k.dark_days, 0) >= $min_days THEN k.time END AS time,
       k.event_ids,
       k.dark_days, k.first_day, k.last_day,
       CASE WHEN p.ever_on THEN 'before, it was on' ELSE f.people_on || ' of ' || f.people || ' people keep it on' END AS comparison
FROM person p
CROSS JOIN fleet f
JOIN coverage c ON c.subject_id = p.subject_id AND c.table_name = 'device_state'
LEFT JOIN dark k ON k.subject_id = p.subject_id
WHERE p.days >= $min_days
  AND f.people_wifi > 0
  AND (p.ever_on OR (f.people > $usual_people AND f.people_on >= $usual_share * f.people))
