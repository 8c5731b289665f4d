-- Computers of one person sign in from several regions through several networks on one day, again and again.
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
located AS (
    SELECT s.subject_id, CAST(s.time AS DATE) AS day, s.country, s.region, s.asn, CASE WHEN s.asn IS NULL THEN lower(s.as_org) END AS as_org,
           max(s.time) AS time, min(s.event_id) AS event_id
    FROM signin s
    LEFT JOIN travel v ON v.subject_id = s.subject_id AND epoch(v.valid_from) <= epoch(s.time) + $approval_lag_days * 86400
                      AND (v.valid_until IS NULL OR v.valid_until > s.time)
    WHERE s.outcome = 'success' AND s.activity IN ('signin', 'session', 'app') AND coalesce(s.interactive, true)
      AND s.country IS NOT NULL AND (s.asn IS NOT NULL OR s.as_org IS NOT NULL)
      AND NOT coalesce(s.anonymous, false) AND s.tunnel_operator IS NULL
      AND coalesce(s.src_ip NOT IN (SELECT src_ip FROM company), true)
      AND coalesce(lower(s.as_org) NOT IN (SELECT as_org FROM operator), true)
      AND coalesce(s.asn NOT IN (SELECT CAST(asn AS BIGINT) FROM reference_hosting_network), true)
      AND coalesce(coalesce(nullif(s.os_name, ''), s.user_agent) NOT IN (SELECT text FROM phone), true)
      AND v.subject_id IS NULL
    GROUP BY s.subject_id, CAST(s.time AS DATE), s.country, s.region, s.asn, CASE WHEN s.asn IS NULL THEN lower(s.as_org) END
),
daily AS (
    SELECT subject_id, day, max(time) AS time, count(DISTINCT concat_ws('/', country, region)) AS places,
           count(DISTINCT coalesce(CAST(asn AS VARCHAR), as_org)) AS networks, min(event_id) AS first_event, max(event_id) AS last_event
    FROM located
    GROUP BY subject_id, day
),
summed AS (
    SELECT subject_id, count(*) AS days,
           count(*) FILTER (WHERE places >= $min_places AND networks >= $min_networks) AS busy_days,
           max(time) FILTER (WHERE places >= $min_places AND networks >= $min_networks) AS time,
           max(places) AS most_places, max(networks) AS most_networks,
           max(day) FILTER (WHERE places >= $min_places AND networks >= $min_networks) AS last_day,
           list(first_event) FILTER (WHERE places >= $min_places AND networks >= $min_networks) AS first_events,
           list(last_event) FILTER (WHERE places >= $min_places AND networks >= $min_networks) AS last_events
    FROM daily
    GROUP BY subject_id
),
-- The names of the places are put together for the few days that are told.
told AS (
    SELECT l.subject_id, string_agg(DISTINCT concat_ws(', ', l.region, l.country), '; ' ORDER BY concat_ws(', ', l.region, l.country)) AS shown
    FROM located l
    JOIN summed m ON m.subject_id = l.subject_id AND m.last_day = l.day
    GROUP BY l.subject_id
)
SELECT m.subject_id,
       m.busy_days >= $min_days AS fired,
       CASE WHEN m.busy_days >= $min_days THEN m.time END AS time,
       list_concat(m.first_events, m.last_events) AS event_ids,
       m.busy_days, m.most_places, m.most_networks, t.shown
FROM summed m
JOIN coverage c ON c.subject_id = m.subject_id AND c.table_name = 'signin'
LEFT JOIN told t ON t.subject_id = m.subject_id
WHERE m.busy_days >= $min_days OR m.days >= $observed_days
