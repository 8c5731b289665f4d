-- Where equipment went against the addresses that came with the identity and background check, in any of their towns.
WITH paper AS (
    -- An address belongs to a check where both came from one source about one person.
    SELECT i.subject_id, i.value AS address_key, min(i.time) AS time, min(i.event_id) AS event_id
    FROM identifier i
    JOIN hiring_event h ON h.subject_id = i.subject_id AND h.source = i.source AND h.activity IN ('identity_check', 'background_check')
    WHERE i.kind = 'address' AND split_part(i.value, '|', 2) <> ''
    GROUP BY i.subject_id, i.value
),
going AS (
    SELECT g.subject_id, g.time, g.event_id, g.activity, g.address_key, coalesce(g.shipment_id, g.tracking_number, 'without number') AS shipment
    FROM shipment_event g
    JOIN subject s ON s.subject_id = g.subject_id
    WHERE g.activity IN ('ordered', 'redirected', 'delivered', 'signed') AND split_part(g.address_key, '|', 2) <> ''
      -- Nobody has an office, a counter or a locker on a document; mail stores have an indicator of their own.
      AND coalesce(g.place_kind, 'residence') = 'residence' AND coalesce(s.remote, TRUE)
      AND epoch(g.time) - epoch(s.hire_date) BETWEEN -$lead_days * 86400 AND $after_days * 86400
),
compared AS (
    SELECT g.subject_id, g.time, g.event_id, g.shipment, g.address_key,
           -- The town is enough: most people move within it, and old licences keep the old street.
           bool_or(lower(split_part(p.address_key, '|', 2)) = lower(split_part(g.address_key, '|', 2))
                   OR (split_part(p.address_key, '|', 3) <> '' AND split_part(p.address_key, '|', 3) = split_part(g.address_key, '|', 3))) AS known,
           list_sort(list(DISTINCT split_part(p.address_key, '|', 2))) AS towns, arg_max(p.event_id, p.time) AS paper_event
    FROM going g
    JOIN paper p ON p.subject_id = g.subject_id
    GROUP BY g.subject_id, g.time, g.event_id, g.shipment, g.address_key
),
judged AS (
    SELECT c.*,
           NOT c.known AND NOT EXISTS (SELECT 1 FROM attested a
                                       WHERE a.subject_id = c.subject_id AND a.kind IN ('address_confirmed', 'accessibility')
                                         AND coalesce(a.outcome, 'passed') = 'passed' AND (a.valid_until IS NULL OR a.valid_until > c.time)) AS fired
    FROM compared c
)
SELECT subject_id, fired, CASE WHEN fired THEN time END AS time, [event_id, paper_event] AS event_ids, shipment,
       split_part(address_key, '|', 2) AS town, towns
FROM judged
QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY fired DESC, time, event_id) = 1
