-- The first half of a gateway's address tells its maker; these are registered to a maker of travel routers with a VPN switch.
WITH way AS (
    SELECT subject_id, time, event_id, CAST(time AS DATE) AS day,
           replace(lower(coalesce(gateway_mac, wifi_bssid)), '-', ':') AS gateway
    FROM device_state
    WHERE gateway_mac IS NOT NULL OR wifi_bssid IS NOT NULL
),
travel AS (
    SELECT w.*, row_number() OVER (PARTITION BY w.subject_id ORDER BY w.time, w.event_id) AS rank
    FROM way w
    WHERE (starts_with(w.gateway, '94:83:c4:') OR starts_with(w.gateway, 'e4:95:6e:4'))
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = w.subject_id AND a.kind IN ('approved_travel', 'approved_device')
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(w.time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > w.time))
),
found AS (
    SELECT subject_id, count(DISTINCT day) AS days, min(time) AS first_time, max(time) AS time,
           min(gateway) FILTER (WHERE rank = 1) AS gateway, list(event_id) FILTER (WHERE rank <= 10) AS event_ids
    FROM travel
    GROUP BY subject_id
    HAVING count(DISTINCT day) >= $min_days
),
watched AS (
    SELECT subject_id FROM way GROUP BY subject_id HAVING count(DISTINCT day) >= $min_days
)
SELECT w.subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids, f.gateway, f.days, f.first_time
FROM watched w
LEFT JOIN found f ON f.subject_id = w.subject_id
