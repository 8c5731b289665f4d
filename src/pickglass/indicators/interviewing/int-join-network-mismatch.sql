-- Interviews joined from a country that nobody claimed, or from rented servers and residential proxies. What kind of network
-- an address is, and often its place, the company's sign-in log says.
WITH interview AS (
    SELECT DISTINCT meeting_id FROM meeting WHERE purpose = 'interview'
),
company AS (
    SELECT lower(src_ip) AS src_ip FROM signin WHERE src_ip IS NOT NULL GROUP BY lower(src_ip) HAVING count(DISTINCT subject_id) >= $shared_people
),
joined AS (
    SELECT m.subject_id, m.meeting_id, m.time, m.event_id, lower(m.src_ip) AS src_ip, nullif(upper(m.country), '') AS country
    FROM meeting m
    JOIN interview i ON i.meeting_id = m.meeting_id
    WHERE m.src_ip <> '' AND lower(m.src_ip) NOT IN (SELECT src_ip FROM company)
      -- Only the person's hiring: those who interview others sit in such meetings for years.
      AND NOT EXISTS (SELECT 1 FROM subject s WHERE s.subject_id = m.subject_id AND epoch(m.time) - epoch(s.hire_date) > 86400)
),
hosting AS (
    SELECT CAST(asn AS BIGINT) AS asn, min(name) AS name
    FROM reference_hosting_network
    WHERE NOT regexp_matches(name, '(?i)(vpn|m247|datacamp|31173|proton|tzulo)')
    GROUP BY CAST(asn AS BIGINT)
),
shown AS (
    SELECT DISTINCT lower(operator) AS shown
    FROM (SELECT tunnel_operator AS operator FROM signin UNION SELECT as_org FROM signin)
    WHERE operator IS NOT NULL
),
known AS (
    SELECT s.shown, min(v.operator) AS operator, bool_or(v.kind = 'proxy') AS proxy
    FROM shown s
    JOIN reference_vpn_operator v ON (v.match = 'part' AND contains(s.shown, v.name)) OR (v.match = 'start' AND starts_with(s.shown, v.name))
    GROUP BY s.shown
),
named AS (
    SELECT j.subject_id, j.event_id, upper(max(n.country)) AS country, max(h.name) AS server,
           max(CASE WHEN k.proxy THEN k.operator END) AS proxy,
           bool_or(coalesce(n.anonymous, FALSE) OR n.tunnel_operator IS NOT NULL OR k.shown IS NOT NULL) AS tunnel
    FROM joined j
    JOIN signin n ON lower(n.src_ip) = j.src_ip AND abs(epoch(n.time) - epoch(j.time)) <= $window_days * 86400
    LEFT JOIN hosting h ON h.asn = n.asn
    LEFT JOIN known k ON k.shown = lower(coalesce(n.tunnel_operator, n.as_org))
    GROUP BY j.subject_id, j.event_id
),
claim AS (
    SELECT subject_id, upper(country) AS country FROM worker WHERE country <> ''
    UNION
    SELECT subject_id, upper(work_country) FROM worker WHERE work_country <> ''
),
judged AS (
    SELECT j.subject_id, j.meeting_id, j.time, j.event_id,
           CASE WHEN n.proxy IS NOT NULL THEN 'the residential proxy ' || n.proxy
                WHEN n.server IS NOT NULL AND NOT n.tunnel THEN 'rented servers of ' || n.server
                WHEN coalesce(n.tunnel, FALSE) THEN NULL
                WHEN NOT EXISTS (SELECT 1 FROM claim c WHERE c.subject_id = j.subject_id AND c.country = coalesce(j.country, n.country))
                     AND EXISTS (SELECT 1 FROM claim c WHERE c.subject_id = j.subject_id)
                     AND NOT EXISTS (SELECT 1 FROM attested a
                                     WHERE a.subject_id = j.subject_id AND a.kind = 'approved_travel' AND coalesce(a.outcome, 'passed') = 'passed')
                THEN coalesce(j.country, n.country) END AS other_place,
           -- Through a tunnel of the person's own no place is told, and none is held against them.
           NOT coalesce(n.tunnel, FALSE) AND (n.event_id IS NOT NULL OR EXISTS (SELECT 1 FROM claim c WHERE c.subject_id = j.subject_id AND j.country IS NOT NULL)) AS told
    FROM joined j
    LEFT JOIN named n ON n.subject_id = j.subject_id AND n.event_id = j.event_id
),
counted AS (
    SELECT subject_id, count(DISTINCT meeting_id) FILTER (WHERE told OR other_place IS NOT NULL) AS interviews,
           count(DISTINCT meeting_id) FILTER (WHERE other_place IS NOT NULL) AS apart,
           count(DISTINCT CAST(time AS DATE)) FILTER (WHERE other_place IS NOT NULL) AS days,
           max(time) FILTER (WHERE other_place IS NOT NULL) AS time, list_sort(list(DISTINCT other_place) FILTER (WHERE other_place IS NOT NULL)) AS places,
           list(event_id ORDER BY time, event_id) FILTER (WHERE other_place IS NOT NULL) AS event_ids
    FROM judged
    GROUP BY subject_id
)
SELECT subject_id,
       apart >= $interviews AND days >= 2 AS fired,
       CASE WHEN apart >= $interviews AND days >= 2 THEN time END AS time,
       event_ids, apart, interviews, places
FROM counted
WHERE (apart >= $interviews AND days >= 2) OR (apart = 0 AND interviews >= $interviews)
