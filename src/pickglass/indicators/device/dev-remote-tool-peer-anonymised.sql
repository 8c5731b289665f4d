-- Peers of remote-control sessions that lists or anybody's sign-ins show as a way to hide where one is.
WITH hidden AS (
    SELECT src_ip AS address, min(CASE WHEN tunnel_operator IS NOT NULL THEN 'the exit of a tunnel' ELSE 'an anonymising network' END) AS why
    FROM signin
    WHERE src_ip IS NOT NULL AND (tunnel_operator IS NOT NULL OR anonymous)
    GROUP BY src_ip
    UNION ALL
    SELECT value, 'on the list ' || min(list_name) FROM intelligence WHERE kind = 'ip' GROUP BY value
),
address AS (
    SELECT address, min(why) AS why FROM hidden GROUP BY address
),
program AS (
    SELECT process_name, min(product) AS tool FROM remote_tool WHERE process_name <> '' AND kind <> 'tunnel' GROUP BY process_name
),
named AS (
    SELECT name, min(product) AS tool FROM remote_tool WHERE kind <> 'tunnel' GROUP BY name
),
-- Of a connection the peer is the far end; seen from the firewall, an address inside the network is the near one.
connection AS (
    SELECT n.subject_id, n.time, n.event_id, coalesce(n.device_name, n.device_id) AS device, coalesce(a.tool, m.tool) AS tool,
           CASE WHEN regexp_matches(coalesce(n.dst_ip, ''), '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|169\.254\.)')
                THEN n.src_ip ELSE n.dst_ip END AS peer
    FROM network n
    LEFT JOIN program a ON a.process_name = n.process_name
    LEFT JOIN named m ON m.name = n.app
    WHERE n.activity = 'connection' AND (a.tool IS NOT NULL OR m.tool IS NOT NULL)
    UNION ALL
    SELECT subject_id, time, event_id, coalesce(device_name, device_id), 'Remote desktop', src_ip
    FROM signin
    WHERE app = 'Windows remote desktop' AND outcome = 'success'
),
session AS (
    SELECT * FROM connection
    WHERE peer IS NOT NULL AND NOT regexp_matches(peer, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|127\.|169\.254\.|f[cde]|::1)')
),
unapproved AS (
    SELECT s.*, a.why, row_number() OVER (PARTITION BY s.subject_id ORDER BY s.time, s.event_id) AS rank
    FROM session s
    JOIN address a ON a.address = s.peer
    WHERE NOT EXISTS (
        SELECT 1 FROM attested t
        WHERE t.subject_id = s.subject_id AND t.kind = 'sanctioned_tool' AND lower(t.value) = lower(s.tool)
          AND coalesce(t.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(t.valid_from) <= epoch(s.time) + $approval_lag_days * 86400
          AND (t.valid_until IS NULL OR t.valid_until > s.time))
),
found AS (
    SELECT subject_id, min(time) AS time, count(DISTINCT CAST(time AS DATE)) AS days, list(event_id) FILTER (WHERE rank <= 5) AS event_ids,
           min(tool) FILTER (WHERE rank = 1) AS tool, min(device) FILTER (WHERE rank = 1) AS device,
           min(peer) FILTER (WHERE rank = 1) AS peer, min(why) FILTER (WHERE rank = 1) AS why
    FROM unapproved
    GROUP BY subject_id
),
-- Whoever has no session has no peer to compare, and peers can be compared only where something is known of addresses.
watched AS (
    SELECT DISTINCT subject_id FROM session
    WHERE EXISTS (SELECT 1 FROM signin WHERE src_ip IS NOT NULL) OR EXISTS (SELECT 1 FROM intelligence WHERE kind = 'ip')
)
SELECT w.subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time,
       f.event_ids,
       f.tool, f.device, f.peer, f.why, f.days
FROM watched w
LEFT JOIN found f ON f.subject_id = w.subject_id
