-- Files on a removable volume soon after the drive of a KVM or Linux gadget appeared on the same computer.
WITH known_maker AS (
    SELECT DISTINCT manufacturer AS name FROM reference_kvm_device WHERE manufacturer <> ''
    UNION
    SELECT DISTINCT product FROM reference_kvm_device WHERE product <> '' AND product NOT IN ('usb emulation device', 'multifunction usb device')
),
-- Few distinct drives stand for many records.
drive AS (
    SELECT DISTINCT vendor_id, product_id, lower(description) AS description, lower(manufacturer) AS manufacturer, lower(instance_path) AS path
    FROM peripheral
    WHERE activity <> 'disconnected'
      AND (class_name IN ('diskdrive', 'cdrom', 'usbstor', 'scsiadapter', 'volume') OR description ILIKE '%mass storage%'
           OR instance_path ILIKE 'usbstor%')
),
emulated AS (
    SELECT DISTINCT d.vendor_id, d.product_id, d.description, d.manufacturer, d.path
    FROM drive d
    LEFT JOIN known_maker k ON contains(d.description, k.name) OR contains(d.manufacturer, k.name) OR contains(d.path, k.name)
    WHERE k.name IS NOT NULL
       OR (d.vendor_id = '1d6b' AND d.product_id = '0104')
       OR contains(d.path, 'ven_linux&prod_file-stor_gadget') OR contains(d.path, 'ven_linux&prod_file-cd_gadget')
),
plugged AS (
    SELECT p.subject_id, p.time, p.event_id, coalesce(p.device_name, p.device_id, '') AS device
    FROM peripheral p
    JOIN emulated e
      ON e.vendor_id IS NOT DISTINCT FROM p.vendor_id AND e.product_id IS NOT DISTINCT FROM p.product_id
     AND e.description IS NOT DISTINCT FROM lower(p.description) AND e.manufacturer IS NOT DISTINCT FROM lower(p.manufacturer)
     AND e.path IS NOT DISTINCT FROM lower(p.instance_path)
    WHERE p.activity <> 'disconnected'
      AND NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = p.subject_id AND a.kind = 'approved_device'
          AND (contains(lower(a.value), 'kvm') OR contains(lower(a.value), 'gadget') OR contains(lower(a.value), 'pilot'))
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(p.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > p.time))
),
touched AS (
    SELECT f.subject_id, p.device, p.time AS drive_time, p.event_id AS drive_event, f.time, f.event_id, f.file_name,
           row_number() OVER (PARTITION BY f.subject_id ORDER BY f.time, f.event_id, p.time DESC) AS rank
    FROM file_activity f
    JOIN plugged p ON p.subject_id = f.subject_id AND coalesce(f.device_name, f.device_id, '') = p.device
        AND epoch(f.time) - epoch(p.time) BETWEEN 0 AND $hours * 3600
    WHERE f.volume = 'removable'
),
found AS (
    SELECT subject_id, min(time) AS time, count(DISTINCT event_id) AS files, min(device) FILTER (WHERE rank = 1) AS device,
           min(drive_time) FILTER (WHERE rank = 1) AS drive_time, min(file_name) FILTER (WHERE rank = 1) AS file,
           list_concat(list(drive_event) FILTER (WHERE rank = 1), list(event_id) FILTER (WHERE rank <= 10)) AS event_ids
    FROM touched
    GROUP BY subject_id
)
SELECT c.subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time,
       f.event_ids,
       f.files, f.device, f.drive_time, f.file, $hours AS hours
FROM coverage c
JOIN coverage v ON v.subject_id = c.subject_id AND v.table_name = 'file_activity'
LEFT JOIN found f ON f.subject_id = c.subject_id
WHERE c.table_name = 'peripheral'
