-- The issued computer after the end of the employment: still at work weeks later, or far from where it was before.
WITH ended AS (
    SELECT subject_id, termination_date AS time FROM subject
    WHERE termination_date <= $as_of AND (hire_date IS NULL OR hire_date <= termination_date)
),
-- A check-in that tells something of the running computer; an asset system calls a return to the shelf a check-in, too.
beat AS (
    SELECT d.subject_id, d.time, d.event_id, coalesce(d.device_name, d.device_serial, d.device_id, 'without name') AS device, lower(d.src_ip) AS src_ip,
           CASE WHEN d.accuracy_m IS NULL OR d.accuracy_m <= $accuracy_m THEN d.latitude END AS latitude, d.longitude,
           concat_ws(', ', d.city, d.region, d.country) AS place, e.time AS ended_time,
           epoch(d.time) > epoch(e.time) + 36 * 3600 AS later
    FROM device_state d
    JOIN ended e ON e.subject_id = d.subject_id
    WHERE coalesce(d.managed, d.corporate, TRUE) AND d.activity = 'checkin'
      AND (d.src_ip IS NOT NULL OR d.latitude IS NOT NULL OR d.gateway_mac IS NOT NULL OR d.wifi_bssid IS NOT NULL OR d.os_version IS NOT NULL)
      AND epoch(e.time) - epoch(d.time) <= $before_days * 86400
),
-- Where many people's computers and sign-ins come from is the company itself: there returned computers are set up anew.
company AS (
    SELECT src_ip
    FROM (
        SELECT lower(src_ip) AS src_ip, subject_id FROM device_state WHERE src_ip IS NOT NULL
        UNION
        SELECT lower(src_ip), subject_id FROM signin WHERE src_ip IS NOT NULL AND outcome = 'success'
    )
    GROUP BY src_ip
    HAVING count(DISTINCT subject_id) >= $shared_people
),
office AS (
    SELECT round(latitude, 3) AS latitude, round(longitude, 3) AS longitude
    FROM device_state
    WHERE latitude IS NOT NULL AND longitude IS NOT NULL
    GROUP BY round(latitude, 3), round(longitude, 3)
    HAVING count(DISTINCT subject_id) >= $shared_people
),
-- Whatever came back: a parcel on its way to the shipper, or the asset system's own word.
returned AS (
    SELECT g.subject_id, min(g.time) AS time
    FROM shipment_event g
    JOIN ended e ON e.subject_id = g.subject_id AND g.time >= e.time - INTERVAL 14 DAY
    WHERE g.activity = 'returned'
    GROUP BY g.subject_id
    UNION ALL
    SELECT d.subject_id, min(d.time)
    FROM device_state d
    JOIN ended e ON e.subject_id = d.subject_id AND d.time >= e.time - INTERVAL 14 DAY
    WHERE d.activity = 'checkin' AND d.src_ip IS NULL AND d.latitude IS NULL AND d.gateway_mac IS NULL AND d.wifi_bssid IS NULL AND d.os_version IS NULL
    GROUP BY d.subject_id
),
back AS (
    SELECT subject_id, min(time) AS time FROM returned GROUP BY subject_id
),
after AS (
    SELECT b.*
    FROM beat b
    LEFT JOIN back r ON r.subject_id = b.subject_id
    WHERE b.later AND (r.time IS NULL OR b.time < r.time)
      AND (b.src_ip IS NULL OR b.src_ip NOT IN (SELECT src_ip FROM company))
      AND NOT EXISTS (SELECT 1 FROM office o WHERE b.src_ip IS NULL AND o.latitude = round(b.latitude, 3) AND o.longitude = round(b.longitude, 3))
      AND NOT EXISTS (SELECT 1 FROM attested a
                      WHERE a.subject_id = b.subject_id AND a.kind = 'approved_device' AND coalesce(a.outcome, 'passed') = 'passed'
                        AND (a.valid_until IS NULL OR a.valid_until > b.time))
),
-- Kilometres to the nearest of all places before the end; places are rounded to about a kilometre, so that the join is small.
spot AS (
    SELECT DISTINCT subject_id, round(latitude, 2) AS latitude, round(longitude, 2) AS longitude
    FROM beat
    WHERE NOT later AND latitude IS NOT NULL AND longitude IS NOT NULL
),
stop AS (
    SELECT subject_id, CAST(time AS DATE) AS day, round(latitude, 2) AS latitude, round(longitude, 2) AS longitude, max(place) AS place
    FROM after
    WHERE latitude IS NOT NULL AND longitude IS NOT NULL
    GROUP BY subject_id, CAST(time AS DATE), round(latitude, 2), round(longitude, 2)
),
moved AS (
    SELECT f.subject_id, f.day, f.place,
           min(2 * 6371 * asin(least(1, sqrt(power(sin(radians(f.latitude - b.latitude) / 2), 2)
               + cos(radians(b.latitude)) * cos(radians(f.latitude)) * power(sin(radians(f.longitude - b.longitude) / 2), 2))))) AS km
    FROM stop f
    JOIN spot b ON b.subject_id = f.subject_id
    GROUP BY f.subject_id, f.day, f.place, f.latitude, f.longitude
),
far AS (
    SELECT subject_id, max(km) AS km, count(DISTINCT day) AS far_days, arg_max(nullif(place, ''), km) AS place
    FROM moved
    WHERE km > $far_km
    GROUP BY subject_id
),
counted AS (
    SELECT f.subject_id, min(f.ended_time) AS ended_time, max(f.time) AS time, min(f.device) AS device,
           count(DISTINCT CAST(f.time AS DATE)) FILTER (WHERE epoch(f.time) > epoch(f.ended_time) + $grace_days * 86400) AS late_days
    FROM after f
    GROUP BY f.subject_id
),
evidence AS (
    SELECT subject_id, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (SELECT subject_id, event_id, time FROM after QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY time DESC, event_id) <= 10)
    GROUP BY subject_id
),
-- Clear when the computer was seen before the end and other computers were still seen weeks after it.
feed AS (
    SELECT max(time) AS until FROM device_state
),
seen AS (
    SELECT DISTINCT b.subject_id
    FROM beat b
    CROSS JOIN feed f
    WHERE NOT b.later AND epoch(f.until) > epoch(b.ended_time) + ($grace_days + 7) * 86400
),
judged AS (
    SELECT coalesce(c.subject_id, s.subject_id) AS subject_id, c.time, c.device, c.late_days, c.ended_time, r.km, r.far_days, r.place,
           coalesce(c.late_days, 0) >= $late_days OR coalesce(r.far_days, 0) >= $far_days AS fired
    FROM seen s
    FULL JOIN counted c ON c.subject_id = s.subject_id
    LEFT JOIN far r ON r.subject_id = c.subject_id
)
SELECT j.subject_id, j.fired, CASE WHEN j.fired THEN j.time END AS time, e.event_ids, j.device, CAST(j.ended_time AS DATE) AS ended,
       coalesce(j.late_days, 0) AS late_days, $grace_days AS grace_days,
       CASE WHEN j.far_days >= $far_days THEN CAST(CAST(round(j.km) AS BIGINT) AS VARCHAR) || ' km from where it was before (' || coalesce(j.place, 'a place without a name') || ')'
            ELSE 'not known to be far from where it was before' END AS where_now
FROM judged j
LEFT JOIN evidence e ON e.subject_id = j.subject_id
WHERE j.fired OR EXISTS (SELECT 1 FROM seen s WHERE s.subject_id = j.subject_id)
