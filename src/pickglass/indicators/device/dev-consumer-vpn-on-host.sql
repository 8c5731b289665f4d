-- A consumer VPN's program or traffic on the computer. Few distinct names meet the list of operators.
-- Short names (`star`, `express`, `pure`) are plain words: they count only beside «vpn».
WITH shown AS (
    SELECT DISTINCT name, '' AS origin
    FROM (SELECT unnest([process_name, product]) AS name FROM (SELECT DISTINCT process_name, product FROM process))
    WHERE name IS NOT NULL
    UNION
    SELECT DISTINCT domain, 'domain' FROM network WHERE domain IS NOT NULL
),
spelled AS (
    -- Of a domain the registered part: `api.nordvpn.com` is nordvpn.com.
    SELECT name, CASE WHEN origin = 'domain' THEN regexp_extract(name, '([^.]+\.[^.]+)$', 1) ELSE lower(name) END AS text FROM shown
),
known_name AS (
    SELECT n.name, min(v.operator) AS operator
    FROM spelled n
    JOIN reference_vpn_operator v
      ON v.kind = 'vpn'
     AND ((v.match = 'part' AND contains(n.text, v.name))
          OR (v.match = 'part' AND contains(replace(n.text, ' ', ''), replace(v.name, ' ', '')))
          OR (v.match = 'start' AND starts_with(n.text, v.name) AND contains(n.text, 'vpn')))
    GROUP BY n.name
),
sighting AS (
    SELECT p.subject_id, p.time, p.event_id, coalesce(p.device_name, p.device_id) AS device,
           coalesce(a.operator, b.operator) AS operator, true AS program
    FROM process p
    LEFT JOIN known_name a ON a.name = p.process_name
    LEFT JOIN known_name b ON b.name = p.product
    WHERE a.name IS NOT NULL OR b.name IS NOT NULL
    UNION ALL
    -- A browser on the operator's site is no client.
    SELECT n.subject_id, n.time, n.event_id, coalesce(n.device_name, n.device_id), coalesce(a.operator, d.operator),
           a.name IS NOT NULL
    FROM network n
    LEFT JOIN known_name a ON a.name = n.process_name
    LEFT JOIN known_name d ON d.name = n.domain
        AND NOT regexp_matches(coalesce(n.process_name, ''), '(?i)^(chrome|msedge|firefox|safari|brave|opera|vivaldi|arc|iexplore|google chrome|microsoft edge|com.apple.webkit)')
    WHERE a.name IS NOT NULL OR d.name IS NOT NULL
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id, operator ORDER BY time, event_id) AS rank FROM sighting
),
used AS (
    SELECT subject_id, operator, min(time) AS first_time, max(time) AS last_time, count(DISTINCT CAST(time AS DATE)) AS days,
           min(device) FILTER (WHERE rank = 1) AS device, list(event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM ranked
    GROUP BY subject_id, operator
    -- Traffic alone has to come back on another day: one question to the name server is no client.
    HAVING bool_or(program) OR count(DISTINCT CAST(time AS DATE)) >= $traffic_days
),
usual AS (
    SELECT operator
    FROM used
    GROUP BY operator
    HAVING count(*) > $usual_people
       AND count(*) >= $usual_share * (SELECT count(DISTINCT subject_id) FROM coverage WHERE table_name = 'process')
),
unapproved AS (
    SELECT u.*
    FROM used u
    WHERE u.operator NOT IN (SELECT operator FROM usual)
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = u.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) = lower(u.operator)
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(u.first_time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > u.first_time))
    QUALIFY row_number() OVER (PARTITION BY u.subject_id ORDER BY u.first_time, u.operator) = 1
)
SELECT coalesce(u.subject_id, c.subject_id) AS subject_id,
       u.subject_id IS NOT NULL AS fired,
       u.first_time AS time,
       u.event_ids,
       u.operator, u.device, u.first_time, u.days
FROM unapproved u
FULL JOIN (SELECT subject_id FROM coverage WHERE table_name = 'process' AND days >= $observed_days) c
       ON c.subject_id = u.subject_id
