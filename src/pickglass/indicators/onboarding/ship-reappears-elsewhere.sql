-- Location fixes of the device itself, and sign-ins from it that use no tunnel and no rented server.
WITH place AS (
    SELECT city, region, country, CAST(latitude AS DOUBLE) AS latitude, CAST(longitude AS DOUBLE) AS longitude
    FROM reference_place
    WHERE city <> ''
    QUALIFY row_number() OVER (PARTITION BY city, region, country ORDER BY latitude) = 1
),
delivery AS (
    SELECT d.subject_id, d.time AS delivered_time, d.event_id, d.device_serial, concat_ws(', ', d.city, d.region, d.country) AS delivered,
           p.latitude, p.longitude, d.country
    FROM shipment_event d
    JOIN subject s ON s.subject_id = d.subject_id
    JOIN place p ON p.city = lower(d.city) AND p.region = coalesce(d.region, '') AND p.country = d.country
    WHERE d.activity = 'delivered' AND (s.termination_date IS NULL OR d.time < s.termination_date - INTERVAL 14 DAY)
    QUALIFY row_number() OVER (PARTITION BY d.subject_id ORDER BY d.time, d.event_id) = 1
),
hosting AS (
    SELECT DISTINCT CAST(asn AS BIGINT) AS asn FROM reference_hosting_network
),
issued AS (
    SELECT DISTINCT subject_id, device_id FROM device_state WHERE device_id IS NOT NULL AND coalesce(managed, corporate, TRUE)
),
-- Only fixes count as places of the device; an address on the network alone is not taken from the inventory.
sighting AS (
    SELECT t.subject_id, t.time, t.event_id, t.latitude, t.longitude, concat_ws(', ', t.city, t.region, t.country) AS seen, t.device_serial, t.claimed_km,
           CAST(NULL AS VARCHAR) AS network_country
    FROM device_state t
    WHERE t.latitude IS NOT NULL AND t.longitude IS NOT NULL AND coalesce(t.accuracy_m, 0) <= $accuracy_m
    UNION ALL
    SELECT n.subject_id, n.time, n.event_id, n.latitude, n.longitude, concat_ws(', ', n.city, n.region, n.country), NULL, n.claimed_km, coalesce(n.country, '')
    FROM signin n
    JOIN issued i ON i.subject_id = n.subject_id AND i.device_id = n.device_id
    WHERE n.outcome = 'success' AND n.latitude IS NOT NULL AND n.longitude IS NOT NULL
      AND NOT coalesce(n.anonymous, FALSE) AND n.tunnel_operator IS NULL
      AND coalesce(n.asn, 0) NOT IN (SELECT asn FROM hosting)
),
measured AS (
    SELECT d.subject_id, d.delivered, d.delivered_time, d.event_id AS delivery_event, g.time, g.event_id, g.seen, g.claimed_km, d.country, g.network_country,
           2 * 6371 * asin(least(1, sqrt(power(sin(radians(g.latitude - d.latitude) / 2), 2)
               + cos(radians(d.latitude)) * cos(radians(g.latitude)) * power(sin(radians(g.longitude - d.longitude) / 2), 2)))) AS km
    FROM delivery d
    JOIN sighting g ON g.subject_id = d.subject_id AND g.time > d.delivered_time
                   AND epoch(g.time) - epoch(d.delivered_time) <= $window_days * 86400
    WHERE d.device_serial IS NULL OR g.device_serial IS NULL OR upper(g.device_serial) = upper(d.device_serial)
),
-- Within one country the place of a network address may be hundreds of kilometres wrong: it can show that the computer is
-- near, and that it is in another country, but not that it is far.
told AS (
    SELECT *
    FROM measured
    WHERE network_country IS NULL OR km <= $far_km OR claimed_km <= $far_km OR (network_country <> '' AND network_country <> country)
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) <= $sightings
),
counted AS (
    SELECT subject_id, min(delivered) AS delivered, min(delivered_time) AS delivered_time, min(time) AS time,
           count(DISTINCT CAST(time AS DATE)) AS days, min(km) AS km, min(claimed_km) AS claimed_km, arg_min(seen, time) AS seen,
           list_concat([min(delivery_event)], list(event_id ORDER BY time, event_id)) AS event_ids
    FROM told
    GROUP BY subject_id
)
SELECT c.subject_id,
       -- Whoever let the parcel go to relatives and works where they said they do is not meant.
       c.km > $far_km AND coalesce(c.claimed_km, c.km) > $far_km
           AND NOT EXISTS (SELECT 1 FROM attested a
                           WHERE a.subject_id = c.subject_id AND a.kind IN ('approved_travel', 'address_confirmed')
                             AND coalesce(a.outcome, 'passed') = 'passed' AND a.valid_from <= c.time + INTERVAL 14 DAY
                             AND (a.valid_until IS NULL OR a.valid_until > c.time)) AS fired,
       c.time, c.event_ids, c.delivered, c.delivered_time, c.days, coalesce(nullif(c.seen, ''), 'a place without a name') AS seen, c.km
FROM counted c
WHERE c.days >= $days
