-- Units that drive a computer or film its screen, told apart by their own serial, at computers of several people.
WITH default_serial AS (
    SELECT DISTINCT serial FROM reference_kvm_device WHERE serial <> ''
),
maker AS (
    SELECT DISTINCT manufacturer AS name FROM reference_kvm_device WHERE manufacturer <> ''
    UNION
    SELECT DISTINCT name FROM reference_capture_device WHERE kind = 'capture_card'
),
label AS (
    SELECT DISTINCT lower(concat_ws(' ', manufacturer, description, instance_path)) AS shown FROM peripheral
),
known_label AS (
    SELECT DISTINCT l.shown FROM label l JOIN maker m ON contains(l.shown, m.name)
),
held AS (
    SELECT p.subject_id, concat_ws(':', p.vendor_id, p.product_id) || ' ' || lower(p.usb_serial) AS unit, min(p.time) AS first_time,
           arg_min(p.event_id, p.time) AS event_id
    FROM peripheral p
    LEFT JOIN known_label k ON k.shown = lower(concat_ws(' ', p.manufacturer, p.description, p.instance_path))
    WHERE p.activity <> 'disconnected' AND length(p.usb_serial) >= 6
      -- A serial of one repeated sign, or a counted one, is none.
      AND NOT regexp_matches(lower(p.usb_serial), '^(0+1?|1+|f+|x+|0?123456.*|serial.*|none|default.*|20[0-9]{4,10})$')
      AND lower(p.usb_serial) NOT IN (SELECT serial FROM default_serial)
      AND ((p.vendor_id = '1d6b' AND p.product_id = '0104') OR k.shown IS NOT NULL)
    GROUP BY p.subject_id, concat_ws(':', p.vendor_id, p.product_id) || ' ' || lower(p.usb_serial)
),
home AS (
    SELECT a.subject_id, o.subject_id AS other_id
    FROM attested a
    JOIN worker o ON lower(o.account) = lower(a.value)
    WHERE a.kind = 'household' AND (a.valid_until IS NULL OR a.valid_until > $as_of)
),
pair AS (
    SELECT a.subject_id, a.unit, a.first_time, a.event_id, o.subject_id AS other_id, o.first_time AS other_time, o.event_id AS other_event
    FROM held a
    JOIN held o ON o.unit = a.unit AND o.subject_id <> a.subject_id
    WHERE NOT EXISTS (SELECT 1 FROM home h WHERE (h.subject_id = a.subject_id AND h.other_id = o.subject_id)
                                              OR (h.subject_id = o.subject_id AND h.other_id = a.subject_id))
),
shared AS (
    SELECT p.subject_id, p.unit, count(DISTINCT p.other_id) + 1 AS people, greatest(p.first_time, min(p.other_time)) AS time,
           list(DISTINCT s.name ORDER BY s.name) AS others,
           list_concat([p.event_id], list(DISTINCT p.other_event ORDER BY p.other_event)) AS event_ids
    FROM pair p
    JOIN subject s ON s.subject_id = p.other_id
    GROUP BY p.subject_id, p.unit, p.first_time, p.event_id
    HAVING count(DISTINCT p.other_id) + 1 BETWEEN $min_subjects AND $max_subjects
    QUALIFY row_number() OVER (PARTITION BY p.subject_id ORDER BY count(DISTINCT p.other_id) DESC, p.unit) = 1
)
SELECT c.subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids, f.unit, f.people, f.others
FROM coverage c
LEFT JOIN shared f ON f.subject_id = c.subject_id
WHERE c.table_name = 'peripheral'
