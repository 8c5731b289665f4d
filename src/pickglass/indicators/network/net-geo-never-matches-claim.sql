-- Was any sign-in near the place where the person says they work or live? Hidden and shared places do not count.
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
hosting AS (
    SELECT DISTINCT CAST(asn AS BIGINT) AS asn FROM reference_hosting_network
),
-- Of several systems often one alone names the operator of a network: its number is the same for all of them.
satellite AS (
    SELECT DISTINCT asn
    FROM signin
    WHERE asn IN (14593, 7155, 6621)
       OR asn IS NOT NULL AND regexp_matches(as_org, '(?i)(satellit|starlink|spacex|viasat|hughes|eutelsat|oneweb|telesat)')
),
-- The kilometres mean something only where the claimed place is a known city; otherwise names are compared.
claim AS (
    SELECT s.subject_id, s.work_city, s.work_region, s.work_country, s.home_region, s.home_country, s.home_city,
           p.city IS NOT NULL AS exact
    FROM subject s
    LEFT JOIN (SELECT DISTINCT lower(city) AS city, region, country FROM reference_place WHERE city <> '') p
           ON p.city = lower(s.work_city) AND p.region = coalesce(s.work_region, '') AND p.country = s.work_country
    WHERE s.work_country IS NOT NULL
),
located AS (
    SELECT s.subject_id, s.time, s.event_id, s.city, s.region, s.country,
           coalesce(
               -- Address databases err by region: the right region is as good as the right city.
               (c.exact AND s.claimed_km <= $near_km)
               OR (s.country = c.work_country AND (s.region = c.work_region
                                                   OR (NOT c.exact AND (c.work_region IS NULL OR s.region IS NULL))))
               OR (s.country = c.home_country AND (s.region = c.home_region OR lower(s.city) = lower(c.home_city))), false) AS near
    FROM signin s
    JOIN claim c ON c.subject_id = s.subject_id
    LEFT JOIN travel v ON v.subject_id = s.subject_id AND epoch(v.valid_from) <= epoch(s.time) + $approval_lag_days * 86400
                      AND (v.valid_until IS NULL OR v.valid_until > s.time)
    WHERE s.outcome = 'success' AND s.activity IN ('signin', 'session', 'app') AND coalesce(s.interactive, true)
      AND (s.claimed_km IS NOT NULL AND c.exact OR s.country IS NOT NULL AND (s.region IS NOT NULL OR s.country <> c.work_country))
      AND NOT coalesce(s.anonymous, false) AND s.tunnel_operator IS NULL
      AND NOT regexp_matches(coalesce(s.as_org, ''), '(?i)(satellit|starlink|spacex|viasat|hughes|eutelsat|oneweb|telesat)')
      AND coalesce(s.src_ip NOT IN (SELECT src_ip FROM company), true)
      AND coalesce(lower(s.as_org) NOT IN (SELECT as_org FROM operator), true)
      AND coalesce(s.asn NOT IN (SELECT asn FROM hosting), true)
      AND coalesce(s.asn NOT IN (SELECT asn FROM satellite), true)
      AND v.subject_id IS NULL
),
-- One row per day and place is enough for all that follows.
daily AS (
    SELECT subject_id, CAST(time AS DATE) AS day, near, city, region, country, count(*) AS signins,
           min(time) AS first_time, max(time) AS time, min(event_id) AS event_id
    FROM located
    GROUP BY subject_id, CAST(time AS DATE), near, city, region, country
),
by_place AS (
    SELECT subject_id, city, region, country, sum(signins) AS signins
    FROM daily
    GROUP BY subject_id, city, region, country
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY sum(signins) DESC, country, region, city) = 1
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY first_time, event_id) AS rank FROM daily
),
summed AS (
    SELECT r.subject_id, bool_or(r.near) AS ever_near, CAST(sum(r.signins) AS BIGINT) AS signins, count(DISTINCT r.day) AS days,
           min(r.first_time) AS first_time, max(r.time) AS time, list(r.event_id) FILTER (WHERE r.rank <= 5) AS event_ids
    FROM ranked r
    GROUP BY r.subject_id
)
SELECT m.subject_id,
       NOT m.ever_near AS fired,
       CASE WHEN NOT m.ever_near THEN m.time END AS time,
       m.event_ids,
       m.signins, m.days, nullif(concat_ws(', ', p.city, p.region, p.country), '') AS most_place, m.first_time,
       concat_ws(', ', l.work_city, l.work_region, l.work_country) AS claimed_place
FROM summed m
JOIN claim l ON l.subject_id = m.subject_id
JOIN by_place p ON p.subject_id = m.subject_id
JOIN coverage c ON c.subject_id = m.subject_id AND c.table_name = 'signin'
-- Some days far away are a journey: nothing can be said yet.
WHERE m.ever_near
   OR (m.signins >= $min_signins AND m.days >= $min_days AND epoch(m.time) - epoch(m.first_time) >= $min_span_days * 86400)
