-- A session that is weeks old and goes back and forth between networks of different regions on one day.
WITH company AS (
    SELECT src_ip FROM egress WHERE subjects >= $shared_people
),
used AS (
    SELECT s.subject_id, s.session_id, s.time, s.event_id, CAST(s.time AS DATE) AS day, s.asn, concat_ws('/', s.country, s.region) AS place
    FROM signin s
    LEFT JOIN company c ON c.src_ip = s.src_ip
    WHERE s.session_id IS NOT NULL AND s.outcome = 'success' AND s.activity IN ('signin', 'session', 'app', 'token')
      AND s.asn IS NOT NULL AND s.country IS NOT NULL AND c.src_ip IS NULL
),
begun AS (
    SELECT subject_id, session_id, min(time) AS begun, max(time) AS last_time FROM used GROUP BY subject_id, session_id
),
-- A change counts where both the operator and the region differ from the use before. Most sessions never grow old.
step AS (
    SELECT u.*, b.begun, lag(u.asn) OVER w AS asn_before, lag(u.place) OVER w AS place_before
    FROM used u
    JOIN begun b ON b.subject_id = u.subject_id AND b.session_id = u.session_id
        AND epoch(b.last_time) - epoch(b.begun) >= $min_age_days * 86400
    WINDOW w AS (PARTITION BY u.subject_id, u.session_id, u.day ORDER BY u.time, u.event_id)
),
daily AS (
    SELECT s.subject_id, s.session_id, s.day, s.begun, max(s.time) AS time, count(DISTINCT s.asn) AS networks,
           count(*) FILTER (WHERE s.asn_before IS NOT NULL AND s.asn <> s.asn_before AND s.place <> s.place_before) AS switches,
           list(s.event_id ORDER BY s.time, s.event_id) AS event_ids
    FROM step s
    WHERE epoch(s.time) - epoch(s.begun) >= $min_age_days * 86400
    GROUP BY s.subject_id, s.session_id, s.day, s.begun
),
confirmed AS (
    SELECT DISTINCT subject_id, CAST(time AS DATE) AS day FROM signin
    WHERE outcome = 'success' AND (activity = 'mfa' OR mfa_device IS NOT NULL OR factor IS NOT NULL)
),
found AS (
    SELECT d.*
    FROM daily d
    LEFT JOIN confirmed c ON c.subject_id = d.subject_id AND c.day = d.day
    WHERE d.switches >= $min_switches AND c.subject_id IS NULL
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = d.subject_id AND a.kind = 'approved_travel'
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(d.time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > d.time))
    QUALIFY row_number() OVER (PARTITION BY d.subject_id ORDER BY d.switches DESC, d.day, d.session_id) = 1
),
watched AS (
    SELECT DISTINCT subject_id FROM begun WHERE epoch(last_time) - epoch(begun) >= $min_age_days * 86400
)
SELECT w.subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       f.begun, CAST(floor((epoch(f.time) - epoch(f.begun)) / 86400) AS BIGINT) AS age_days, f.networks, f.day, f.switches
FROM watched w
LEFT JOIN found f ON f.subject_id = w.subject_id
