-- Meetings joined from a place far from every sign-in within half an hour of it.
-- Neighbouring regions are one place to an address database, so places are compared by distance.
WITH travel AS (
    SELECT subject_id, valid_from, valid_until FROM attested
    WHERE kind = 'approved_travel' AND coalesce(outcome, 'passed') NOT IN ('failed', 'declined')
),
place AS (
    SELECT lower(city) AS city, region, country, min(CAST(latitude AS DOUBLE)) AS latitude, min(CAST(longitude AS DOUBLE)) AS longitude
    FROM reference_place
    GROUP BY lower(city), region, country
),
-- A city that stands for one place only; Zoom writes city and country without the region.
city AS (
    SELECT city, country, min(latitude) AS latitude, min(longitude) AS longitude
    FROM place
    WHERE city <> ''
    GROUP BY city, country
    HAVING count(*) = 1
),
company AS (
    SELECT src_ip FROM egress WHERE subjects >= $shared_people
),
joined AS (
    SELECT m.subject_id, m.time, m.event_id, m.src_ip, concat_ws(', ', m.city, m.region, m.country) AS shown,
           coalesce(p.latitude, c.latitude, r.latitude) AS latitude, coalesce(p.longitude, c.longitude, r.longitude) AS longitude
    FROM meeting m
    LEFT JOIN place p ON p.city = lower(m.city) AND p.region = m.region AND p.country = m.country AND p.city <> ''
    LEFT JOIN city c ON c.city = lower(m.city) AND c.country = m.country
    LEFT JOIN place r ON r.city = '' AND r.region = m.region AND r.country = m.country AND r.region <> ''
    LEFT JOIN company x ON x.src_ip = m.src_ip
    LEFT JOIN travel v ON v.subject_id = m.subject_id AND epoch(v.valid_from) <= epoch(m.time) + $approval_lag_days * 86400
                      AND (v.valid_until IS NULL OR v.valid_until > m.time)
    WHERE x.src_ip IS NULL
      -- People join by phone beside the computer, through their carrier's gateway.
      AND NOT regexp_matches(concat_ws(' ', m.os_name, m.device, m.network_kind), '(?i)(android|iphone|ipad|ios|phone|mobile|cellular|pstn)')
      AND v.subject_id IS NULL
),
phone AS (
    SELECT text
    FROM (SELECT DISTINCT coalesce(nullif(os_name, ''), user_agent) AS text FROM signin_source)
    WHERE regexp_matches(text, '(?i)(android|iphone|ipad|ipod|\bios\b|mobile)')
),
-- Sign-ins through a tunnel or the company's own way out say nothing about a place.
open_signin AS (
    SELECT s.subject_id, s.time, s.event_id, s.src_ip, s.latitude, s.longitude, CAST(floor(epoch(s.time) / 3600) AS BIGINT) AS hour,
           s.city, s.region, s.country
    FROM signin s
    WHERE s.outcome = 'success' AND s.activity IN ('signin', 'session', 'app') AND coalesce(s.interactive, true)
      AND s.latitude IS NOT NULL AND s.longitude IS NOT NULL
      AND coalesce(s.src_ip NOT IN (SELECT src_ip FROM company), true)
      AND coalesce(s.asn NOT IN (SELECT CAST(asn AS BIGINT) FROM reference_hosting_network), true)
      AND NOT coalesce(s.anonymous, false) AND s.tunnel_operator IS NULL
      AND coalesce(coalesce(nullif(s.os_name, ''), s.user_agent) NOT IN (SELECT text FROM phone), true)
),
-- Hours bound the join: a sign-in within the half hour lies in the meeting's hour, the one before or the one after.
hourly AS (
    SELECT *, unnest([CAST(floor(epoch(time) / 3600) AS BIGINT) - 1, CAST(floor(epoch(time) / 3600) AS BIGINT),
                      CAST(floor(epoch(time) / 3600) AS BIGINT) + 1]) AS hour
    FROM joined
    WHERE latitude IS NOT NULL
),
beside AS (
    SELECT m.subject_id, m.event_id, m.time, m.shown, s.event_id AS signin_event, concat_ws(', ', s.city, s.region, s.country) AS signin_shown,
           CASE WHEN m.src_ip = s.src_ip THEN 0 ELSE
           2 * 6371 * asin(least(1, sqrt(power(sin(radians(m.latitude - s.latitude) / 2), 2) +
               cos(radians(s.latitude)) * cos(radians(m.latitude)) * power(sin(radians(m.longitude - s.longitude) / 2), 2)))) END AS km
    FROM hourly m
    JOIN open_signin s ON s.subject_id = m.subject_id AND s.hour = m.hour
    WHERE abs(epoch(s.time) - epoch(m.time)) <= least($minutes, 60) * 60
),
compared AS (
    SELECT subject_id, event_id, min(time) AS time, min(shown) AS shown, min(km) AS km,
           arg_min(signin_event, km) AS signin_event, arg_min(signin_shown, km) AS signin_shown
    FROM beside
    GROUP BY subject_id, event_id
),
ranked AS (
    SELECT *, km > $far_km AS apart, row_number() OVER (PARTITION BY subject_id, km > $far_km ORDER BY time DESC, event_id) AS rank
    FROM compared
),
counted AS (
    SELECT subject_id, count(*) AS meetings, count(*) FILTER (WHERE apart) AS apart_meetings,
           count(DISTINCT CAST(time AS DATE)) AS days, count(DISTINCT CAST(time AS DATE)) FILTER (WHERE apart) AS apart_days,
           max(time) FILTER (WHERE apart) AS time, min(shown) FILTER (WHERE apart AND rank = 1) AS shown,
           min(signin_shown) FILTER (WHERE apart AND rank = 1) AS signin_shown, min(km) FILTER (WHERE apart AND rank = 1) AS km,
           list(event_id) FILTER (WHERE apart AND rank <= 3) AS meeting_events,
           list(signin_event) FILTER (WHERE apart AND rank <= 3) AS signin_events
    FROM ranked
    GROUP BY subject_id
)
SELECT n.subject_id,
       n.apart_days >= $min_days AS fired,
       CASE WHEN n.apart_days >= $min_days THEN n.time END AS time,
       list_concat(n.meeting_events, n.signin_events) AS event_ids,
       n.apart_meetings, n.meetings, n.apart_days, n.shown AS meeting_place, n.signin_shown AS signin_place,
       CAST(round(n.km) AS BIGINT) AS km
FROM counted n
JOIN coverage c ON c.subject_id = n.subject_id AND c.table_name = 'meeting'
WHERE n.apart_days >= $min_days OR n.days >= $min_days
