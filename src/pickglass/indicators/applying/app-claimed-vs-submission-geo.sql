-- Countries from which checks and applications were made, against every country that the rosters ever named.
WITH claim AS (
    SELECT subject_id, upper(country) AS country FROM worker WHERE country <> ''
    UNION
    SELECT subject_id, upper(work_country) FROM worker WHERE work_country <> ''
),
-- Sign-ins say which addresses are tunnels or the company's own: those tell nothing about a place.
covered AS (
    SELECT lower(src_ip) AS src_ip
    FROM signin
    WHERE src_ip IS NOT NULL
    GROUP BY lower(src_ip)
    HAVING count(DISTINCT subject_id) >= $shared_people OR bool_or(coalesce(anonymous, FALSE) OR tunnel_operator IS NOT NULL)
        OR bool_or(coalesce(asn, 0) IN (SELECT CAST(asn AS BIGINT) FROM reference_hosting_network))
),
made AS (
    SELECT h.subject_id, h.time, h.event_id, upper(h.country) AS country,
           EXISTS (SELECT 1 FROM claim c WHERE c.subject_id = h.subject_id AND c.country = upper(h.country)) AS agrees
    FROM hiring_event h
    WHERE h.country <> '' AND h.src_ip <> '' AND h.activity IN ('applied', 'interview', 'identity_check', 'offer_accepted', 'signature')
      AND lower(h.src_ip) NOT IN (SELECT src_ip FROM covered)
      AND NOT EXISTS (SELECT 1 FROM attested a
                      WHERE a.subject_id = h.subject_id AND a.kind = 'approved_travel' AND coalesce(a.outcome, 'passed') = 'passed'
                        AND epoch(a.valid_from) <= epoch(h.time) + $approval_lag_days * 86400
                        AND (a.valid_until IS NULL OR a.valid_until > h.time))
),
counted AS (
    SELECT m.subject_id, count(DISTINCT CAST(m.time AS DATE)) AS days, count(*) AS sessions, bool_or(m.agrees) AS agreed, max(m.time) AS time,
           list(m.event_id ORDER BY m.time, m.event_id) AS event_ids, list_sort(list(DISTINCT m.country)) AS countries
    FROM made m
    WHERE EXISTS (SELECT 1 FROM claim c WHERE c.subject_id = m.subject_id)
    GROUP BY m.subject_id
),
claimed AS (
    SELECT subject_id, list_sort(list(country)) AS claims FROM claim GROUP BY subject_id
)
SELECT c.subject_id,
       NOT c.agreed AS fired,
       CASE WHEN NOT c.agreed THEN c.time END AS time,
       c.event_ids, c.sessions, c.days, c.countries, l.claims
FROM counted c
JOIN claimed l ON l.subject_id = c.subject_id
WHERE c.agreed OR c.days >= $days
