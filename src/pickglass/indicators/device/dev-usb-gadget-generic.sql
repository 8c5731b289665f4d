-- One generic Linux USB gadget that is keyboard, mouse and drive at once, on one computer on one day.
-- Its parts come as records of their own, so day and computer (and serial, where one is told) hold them together.
-- Gadgets that name themselves fire here too: leaving them out would make the plainest case look clear.
WITH part AS (
    SELECT subject_id, coalesce(device_name, device_id, '') AS device, CAST(time AS DATE) AS day, time, event_id,
           coalesce(class_name = 'keyboard' OR description ILIKE '%keyboard%', false) AS keyboard,
           coalesce(class_name = 'mouse' OR description ILIKE '%mouse%' OR description ILIKE '%pointing device%', false) AS mouse,
           coalesce(class_name IN ('diskdrive', 'cdrom', 'usbstor', 'scsiadapter', 'volume')
                    OR description ILIKE '%mass storage%', false) AS drive
    FROM peripheral
    WHERE activity <> 'disconnected'
      AND (vendor_id = '1d6b' AND product_id = '0104'
           -- Windows names the gadget's drive by its SCSI strings, without the ids.
           OR instance_path ILIKE '%ven_linux&prod_file-stor_gadget%'
           OR instance_path ILIKE '%ven_linux&prod_file-cd_gadget%')
),
gadget AS (
    SELECT subject_id, device, day, max(time) AS time, list(event_id) FILTER (WHERE keyboard OR mouse OR drive) AS event_ids
    FROM part
    GROUP BY subject_id, device, day
    HAVING bool_or(keyboard) AND bool_or(mouse) AND bool_or(drive)
),
unapproved AS (
    SELECT g.*, count(*) OVER (PARTITION BY g.subject_id) AS days
    FROM gadget g
    WHERE NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = g.subject_id AND a.kind = 'approved_device'
          AND (contains(lower(a.value), 'gadget') OR contains(lower(a.value), 'kvm') OR contains(lower(a.value), 'raspberry')
               OR contains(lower(a.value), '1d6b'))
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(g.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > g.time))
    QUALIFY row_number() OVER (PARTITION BY g.subject_id ORDER BY g.day, g.device) = 1
)
SELECT coalesce(u.subject_id, c.subject_id) AS subject_id,
       u.subject_id IS NOT NULL AS fired,
       u.time,
       u.event_ids,
       u.device, u.day
FROM unapproved u
FULL JOIN (SELECT subject_id FROM coverage WHERE table_name = 'peripheral') c ON c.subject_id = u.subject_id
