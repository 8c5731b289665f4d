-- Two successive sign-ins at computers, farther apart than an aircraft could bring somebody in the time between.
-- Hidden or shared places are no travel: anonymisers, tunnels, hosting networks, the company's own egress.
WITH travel AS (
    SELECT subject_id, valid_from, valid_until FROM attested
    WHERE kind = 'approved_travel' AND coalesce(outcome, 'passed') NOT IN ('failed', 'declined')
),
company AS (
    SELECT src_ip FROM egress WHERE subjects >= $shared_people
),
operator AS (
    SELECT DISTINCT g.as_org
    FROM (SELECT DISTINCT lower(as_org) AS as_org FROM signin_source WHERE as_org IS NOT NULL) g
    JOIN reference_vpn_operator v ON (v.match = 'part' AND contains(g.as_org, v.name))
                                  OR (v.match = 'start' AND starts_with(g.as_org, v.name) AND contains(g.as_org, 'vpn'))
),
phone AS (
    SELECT text
    FROM (SELECT DISTINCT coalesce(nullif(os_name, ''), user_agent) AS text FROM signin_source)
    WHERE regexp_matches(text, '(?i)(android|iphone|ipad|ipod|\bios\b|mobile)')
),
-- Phones come out of their carrier's gateway, wherever that stands; people have them beside the computer.
located AS (
    SELECT s.subject_id, s.time, s.event_id, s.src_ip, s.latitude, s.longitude, s.claimed_km
    FROM signin s
    LEFT JOIN travel v ON v.subject_id = s.subject_id AND epoch(v.valid_from) <= epoch(s.time) + $approval_lag_days * 86400
                      AND (v.valid_until IS NULL OR v.valid_until > s.time)
    WHERE s.outcome = 'success' AND s.activity IN ('signin', 'session', 'app') AND coalesce(s.interactive, true)
      AND s.latitude IS NOT NULL AND s.longitude IS NOT NULL
      AND NOT coalesce(s.anonymous, false) AND s.tunnel_operator IS NULL
      AND coalesce(s.src_ip NOT IN (SELECT src_ip FROM company), true)
      AND coalesce(lower(s.as_org) NOT IN (SELECT as_org FROM operator), true)
      AND coalesce(s.asn NOT IN (SELECT CAST(asn AS BIGINT) FROM reference_hosting_network), true)
      AND coalesce(coalesce(nullif(s.os_name, ''), s.user_agent) NOT IN (SELECT text FROM phone), true)
      AND v.subject_id IS NULL
),
step AS (
    SELECT *, lag(time) OVER w AS from_time, lag(latitude) OVER w AS from_latitude, lag(longitude) OVER w AS from_longitude,
           lag(event_id) OVER w AS from_event, lag(src_ip) OVER w AS from_ip,
           lag(claimed_km) OVER w AS from_claimed_km
    FROM located
    WINDOW w AS (PARTITION BY subject_id ORDER BY time, event_id)
),
distance AS (
    SELECT *,
           2 * 6371 * asin(least(1, sqrt(power(sin(radians(latitude - from_latitude) / 2), 2) +
               cos(radians(from_latitude)) * cos(radians(latitude)) * power(sin(radians(longitude - from_longitude) / 2), 2)))) AS km
    FROM step
    WHERE src_ip IS DISTINCT FROM from_ip
),
jump AS (
    SELECT *, (epoch(time) - epoch(from_time)) / 60.0 AS minutes, count(*) OVER (PARTITION BY subject_id) AS jumps,
           row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) AS rank
    FROM distance
    WHERE km > $min_km AND km * 3600 > $speed_kmh * (epoch(time) - epoch(from_time))
      -- Claim-relative: where both ends lie at the claimed place, the gazetteer is wrong, not the person.
      AND coalesce(greatest(claimed_km, from_claimed_km), $near_km + 1) > $near_km
),
-- The names of the places are looked up for the few that are told.
first AS (
    SELECT j.*, concat_ws(', ', b.city, b.region, b.country) AS place, concat_ws(', ', a.city, a.region, a.country) AS from_place
    FROM jump j
    JOIN signin a ON a.event_id = j.from_event AND a.subject_id = j.subject_id
    JOIN signin b ON b.event_id = j.event_id AND b.subject_id = j.subject_id
    WHERE j.rank = 1
),
counted AS (
    SELECT subject_id, count(*) AS signins, count(DISTINCT CAST(time AS DATE)) AS days FROM located GROUP BY subject_id
)
SELECT n.subject_id,
       j.subject_id IS NOT NULL AS fired,
       j.time,
       [j.from_event, j.event_id] AS event_ids,
       j.from_place, j.place, CAST(round(j.km) AS BIGINT) AS km, CAST(round(j.minutes) AS BIGINT) AS minutes, j.from_time, j.jumps
FROM counted n
JOIN coverage c ON c.subject_id = n.subject_id AND c.table_name = 'signin'
LEFT JOIN first j ON j.subject_id = n.subject_id
WHERE j.subject_id IS NOT NULL OR (n.signins >= $min_signins AND n.days >= $min_days)
