-- A signature from an address that another person's signature, check or application came from, under a name with no word
-- in common; or from rented servers or a residential proxy, as the company's sign-in log knows the address.
WITH
act AS (
    SELECT subject_id, time, event_id, activity, lower(src_ip) AS src_ip
    FROM hiring_event
    WHERE src_ip <> '' AND activity IN ('signature', 'identity_check', 'applied')
),
-- The desk where contracts are signed, an agency, a carrier's way out.
busy AS (
    SELECT src_ip FROM act GROUP BY src_ip HAVING count(DISTINCT subject_id) > $max_people
    UNION
    SELECT lower(src_ip) FROM signin WHERE src_ip IS NOT NULL GROUP BY lower(src_ip) HAVING count(DISTINCT subject_id) >= $shared_people
),
signed AS (
    SELECT * FROM act WHERE activity = 'signature' AND src_ip NOT IN (SELECT src_ip FROM busy)
),
pair AS (
    SELECT s.subject_id, s.time, s.event_id, s.src_ip, a.subject_id AS other_id, a.event_id AS other_event, a.time AS other_time
    FROM signed s
    JOIN act a ON a.src_ip = s.src_ip AND a.subject_id <> s.subject_id AND abs(epoch(a.time) - epoch(s.time)) <= $window_days * 86400
),
alike AS (
    SELECT DISTINCT p.subject_id, p.other_id
    FROM pair p
    JOIN name_word x ON x.subject_id = p.subject_id
    JOIN name_word y ON y.subject_id = p.other_id
    WHERE x.token = y.token
       OR (length(x.token) >= 3 AND left(y.token, length(x.token)) = x.token)
       OR (length(y.token) >= 3 AND left(x.token, length(y.token)) = y.token)
       OR (length(x.token) >= 5 AND length(y.token) >= 5 AND levenshtein(x.token, y.token) <= 1)
),
home AS (
    SELECT a.subject_id, k.subject_id AS other_id
    FROM attested a
    JOIN (SELECT subject_id, unnest(accounts) AS account FROM subject) k ON lower(k.account) = lower(a.value)
    WHERE a.kind = 'household'
),
unlike AS (
    SELECT p.*
    FROM pair p
    WHERE EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.subject_id)
      AND EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.other_id)
      AND NOT EXISTS (SELECT 1 FROM alike a WHERE a.subject_id = p.subject_id AND a.other_id = p.other_id)
      AND NOT EXISTS (SELECT 1 FROM home h
                      WHERE (h.subject_id = p.subject_id AND h.other_id = p.other_id) OR (h.subject_id = p.other_id AND h.other_id = p.subject_id))
),
hosting AS (
    SELECT CAST(asn AS BIGINT) AS asn, min(name) AS name
    FROM reference_hosting_network
    WHERE NOT regexp_matches(name, '(?i)(vpn|m247|datacamp|31173|proton|tzulo)')
    GROUP BY CAST(asn AS BIGINT)
),
-- Tunnels that many people use for their privacy stand in rented networks too, and are left out.
named AS (
    SELECT s.subject_id, s.event_id, max(h.name) AS server, bool_or(coalesce(n.anonymous, FALSE) OR n.tunnel_operator IS NOT NULL) AS tunnel
    FROM signed s
    JOIN signin n ON lower(n.src_ip) = s.src_ip AND abs(epoch(n.time) - epoch(s.time)) <= $window_days * 86400
                 AND (n.asn IS NOT NULL OR n.as_org IS NOT NULL OR n.anonymous IS NOT NULL OR n.tunnel_operator IS NOT NULL)
    LEFT JOIN hosting h ON h.asn = n.asn
    GROUP BY s.subject_id, s.event_id
),
found AS (
    SELECT u.subject_id, greatest(u.time, u.other_time) AS time, u.event_id, [u.event_id, u.other_event] AS event_ids, u.src_ip,
           'from which ' || o.name || ' also acted' AS what
    FROM unlike u
    JOIN subject o ON o.subject_id = u.other_id
    UNION ALL
    SELECT s.subject_id, s.time, s.event_id, [s.event_id], s.src_ip, 'an address of rented servers of ' || n.server
    FROM signed s
    JOIN named n ON n.subject_id = s.subject_id AND n.event_id = s.event_id
    WHERE n.server IS NOT NULL AND NOT n.tunnel
),
best AS (
    SELECT * FROM found QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id, what) = 1
),
-- A signature alone in the records, on a network that nobody knows, could not have been seen to be shared.
seen AS (
    SELECT DISTINCT s.subject_id
    FROM signed s
    WHERE (SELECT count(DISTINCT subject_id) FROM act) > 1
)
SELECT coalesce(b.subject_id, n.subject_id) AS subject_id, b.subject_id IS NOT NULL AS fired, b.time, b.event_ids, b.src_ip, b.what
FROM seen n
FULL JOIN best b ON b.subject_id = n.subject_id
