-- A person signs in with a browser from rented servers or a residential proxy that only they come from.
WITH company AS (
    SELECT src_ip FROM egress WHERE subjects >= $shared_people
),
shown AS (
    SELECT DISTINCT lower(tunnel_operator) AS shown, true AS tunnel FROM signin_source WHERE tunnel_operator IS NOT NULL
    UNION
    SELECT DISTINCT lower(as_org), false FROM signin_source WHERE as_org IS NOT NULL
),
known_name AS (
    SELECT s.shown, s.tunnel, min(v.operator) AS operator, bool_or(v.kind = 'proxy') AS proxy
    FROM shown s
    JOIN reference_vpn_operator v
      ON (v.match = 'part' AND (contains(s.shown, v.name) OR contains(replace(s.shown, '_', ' '), v.name)))
      OR (v.match = 'start' AND starts_with(s.shown, v.name) AND (s.tunnel OR contains(s.shown, 'vpn')))
    GROUP BY s.shown, s.tunnel
),
-- Exits of consumer VPNs stand in such networks too: those are net-vpn-tunnel-provider's, which counts one bit at most.
hosting AS (
    SELECT CAST(asn AS BIGINT) AS asn, min(name) AS name
    FROM reference_hosting_network
    WHERE NOT regexp_matches(name, '(?i)(vpn|m247|datacamp|31173|proton|tzulo)')
    GROUP BY CAST(asn AS BIGINT)
),
-- Of several systems often one alone names the tunnel: an address is a VPN's exit for all of them.
tunnel_exit AS (
    SELECT DISTINCT s.src_ip
    FROM signin s
    JOIN known_name t ON t.tunnel AND NOT t.proxy AND t.shown = lower(s.tunnel_operator)
    WHERE s.src_ip IS NOT NULL
),
rented AS (
    SELECT s.subject_id, s.time, s.event_id, s.src_ip,
           CASE WHEN t.proxy OR g.proxy THEN 'the residential proxy ' || coalesce(t.operator, g.operator)
                ELSE 'rented servers of ' || h.name END AS network
    FROM signin s
    LEFT JOIN company c ON c.src_ip = s.src_ip
    LEFT JOIN known_name t ON t.tunnel AND t.shown = lower(s.tunnel_operator)
    LEFT JOIN known_name g ON NOT g.tunnel AND g.shown = lower(s.as_org)
    LEFT JOIN hosting h ON h.asn = s.asn
    LEFT JOIN tunnel_exit e ON e.src_ip = s.src_ip
    WHERE s.outcome = 'success' AND s.activity IN ('signin', 'session', 'app') AND coalesce(s.interactive, true)
      AND c.src_ip IS NULL
      AND (s.user_agent IS NULL OR s.user_agent LIKE 'Mozilla/%')
      AND (t.proxy OR g.proxy OR (h.asn IS NOT NULL AND e.src_ip IS NULL AND t.operator IS NULL AND g.operator IS NULL))
),
-- Cloud desktops and secure gateways: a network that a fifth of the people come from is the company's.
usual AS (
    SELECT network
    FROM rented
    GROUP BY network
    HAVING count(DISTINCT subject_id) > $usual_people
       AND count(DISTINCT subject_id) >= $usual_share * (SELECT count(DISTINCT subject_id) FROM coverage WHERE table_name = 'signin')
),
unapproved AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.subject_id ORDER BY r.time, r.event_id) AS rank
    FROM rented r
    WHERE r.network NOT IN (SELECT network FROM usual)
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = r.subject_id AND a.kind IN ('sanctioned_tool', 'approved_device')
            AND (contains(lower(r.network), lower(a.value)) OR lower(a.value) = r.src_ip)
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(r.time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > r.time))
),
counted AS (
    SELECT subject_id, count(*) AS signins, count(DISTINCT CAST(time AS DATE)) AS days, count(DISTINCT src_ip) AS addresses,
           min(time) AS first_time, max(time) AS time, string_agg(DISTINCT network, ', ' ORDER BY network) AS networks,
           list(event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM unapproved
    GROUP BY subject_id
    HAVING count(*) >= $min_signins
),
-- Sign-ins that name their network prove that it would have been seen.
watched AS (
    SELECT s.subject_id
    FROM signin s
    JOIN coverage c ON c.subject_id = s.subject_id AND c.table_name = 'signin'
    WHERE s.outcome = 'success' AND s.asn IS NOT NULL
    GROUP BY s.subject_id
    HAVING count(DISTINCT CAST(s.time AS DATE)) >= $observed_days
)
SELECT coalesce(n.subject_id, w.subject_id) AS subject_id,
       n.subject_id IS NOT NULL AS fired,
       n.time,
       n.event_ids,
       n.signins, n.days, n.addresses, n.networks, n.first_time
FROM counted n
FULL JOIN watched w ON w.subject_id = n.subject_id
