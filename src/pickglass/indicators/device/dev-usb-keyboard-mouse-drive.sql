-- One device, told by its ids and serial and not by its name, whose parts are keyboard, mouse and drive within seconds.
WITH part AS (
    SELECT subject_id, coalesce(device_name, device_id, '') AS device, vendor_id, product_id, lower(usb_serial) AS serial, time, event_id,
           coalesce(class_name = 'keyboard' OR description ILIKE '%keyboard%', false) AS keyboard,
           coalesce(class_name = 'mouse' OR description ILIKE '%mouse%' OR description ILIKE '%pointing device%', false) AS mouse,
           coalesce(class_name IN ('diskdrive', 'cdrom', 'usbstor', 'scsiadapter', 'volume')
                    OR description ILIKE '%mass storage%', false) AS drive
    FROM peripheral
    WHERE activity <> 'disconnected' AND vendor_id IS NOT NULL AND product_id IS NOT NULL
),
-- Few devices are all three at any time; only those are compared part by part.
candidate AS (
    SELECT subject_id, device, vendor_id, product_id
    FROM part
    GROUP BY subject_id, device, vendor_id, product_id
    HAVING bool_or(keyboard) AND bool_or(mouse) AND bool_or(drive)
),
role AS (
    SELECT p.*
    FROM part p
    JOIN candidate c ON c.subject_id = p.subject_id AND c.device = p.device
        AND c.vendor_id = p.vendor_id AND c.product_id = p.product_id
    WHERE p.keyboard OR p.mouse OR p.drive
),
met AS (
    SELECT a.subject_id, a.device, a.vendor_id, a.product_id, a.time AS from_time, max(b.time) AS time,
           list(DISTINCT b.event_id ORDER BY b.event_id) AS event_ids
    FROM role a
    JOIN role b ON b.subject_id = a.subject_id AND b.device = a.device AND b.vendor_id = a.vendor_id
        AND b.product_id = a.product_id AND b.time >= a.time AND epoch(b.time) - epoch(a.time) <= $seconds
    GROUP BY a.subject_id, a.device, a.vendor_id, a.product_id, a.time
    HAVING bool_or(b.keyboard) AND bool_or(b.mouse) AND bool_or(b.drive) AND count(DISTINCT b.serial) <= 1
),
unapproved AS (
    SELECT m.*
    FROM met m
    WHERE NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = m.subject_id AND a.kind = 'approved_device'
          AND (contains(lower(a.value), 'gadget') OR contains(lower(a.value), 'kvm') OR contains(lower(a.value), 'board')
               OR contains(lower(a.value), m.vendor_id || ':' || m.product_id))
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(m.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > m.time))
    QUALIFY row_number() OVER (PARTITION BY m.subject_id ORDER BY m.from_time, m.device, m.vendor_id, m.product_id) = 1
)
SELECT coalesce(u.subject_id, c.subject_id) AS subject_id,
       u.subject_id IS NOT NULL AS fired,
       u.time,
       u.event_ids,
       u.device, CAST(u.from_time AS DATE) AS day, u.vendor_id || ':' || u.product_id AS ids, $seconds AS seconds
FROM unapproved u
FULL JOIN (SELECT subject_id FROM coverage WHERE table_name = 'peripheral') c ON c.subject_id = u.subject_id
