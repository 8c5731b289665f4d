-- What the carrier says of the place, or the words of a known service in the address.
WITH went AS (
    SELECT subject_id, time, event_id, activity, coalesce(shipment_id, tracking_number) AS shipment_id, place_kind,
           coalesce(address, concat_ws(', ', city, region, country)) AS place,
           ' ' || regexp_replace(lower(concat_ws(' ', recipient, address, address_key)), '[^a-z0-9]+', ' ', 'g') || ' ' AS words
    FROM shipment_event
    WHERE activity IN ('ordered', 'redirected', 'delivered', 'signed')
      AND (address IS NOT NULL OR address_key IS NOT NULL OR place_kind IS NOT NULL)
),
service AS (
    SELECT DISTINCT ' ' || trim(regexp_replace(lower(name), '[^a-z0-9]+', ' ', 'g')) || ' ' AS name, replace(kind, '_', ' ') AS kind
    FROM reference_mailbox_service
    WHERE kind <> 'pickup_point'      -- a carrier's own counter is ordinary
),
known AS (
    SELECT w.words, min(s.kind) AS kind
    FROM (SELECT DISTINCT words FROM went) w
    JOIN service s ON contains(w.words, s.name)
    GROUP BY w.words
),
answer AS (
    SELECT w.subject_id, w.time, w.event_id, w.activity, w.shipment_id, w.place,
           CASE WHEN w.place_kind = 'mailbox' THEN coalesce(k.kind, 'mailbox') ELSE k.kind END AS kind,
           EXISTS (SELECT 1 FROM attested a
                   WHERE a.subject_id = w.subject_id AND a.kind IN ('accessibility', 'address_confirmed')
                     AND coalesce(a.outcome, 'passed') = 'passed' AND (a.valid_until IS NULL OR a.valid_until > w.time)) AS exempt
    FROM went w
    LEFT JOIN known k ON k.words = w.words
)
SELECT subject_id, kind IS NOT NULL AND NOT exempt AS fired, CASE WHEN kind IS NOT NULL AND NOT exempt THEN time END AS time, [event_id] AS event_ids, place, kind, activity, shipment_id
FROM answer
QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY kind IS NULL OR exempt, time, event_id) = 1
