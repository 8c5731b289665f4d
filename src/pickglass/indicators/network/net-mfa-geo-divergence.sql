-- The phone that confirms a sign-in is far from the sign-in and far from the claimed place, at one steady address.
-- Why steady and why both: a phone on mobile data comes out of its carrier's gateway, in the carrier's country even
-- while roaming, at ever other addresses. That is how honest people abroad or with a foreign contract look. A phone at
-- home, while the laptop uses a VPN, is near the claimed place. What remains stays at one address, elsewhere.
WITH company AS (
    SELECT src_ip FROM egress WHERE subjects >= $shared_people
),
carrier AS (
    SELECT as_org
    FROM (SELECT DISTINCT as_org FROM signin_source WHERE as_org IS NOT NULL)
    WHERE regexp_matches(as_org, '(?i)(mobile|wireless|cellular|cellco|t-mobile|\bgsm\b|\blte\b|\b[45]g\b)')
),
-- Where an address lies, by any sign-in that came from it.
address AS (
    SELECT s.src_ip, median(s.latitude) AS latitude, median(s.longitude) AS longitude,
           min(s.city) AS city, min(s.country) AS country, min(s.region) AS region,
           bool_or(coalesce(s.anonymous, false) OR s.tunnel_operator IS NOT NULL) AS hidden, bool_or(g.as_org IS NOT NULL) AS carrier
    FROM signin s
    LEFT JOIN carrier g ON g.as_org = s.as_org
    WHERE s.src_ip IN (SELECT mfa_ip FROM signin WHERE mfa_ip IS NOT NULL UNION SELECT src_ip FROM signin WHERE activity = 'mfa')
      AND s.latitude IS NOT NULL AND s.longitude IS NOT NULL
    GROUP BY s.src_ip
),
factor AS (
    SELECT subject_id, time, event_id, mfa_ip, src_ip, latitude, longitude, session_id
    FROM signin
    WHERE mfa_ip IS NOT NULL AND outcome = 'success' AND latitude IS NOT NULL AND longitude IS NOT NULL
      AND NOT coalesce(anonymous, false) AND tunnel_operator IS NULL
    UNION ALL
    -- Where the confirmation is an event of its own, the session tells which sign-in it belongs to.
    SELECT p.subject_id, p.time, p.event_id, m.src_ip, p.src_ip, p.latitude, p.longitude, p.session_id
    FROM signin p
    JOIN signin m ON m.subject_id = p.subject_id AND m.session_id = p.session_id
    WHERE p.activity IN ('signin', 'session') AND p.outcome = 'success' AND p.mfa_ip IS NULL
      AND p.latitude IS NOT NULL AND p.longitude IS NOT NULL AND NOT coalesce(p.anonymous, false) AND p.tunnel_operator IS NULL
      AND m.activity = 'mfa' AND m.outcome = 'success' AND m.src_ip IS NOT NULL
      AND abs(epoch(m.time) - epoch(p.time)) <= $minutes * 60
    UNION ALL
    -- A sign-in through a tunnel hides where it came from, but its confirmation by phone does not: then the phone is
    -- compared with the claimed place alone, and no record of its session may show an open place.
    SELECT m.subject_id, m.time, m.event_id, m.src_ip, m.src_ip, CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), m.session_id
    FROM signin m
    WHERE m.activity = 'mfa' AND m.outcome = 'success' AND m.src_ip IS NOT NULL AND m.session_id IS NOT NULL
      AND NOT coalesce(m.anonymous, false) AND m.tunnel_operator IS NULL
      AND NOT EXISTS (
          SELECT 1 FROM signin p
          WHERE p.subject_id = m.subject_id AND p.session_id = m.session_id AND p.activity IN ('signin', 'session')
            AND p.tunnel_operator IS NULL AND NOT coalesce(p.anonymous, false))
),
-- Where the person's own computer signs in openly on other days: there the phone is at home with it.
desk AS (
    SELECT s.subject_id, s.src_ip
    FROM signin s
    WHERE s.activity IN ('signin', 'session') AND s.outcome = 'success' AND NOT coalesce(s.anonymous, false) AND s.tunnel_operator IS NULL
      AND NOT regexp_matches(coalesce(nullif(s.os_name, ''), s.user_agent, ''), '(?i)(android|iphone|ipad|ipod|ios|mobile)')
      AND EXISTS (SELECT 1 FROM factor f WHERE f.latitude IS NULL AND f.subject_id = s.subject_id AND f.mfa_ip = s.src_ip)
    GROUP BY s.subject_id, s.src_ip
    HAVING count(DISTINCT CAST(s.time AS DATE)) >= $min_days
),
pair AS (
    SELECT f.subject_id, f.time, f.event_id, f.mfa_ip, concat_ws(', ', a.city, a.region, a.country) AS mfa_place,
           coalesce(a.hidden, false) OR coalesce(a.carrier, false) OR c.src_ip IS NOT NULL OR e.src_ip IS NOT NULL AS excused,
           -- `least` passes over a null: without the condition an unknown place would be half the globe away.
           CASE WHEN f.latitude IS NOT NULL THEN 2 * 6371 * asin(least(1, sqrt(power(sin(radians(f.latitude - a.latitude) / 2), 2) +
               cos(radians(a.latitude)) * cos(radians(f.latitude)) * power(sin(radians(f.longitude - a.longitude) / 2), 2)))) END AS km,
           2 * 6371 * asin(least(1, sqrt(power(sin(radians(s.claimed_latitude - a.latitude) / 2), 2) +
               cos(radians(a.latitude)) * cos(radians(s.claimed_latitude)) *
               power(sin(radians(s.claimed_longitude - a.longitude) / 2), 2)))) AS claim_km,
           a.country = s.work_country AND a.region = s.work_region
               OR a.country = s.home_country AND a.region = s.home_region AS claimed_region,
           coalesce(a.country NOT IN (coalesce(s.work_country, s.home_country), coalesce(s.home_country, s.work_country)), false) AS abroad,
           d.src_ip IS NOT NULL AS at_desk
    FROM factor f
    JOIN subject s ON s.subject_id = f.subject_id AND s.claimed_latitude IS NOT NULL
    JOIN address a ON a.src_ip = f.mfa_ip
    LEFT JOIN company c ON c.src_ip = f.mfa_ip
    LEFT JOIN company e ON e.src_ip = f.src_ip
    LEFT JOIN desk d ON f.latitude IS NULL AND d.subject_id = f.subject_id AND d.src_ip = f.mfa_ip
    WHERE NOT EXISTS (
        SELECT 1 FROM attested t
        WHERE t.subject_id = f.subject_id AND t.kind = 'approved_travel'
          AND coalesce(t.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(t.valid_from) <= epoch(f.time) + $approval_lag_days * 86400
          AND (t.valid_until IS NULL OR t.valid_until > f.time))
),
judged AS (
    SELECT *, NOT excused AND NOT at_desk AND coalesce(km, claim_km) > $far_km AND claim_km > $far_km AND NOT coalesce(claimed_region, false) AS apart
    FROM pair
    -- Behind a tunnel nothing tells a phone elsewhere in the country from a line that the world puts into the wrong city.
    WHERE km IS NOT NULL OR abroad OR at_desk OR claim_km <= $far_km
),
steady AS (
    SELECT subject_id, mfa_ip, min(mfa_place) AS mfa_place, count(DISTINCT CAST(time AS DATE)) AS days, count(*) AS times,
           max(time) AS time, min(coalesce(km, claim_km)) AS km, list(DISTINCT event_id) AS event_ids
    FROM judged
    WHERE apart
    GROUP BY subject_id, mfa_ip
    HAVING count(DISTINCT CAST(time AS DATE)) >= $min_days
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY count(DISTINCT CAST(time AS DATE)) DESC, max(time) DESC, mfa_ip) = 1
),
counted AS (
    SELECT subject_id, count(DISTINCT CAST(time AS DATE)) AS days, count(*) FILTER (WHERE apart) AS apart FROM judged GROUP BY subject_id
)
SELECT n.subject_id,
       d.subject_id IS NOT NULL AS fired,
       d.time,
       d.event_ids,
       d.times, d.days, d.mfa_place, CAST(round(d.km) AS BIGINT) AS km
FROM counted n
JOIN coverage c ON c.subject_id = n.subject_id AND c.table_name = 'signin'
LEFT JOIN steady d ON d.subject_id = n.subject_id
-- A far phone on fewer days, or at changing addresses, is neither a sign nor the absence of one.
WHERE d.subject_id IS NOT NULL OR (n.days >= $min_days AND n.apart = 0)
