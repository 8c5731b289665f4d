-- A USB device or a display that names itself as a KVM over IP.
-- Every cell of a fingerprint that is not empty has to match; few distinct devices meet few fingerprints.
WITH device AS (
    SELECT DISTINCT vendor_id, product_id, lower(usb_serial) AS serial, lower(manufacturer) AS manufacturer,
           lower(description) AS description, lower(instance_path) AS path
    FROM peripheral
    WHERE activity <> 'disconnected'
),
known_device AS (
    SELECT d.vendor_id, d.product_id, d.serial, d.manufacturer, d.description, d.path, min(k.name) AS name
    FROM device d
    JOIN reference_kvm_device k
      ON (k.vendor_id = '' OR k.vendor_id = d.vendor_id)
     AND (k.product_id = '' OR k.product_id = d.product_id)
     AND (k.serial = '' OR k.serial = d.serial)
     AND (k.manufacturer = '' OR contains(d.manufacturer, k.manufacturer))
     -- A drive of the KVM shows its product only in the path: USBSTOR\Disk&Ven_PiKVM.
     AND (k.product = '' OR contains(d.description, k.product) OR contains(d.path, k.product))
     AND (k.display_vendor = '' OR contains(d.path, k.display_vendor))
     AND (k.display_name = '' OR contains(d.description, k.display_name))
    GROUP BY d.vendor_id, d.product_id, d.serial, d.manufacturer, d.description, d.path
),
display AS (
    SELECT DISTINCT lower(display_name) AS display_name FROM device_state WHERE display_name IS NOT NULL
),
known_display AS (
    SELECT d.display_name, min(k.name) AS name
    FROM display d
    JOIN reference_kvm_device k
      ON (k.display_name <> '' AND contains(d.display_name, k.display_name))
      OR (k.display_vendor <> '' AND contains(d.display_name, k.display_vendor))
    GROUP BY d.display_name
),
sighting AS (
    SELECT p.subject_id, p.time, p.event_id, coalesce(p.device_name, p.device_id) AS device, n.name,
           coalesce(p.description, p.manufacturer, p.instance_path) AS shown
    FROM peripheral p
    JOIN known_device n
      ON n.vendor_id IS NOT DISTINCT FROM p.vendor_id AND n.product_id IS NOT DISTINCT FROM p.product_id
     AND n.serial IS NOT DISTINCT FROM lower(p.usb_serial) AND n.manufacturer IS NOT DISTINCT FROM lower(p.manufacturer)
     AND n.description IS NOT DISTINCT FROM lower(p.description) AND n.path IS NOT DISTINCT FROM lower(p.instance_path)
    WHERE p.activity <> 'disconnected'
    UNION ALL
    SELECT d.subject_id, d.time, d.event_id, coalesce(d.device_name, d.device_id, d.device_serial), n.name, d.display_name
    FROM device_state d
    JOIN known_display n ON n.display_name = lower(d.display_name)
),
unapproved AS (
    SELECT s.*,
           row_number() OVER (PARTITION BY s.subject_id ORDER BY s.time, s.event_id) AS rank
    FROM sighting s
    WHERE NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = s.subject_id AND a.kind IN ('approved_device', 'sanctioned_tool') AND contains(lower(a.value), s.name)
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(s.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > s.time))
),
first AS (
    SELECT subject_id, min(time) AS time, list(event_id) FILTER (WHERE rank <= 5) AS event_ids,
           min(name) FILTER (WHERE rank = 1) AS name, min(shown) FILTER (WHERE rank = 1) AS shown,
           min(device) FILTER (WHERE rank = 1) AS device, count(DISTINCT CAST(time AS DATE)) AS days
    FROM unapproved
    GROUP BY subject_id
)
SELECT coalesce(f.subject_id, c.subject_id) AS subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time,
       f.event_ids,
       f.shown, f.name, f.device, f.days
FROM first f
FULL JOIN (SELECT subject_id FROM coverage WHERE table_name = 'peripheral') c ON c.subject_id = f.subject_id
