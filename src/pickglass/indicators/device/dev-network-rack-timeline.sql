-- Wi-Fi, then a KVM, gadget or serial adapter, then a wired adapter, within a day of the first weeks on one computer.
WITH enrolment AS (
    SELECT subject_id, min(time) AS enrolled_time FROM device_state WHERE activity = 'enrolled' GROUP BY subject_id
),
start AS (
    SELECT s.subject_id,
           CASE WHEN s.hire_date IS NULL THEN e.enrolled_time
                WHEN s.device_time BETWEEN s.hire_date AND s.hire_date + INTERVAL 60 DAY THEN s.device_time
                ELSE s.hire_date END AS start_time
    FROM subject s
    LEFT JOIN enrolment e ON e.subject_id = s.subject_id
),
wifi AS (
    SELECT d.subject_id, lower(coalesce(d.device_name, d.device_id, '')) AS device, d.time, d.event_id
    FROM device_state d
    JOIN start s ON s.subject_id = d.subject_id
    WHERE d.wifi_bssid IS NOT NULL AND epoch(d.time) - epoch(s.start_time) BETWEEN -30 * 86400 AND $window_days * 86400
    QUALIFY row_number() OVER (PARTITION BY d.subject_id, lower(coalesce(d.device_name, d.device_id, '')) ORDER BY d.time, d.event_id) = 1
),
plugged AS (
    SELECT subject_id, lower(coalesce(device_name, device_id, '')) AS device, time, event_id, coalesce(description, manufacturer, instance_path) AS shown,
           coalesce((vendor_id = '1d6b' AND product_id = '0104')
                    OR (class_name = 'ports' AND vendor_id IS NOT NULL)
                    OR description ILIKE '%usb%serial%' OR description ILIKE '%pikvm%' OR description ILIKE '%jetkvm%'
                    OR description ILIKE '%nanokvm%' OR description ILIKE '%tinypilot%', false) AS adapter,
           coalesce(class_name = 'net' AND NOT regexp_matches(coalesce(description, ''), '(?i)(wi-?fi|wireless|wlan|802\.11|bluetooth|virtual|vpn|tap-|wan miniport|tunnel)'), false) AS wired
    FROM peripheral
    WHERE activity <> 'disconnected'
),
line AS (
    SELECT w.subject_id, a.device, w.time AS wifi_time, a.time AS adapter_time, c.time, a.shown AS adapter, c.shown AS wired,
           [w.event_id, a.event_id, c.event_id] AS event_ids
    FROM wifi w
    JOIN plugged a ON a.subject_id = w.subject_id AND a.device = w.device AND a.adapter
        AND epoch(a.time) - epoch(w.time) BETWEEN 0 AND $hours * 3600
    JOIN plugged c ON c.subject_id = w.subject_id AND c.device = w.device AND c.wired AND c.time >= a.time
        AND epoch(c.time) - epoch(w.time) <= $hours * 3600
    WHERE NOT EXISTS (
        SELECT 1 FROM attested t
        WHERE t.subject_id = w.subject_id AND t.kind = 'approved_device'
          AND (contains(lower(t.value), 'serial') OR contains(lower(t.value), 'kvm'))
          AND coalesce(t.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(t.valid_from) <= epoch(a.time) + $approval_lag_days * 86400
          AND (t.valid_until IS NULL OR t.valid_until > a.time))
    QUALIFY row_number() OVER (PARTITION BY w.subject_id ORDER BY c.time, a.time, c.event_id) = 1
),
-- Both kinds of records of the same first days prove that it would have been seen.
watched AS (
    SELECT DISTINCT w.subject_id
    FROM wifi w
    JOIN plugged p ON p.subject_id = w.subject_id AND p.device = w.device AND epoch(p.time) - epoch(w.time) BETWEEN 0 AND $hours * 3600
)
SELECT coalesce(l.subject_id, w.subject_id) AS subject_id,
       l.subject_id IS NOT NULL AS fired,
       l.time,
       l.event_ids,
       l.device, l.wifi_time, l.adapter, l.adapter_time, l.wired, $hours AS hours
FROM line l
FULL JOIN watched w ON w.subject_id = l.subject_id
