-- Sign-ins through a consumer VPN on more than one day. The vendor's own words name the operator; a network's name
-- counts only where it is plain (`part`, or beside «vpn»), because «Star» and «Express» are names of honest carriers.
WITH shown AS (
    SELECT DISTINCT lower(tunnel_operator) AS shown, true AS tunnel FROM signin_source WHERE tunnel_operator IS NOT NULL
    UNION
    SELECT DISTINCT lower(as_org), false FROM signin_source WHERE as_org IS NOT NULL
),
known_name AS (
    SELECT s.shown, s.tunnel, min(v.operator) AS operator
    FROM shown s
    JOIN reference_vpn_operator v
      ON v.kind IN ('vpn', 'tor')
     AND ((v.match = 'part' AND (contains(s.shown, v.name) OR contains(replace(s.shown, '_', ' '), v.name)))
          OR (v.match = 'start' AND starts_with(s.shown, v.name) AND (s.tunnel OR contains(s.shown, 'vpn'))))
    GROUP BY s.shown, s.tunnel
),
hop AS (
    SELECT s.subject_id, s.time, s.event_id, s.country, coalesce(t.operator, g.operator) AS operator
    FROM signin s
    LEFT JOIN known_name t ON t.tunnel AND t.shown = lower(s.tunnel_operator)
    LEFT JOIN known_name g ON NOT g.tunnel AND g.shown = lower(s.as_org)
    WHERE s.outcome = 'success' AND (t.operator IS NOT NULL OR g.operator IS NOT NULL)
),
-- What a fifth of the people come through is the company's own way out.
usual AS (
    SELECT operator
    FROM hop
    GROUP BY operator
    HAVING count(DISTINCT subject_id) > $usual_people
       AND count(DISTINCT subject_id) >= $usual_share * (SELECT count(DISTINCT subject_id) FROM coverage WHERE table_name = 'signin')
),
unapproved AS (
    SELECT h.*, row_number() OVER (PARTITION BY h.subject_id ORDER BY h.time, h.event_id) AS rank
    FROM hop h
    WHERE h.operator NOT IN (SELECT operator FROM usual)
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = h.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) = lower(h.operator)
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(h.time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > h.time))
),
counted AS (
    SELECT subject_id, count(DISTINCT CAST(time AS DATE)) AS days, count(*) AS signins, min(time) AS first_time, max(time) AS time,
           string_agg(DISTINCT operator, ', ' ORDER BY operator) AS operators, list(event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM unapproved
    GROUP BY subject_id
    HAVING count(DISTINCT CAST(time AS DATE)) >= $min_days
),
-- It would have been seen only where sign-ins name a network, a tunnel or an anonymiser at all.
watched AS (
    SELECT s.subject_id
    FROM signin s
    JOIN coverage c ON c.subject_id = s.subject_id AND c.table_name = 'signin'
    WHERE s.outcome = 'success' AND (s.as_org IS NOT NULL OR s.tunnel_operator IS NOT NULL)
    GROUP BY s.subject_id
    HAVING count(DISTINCT CAST(s.time AS DATE)) >= $observed_days
)
SELECT coalesce(n.subject_id, w.subject_id) AS subject_id,
       n.subject_id IS NOT NULL AS fired,
       n.time,
       n.event_ids,
       n.signins, n.days, n.operators, n.first_time
FROM counted n
FULL JOIN watched w ON w.subject_id = n.subject_id
