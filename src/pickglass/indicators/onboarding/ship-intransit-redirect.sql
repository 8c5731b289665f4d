-- A redirect by the recipient while the parcel was under way. A parcel shop after a failed delivery is ordinary.
WITH sent AS (
    SELECT subject_id, coalesce(tracking_number, shipment_id) AS parcel, min(time) AS sent_time
    FROM shipment_event
    WHERE activity IN ('dispatched', 'in_transit')
    GROUP BY subject_id, coalesce(tracking_number, shipment_id)
),
redirect AS (
    SELECT r.subject_id, coalesce(r.shipment_id, r.tracking_number) AS shipment_id, r.time, r.event_id, r.requested_by,
           coalesce(nullif(concat_ws(', ', r.city, r.region, r.country), ''), 'an address that the carrier does not name') AS new_place,
           (epoch(r.time) - epoch(s.sent_time)) / 3600 AS hours
    FROM shipment_event r
    JOIN sent s ON s.subject_id = r.subject_id AND s.parcel = coalesce(r.tracking_number, r.shipment_id)
    WHERE r.activity = 'redirected' AND r.requested_by = 'recipient'
      AND epoch(r.time) - epoch(s.sent_time) >= $grace_hours * 3600
      AND NOT (coalesce(r.place_kind, '') IN ('pickup_point', 'locker')
               AND EXISTS (SELECT 1 FROM shipment_event e
                           WHERE e.subject_id = r.subject_id AND e.activity = 'exception' AND e.time <= r.time
                             AND coalesce(e.tracking_number, e.shipment_id) = coalesce(r.tracking_number, r.shipment_id)))
      AND NOT EXISTS (SELECT 1 FROM attested a
                      WHERE a.subject_id = r.subject_id AND a.kind IN ('approved_travel', 'address_confirmed')
                        AND coalesce(a.outcome, 'passed') = 'passed' AND a.valid_from <= r.time + INTERVAL 7 DAY
                        AND (a.valid_until IS NULL OR a.valid_until > r.time))
    QUALIFY row_number() OVER (PARTITION BY r.subject_id ORDER BY r.time, r.event_id) = 1
),
-- A parcel that was followed to its end would have shown a redirect.
followed AS (
    SELECT DISTINCT s.subject_id
    FROM sent s
    JOIN shipment_event d ON d.subject_id = s.subject_id AND coalesce(d.tracking_number, d.shipment_id) = s.parcel
    WHERE d.activity IN ('delivered', 'signed', 'returned')
)
SELECT coalesce(r.subject_id, f.subject_id) AS subject_id,
       r.subject_id IS NOT NULL AS fired,
       r.time, [r.event_id] AS event_ids, r.shipment_id, r.new_place, r.hours, r.requested_by
FROM redirect r
FULL JOIN followed f ON f.subject_id = r.subject_id
