-- Recruiting records have an address without its network: the sign-in log of the company, which saw the same address near
-- in time, says what it is.
WITH near AS (
    SELECT h.subject_id, h.time, h.event_id, h.activity, lower(h.src_ip) AS src_ip, s.tunnel_operator, s.as_org, s.anonymous, s.asn
    FROM hiring_event h
    JOIN signin s ON lower(s.src_ip) = lower(h.src_ip) AND abs(epoch(s.time) - epoch(h.time)) <= $window_days * 86400
    WHERE h.activity IN ('applied', 'interview', 'identity_check', 'offer_accepted', 'signature')
      AND (s.asn IS NOT NULL OR s.as_org IS NOT NULL OR s.anonymous IS NOT NULL OR s.tunnel_operator IS NOT NULL)
),
company AS (
    SELECT lower(src_ip) AS src_ip FROM signin WHERE src_ip IS NOT NULL GROUP BY lower(src_ip) HAVING count(DISTINCT subject_id) >= $shared_people
),
shown AS (
    SELECT DISTINCT lower(as_org) AS shown FROM near WHERE as_org IS NOT NULL
),
known AS (
    SELECT s.shown
    FROM shown s
    JOIN reference_vpn_operator v ON (v.match = 'part' AND contains(s.shown, v.name)) OR (v.match = 'start' AND starts_with(s.shown, v.name))
    GROUP BY s.shown
),
hosting AS (
    SELECT DISTINCT CAST(asn AS BIGINT) AS asn FROM reference_hosting_network
),
named AS (
    SELECT n.subject_id, n.time, n.event_id, n.activity,
           bool_or(coalesce(n.anonymous, FALSE) OR n.tunnel_operator IS NOT NULL OR k.shown IS NOT NULL OR h.asn IS NOT NULL) AS covered,
           coalesce(max(n.tunnel_operator), max(n.as_org), 'an anonymising network') AS network
    FROM near n
    LEFT JOIN known k ON k.shown = lower(n.as_org)
    LEFT JOIN hosting h ON h.asn = n.asn
    WHERE n.src_ip NOT IN (SELECT src_ip FROM company)
    GROUP BY n.subject_id, n.time, n.event_id, n.activity
),
counted AS (
    SELECT subject_id, count(*) AS sessions, count(*) FILTER (WHERE covered) AS hidden, count(DISTINCT CAST(time AS DATE)) FILTER (WHERE covered) AS days,
           max(time) FILTER (WHERE covered) AS time, list(event_id ORDER BY time, event_id) FILTER (WHERE covered) AS event_ids,
           list_sort(list(DISTINCT network) FILTER (WHERE covered)) AS networks
    FROM named
    GROUP BY subject_id
)
SELECT subject_id,
       coalesce(days, 0) >= $days AS fired,
       CASE WHEN days >= $days THEN time END AS time,
       event_ids, hidden, sessions, days, networks
FROM counted
WHERE days >= $days OR sessions >= $days
