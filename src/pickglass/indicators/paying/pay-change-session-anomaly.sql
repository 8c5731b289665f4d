-- The edit's address against the person's own sign-ins and devices before and after it. The hours around the edit do not
-- count as own, because whoever took over the account signed in then as well.
WITH own_account AS (
    SELECT subject_id, lower(account) AS account FROM (SELECT subject_id, unnest(accounts) AS account FROM subject)
    UNION
    SELECT subject_id, lower(work_mail) FROM subject WHERE work_mail IS NOT NULL
),
edit AS (
    SELECT subject_id, time, event_id, src_ip, actor, 'account for pay' AS what
    FROM payroll_event
    WHERE activity IN ('account_added', 'account_changed') AND src_ip IS NOT NULL
    UNION ALL
    SELECT subject_id, time, event_id, src_ip, actor, 'home address'
    FROM hr_change
    WHERE field = 'address_key' AND src_ip IS NOT NULL
),
own_edit AS (
    SELECT e.*
    FROM edit e
    LEFT JOIN own_account o ON o.subject_id = e.subject_id AND o.account = lower(e.actor)
    WHERE e.actor IS NULL OR o.account IS NOT NULL
),
-- Whose network an address is, by any sign-in of the company from it.
network_of AS (
    SELECT n.src_ip, max(n.asn) AS asn, max(n.as_org) AS as_org,
           bool_or(coalesce(n.anonymous, FALSE) OR n.tunnel_operator IS NOT NULL) AS tunnel
    FROM signin n
    JOIN (SELECT DISTINCT src_ip FROM own_edit) e ON e.src_ip = n.src_ip
    GROUP BY n.src_ip
),
seen AS (
    SELECT e.subject_id, e.event_id, count(DISTINCT CAST(n.time AS DATE)) AS known_days,
           bool_or(n.src_ip = e.src_ip) AS same_address,
           bool_or(n.asn = w.asn AND NOT w.tunnel) AS same_operator,
           bool_or(regexp_replace(n.src_ip, '[.][0-9]+$', '') = regexp_replace(e.src_ip, '[.][0-9]+$', '')) AS same_neighbourhood
    FROM own_edit e
    JOIN signin n ON n.subject_id = e.subject_id AND n.outcome = 'success' AND n.src_ip IS NOT NULL
                 AND abs(epoch(n.time) - epoch(e.time)) BETWEEN $near_hours * 3600 AND $window_days * 86400
    LEFT JOIN network_of w ON w.src_ip = e.src_ip
    GROUP BY e.subject_id, e.event_id
),
device AS (
    SELECT DISTINCT e.subject_id, e.event_id
    FROM own_edit e
    JOIN device_state d ON d.subject_id = e.subject_id AND d.src_ip = e.src_ip
    UNION
    SELECT DISTINCT e.subject_id, e.event_id
    FROM own_edit e
    JOIN signin n ON n.subject_id = e.subject_id AND n.src_ip = e.src_ip AND n.device_managed
),
answer AS (
    SELECT e.subject_id, e.time, e.event_id, e.src_ip, e.what, s.known_days, w.tunnel,
           coalesce(CASE WHEN w.tunnel THEN 'anonymising network ' || coalesce(w.as_org, '') ELSE w.as_org END, 'operator not known') AS operator,
           NOT s.same_address AND NOT coalesce(s.same_operator, FALSE) AND NOT s.same_neighbourhood AND d.event_id IS NULL AS fired
    FROM own_edit e
    JOIN seen s ON s.subject_id = e.subject_id AND s.event_id = e.event_id
    LEFT JOIN device d ON d.subject_id = e.subject_id AND d.event_id = e.event_id
    LEFT JOIN network_of w ON w.src_ip = e.src_ip
    WHERE s.known_days >= $known_days
)
SELECT subject_id, fired, CASE WHEN fired THEN answer.time END AS time, [event_id] AS event_ids, src_ip, what, known_days, operator, $window_days AS window_days
FROM answer
QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY fired DESC, answer.time, event_id) = 1
