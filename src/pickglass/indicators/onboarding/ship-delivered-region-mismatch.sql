-- The place of delivery against every home and work place that the rosters ever stated.
WITH place AS (
    SELECT city, region, country, CAST(latitude AS DOUBLE) AS latitude, CAST(longitude AS DOUBLE) AS longitude
    FROM reference_place
    WHERE city <> ''
    QUALIFY row_number() OVER (PARTITION BY city, region, country ORDER BY latitude) = 1
),
claim AS (
    SELECT subject_id, city, region, country FROM worker WHERE region <> '' AND country <> ''
    UNION
    SELECT subject_id, work_city, work_region, work_country FROM worker WHERE work_region <> '' AND work_country <> ''
),
returned AS (
    SELECT DISTINCT coalesce(tracking_number, shipment_id) AS parcel FROM shipment_event WHERE activity = 'returned'
),
delivery AS (
    SELECT d.subject_id, d.time, d.event_id, coalesce(d.shipment_id, d.tracking_number) AS shipment_id, d.city, d.region, d.country,
           concat_ws(', ', d.city, d.region, d.country) AS delivered
    FROM shipment_event d
    JOIN subject s ON s.subject_id = d.subject_id
    WHERE d.activity = 'delivered' AND d.region <> '' AND d.country <> ''
      AND coalesce(d.tracking_number, d.shipment_id, '') NOT IN (SELECT parcel FROM returned WHERE parcel IS NOT NULL)
      -- Near the end of the employment parcels go back to the company.
      AND (s.termination_date IS NULL OR d.time < s.termination_date - INTERVAL 14 DAY)
),
region_code AS (
    SELECT DISTINCT country, code FROM reference_region
),
distance AS (
    SELECT d.subject_id, d.event_id, c.country, lower(c.city) AS city, upper(c.region) AS region,
           min(2 * 6371 * asin(least(1, sqrt(power(sin(radians(h.latitude - p.latitude) / 2), 2)
               + cos(radians(p.latitude)) * cos(radians(h.latitude)) * power(sin(radians(h.longitude - p.longitude) / 2), 2))))) AS km
    FROM delivery d
    JOIN claim c ON c.subject_id = d.subject_id
    JOIN place p ON p.city = lower(d.city) AND p.country = d.country AND p.region IN ('', d.region)
    JOIN place h ON h.city = lower(c.city) AND h.country = c.country AND h.region IN ('', c.region)
    GROUP BY d.subject_id, d.event_id, c.country, lower(c.city), upper(c.region)
),
judged AS (
    -- The same town or region of one country fits, whatever the region is called; so does a town nearby. Two regions differ
    -- only if both are known codes, or the towns' distance is known: a name in another spelling proves nothing.
    SELECT d.subject_id, d.event_id,
           bool_or(d.country = c.country AND (upper(d.region) = upper(c.region) OR lower(d.city) = lower(c.city))
                   OR k.km <= $near_km) AS fits,
           bool_and(coalesce(d.country <> c.country OR k.km IS NOT NULL OR (x.code IS NOT NULL AND y.code IS NOT NULL), FALSE)) AS comparable
    FROM delivery d
    JOIN claim c ON c.subject_id = d.subject_id
    LEFT JOIN distance k ON k.subject_id = d.subject_id AND k.event_id = d.event_id
        AND k.country = c.country AND k.city = lower(c.city) AND k.region = upper(c.region)
    LEFT JOIN region_code x ON x.country = d.country AND x.code = upper(d.region)
    LEFT JOIN region_code y ON y.country = c.country AND y.code = upper(c.region)
    GROUP BY d.subject_id, d.event_id
),
answer AS (
    SELECT d.*, coalesce(j.fits, FALSE) OR j.comparable AS known, NOT coalesce(j.fits, FALSE)
           AND NOT EXISTS (SELECT 1 FROM attested a
                           WHERE a.subject_id = d.subject_id AND a.kind IN ('approved_travel', 'address_confirmed')
                             AND coalesce(a.outcome, 'passed') = 'passed' AND a.valid_from <= d.time + INTERVAL 7 DAY
                             AND (a.valid_until IS NULL OR a.valid_until > d.time)) AS fired
    FROM delivery d
    JOIN judged j ON j.subject_id = d.subject_id AND j.event_id = d.event_id
)
SELECT a.subject_id, a.fired, CASE WHEN a.fired THEN a.time END AS time, [a.event_id] AS event_ids, a.shipment_id, a.delivered,
       coalesce(nullif(concat_ws(', ', s.home_city, s.home_region, s.home_country), ''), concat_ws(', ', s.work_city, s.work_region, s.work_country)) AS claimed
FROM answer a
JOIN subject s ON s.subject_id = a.subject_id
WHERE a.known
QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY a.fired DESC, a.time, a.event_id) = 1
