-- Claim, delivery, the computer's own location and sign-ins, by region: does any of them ever agree with another?
WITH company AS (
    SELECT src_ip FROM egress WHERE subjects >= $shared_people
),
travel AS (
    SELECT subject_id, valid_from, valid_until FROM attested
    WHERE kind IN ('approved_travel', 'address_confirmed') AND coalesce(outcome, 'passed') NOT IN ('failed', 'declined')
),
hosting AS (
    SELECT DISTINCT CAST(asn AS BIGINT) AS asn FROM reference_hosting_network
),
record AS (
    SELECT subject_id, 'delivered' AS system, country || '/' || upper(region) AS place, time, event_id
    FROM shipment_event
    WHERE activity IN ('delivered', 'signed') AND country IS NOT NULL AND region IS NOT NULL
      AND coalesce(place_kind, '') NOT IN ('pickup_point', 'locker')
    UNION ALL
    SELECT subject_id, 'computer', country || '/' || upper(region), time, event_id
    FROM device_state
    WHERE country IS NOT NULL AND region IS NOT NULL
    UNION ALL
    SELECT s.subject_id, 'signins', s.country || '/' || upper(s.region), s.time, s.event_id
    FROM signin s
    WHERE s.outcome = 'success' AND s.activity IN ('signin', 'session', 'app') AND s.country IS NOT NULL AND s.region IS NOT NULL
      AND NOT coalesce(s.anonymous, false) AND s.tunnel_operator IS NULL
      AND coalesce(s.src_ip NOT IN (SELECT src_ip FROM company), true)
      AND coalesce(s.asn NOT IN (SELECT asn FROM hosting), true)
),
early AS (
    SELECT r.*
    FROM record r
    JOIN subject s ON s.subject_id = r.subject_id
    WHERE epoch(r.time) - epoch(s.hire_date) BETWEEN -45 * 86400 AND $window_days * 86400
      AND NOT EXISTS (
          SELECT 1 FROM travel t
          WHERE t.subject_id = r.subject_id AND epoch(t.valid_from) <= epoch(r.time) + $approval_lag_days * 86400
            AND (t.valid_until IS NULL OR t.valid_until > r.time))
),
claim AS (
    SELECT subject_id, 'claimed' AS system, work_country || '/' || upper(work_region) AS place FROM subject
    WHERE work_country IS NOT NULL AND work_region IS NOT NULL
    UNION
    -- Home is as good as work, and is not counted as another place.
    SELECT subject_id, 'claimed', home_country || '/' || upper(home_region) FROM subject
    WHERE home_country IS NOT NULL AND home_region IS NOT NULL
),
said AS (
    SELECT DISTINCT subject_id, system, place FROM early
    UNION
    SELECT subject_id, system, place FROM claim
),
-- A place that two systems name is where they meet.
met AS (
    SELECT DISTINCT subject_id FROM (SELECT subject_id, place FROM said GROUP BY subject_id, place HAVING count(DISTINCT system) > 1)
),
summed AS (
    SELECT s.subject_id, count(DISTINCT s.system) AS systems, count(DISTINCT s.place) AS places,
           string_agg(DISTINCT s.place, ' and ' ORDER BY s.place) FILTER (WHERE s.system = 'claimed') AS claimed,
           string_agg(DISTINCT s.place, ' and ' ORDER BY s.place) FILTER (WHERE s.system = 'delivered') AS delivered,
           string_agg(DISTINCT s.place, ' and ' ORDER BY s.place) FILTER (WHERE s.system = 'computer') AS computer,
           string_agg(DISTINCT s.place, ' and ' ORDER BY s.place) FILTER (WHERE s.system = 'signins') AS signins
    FROM said s
    GROUP BY s.subject_id
),
spread AS (
    SELECT subject_id, count(DISTINCT CAST(time AS DATE)) AS days, count(DISTINCT system) AS kinds, min(time) AS first_time, max(time) AS time
    FROM early
    GROUP BY subject_id
),
evidence AS (
    SELECT subject_id, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (SELECT *, row_number() OVER (PARTITION BY subject_id, system ORDER BY time, event_id) AS rank FROM early)
    WHERE rank <= 3
    GROUP BY subject_id
)
SELECT m.subject_id, t.subject_id IS NULL AS fired, CASE WHEN t.subject_id IS NULL THEN d.time END AS time,
       CASE WHEN t.subject_id IS NULL THEN e.event_ids END AS event_ids,
       m.claimed, m.delivered, m.computer, m.signins, m.places, d.first_time
FROM summed m
JOIN spread d ON d.subject_id = m.subject_id
JOIN evidence e ON e.subject_id = m.subject_id
LEFT JOIN met t ON t.subject_id = m.subject_id
WHERE m.claimed IS NOT NULL AND d.kinds >= 2
  AND (t.subject_id IS NOT NULL OR (m.systems >= 3 AND m.systems >= $min_places AND m.places >= $min_places AND d.days >= $min_days))
