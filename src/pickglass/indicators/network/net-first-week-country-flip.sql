-- A new account whose first sign-ins come from one country, that is not the claimed one, and soon from another.
-- The later sign-ins may well come through a tunnel: that is how the first place is hidden afterwards. A first place that
-- is a tunnel's exit is no place, whichever system says so.
WITH tunnel_exit AS (
    SELECT DISTINCT src_ip FROM signin WHERE tunnel_operator IS NOT NULL AND src_ip IS NOT NULL
),
located AS (
    SELECT s.subject_id, s.time, s.event_id, s.country, s.tunnel_operator IS NOT NULL OR e.src_ip IS NOT NULL AS hidden,
           row_number() OVER (PARTITION BY s.subject_id ORDER BY s.time, s.event_id) AS rank
    FROM signin s
    JOIN subject w ON w.subject_id = s.subject_id AND w.work_country IS NOT NULL
    JOIN coverage c ON c.subject_id = s.subject_id AND c.table_name = 'signin'
    LEFT JOIN tunnel_exit e ON e.src_ip = s.src_ip
    -- Only a new account's first weeks are read; who was seen before them is not new.
    WHERE epoch(s.time) - epoch(w.hire_date) <= (30 + $window_days) * 86400
      AND epoch(c.first_time) - epoch(w.hire_date) BETWEEN -30 * 86400 AND 30 * 86400
      AND s.outcome = 'success' AND s.activity IN ('signin', 'session', 'app') AND coalesce(s.interactive, true)
      AND s.country IS NOT NULL
),
-- Sign-ins of other people must reach farther back, else «first» is only where the export begins.
export AS (
    SELECT min(first_time) AS first_time FROM coverage WHERE table_name = 'signin'
),
baseline AS (
    SELECT l.subject_id, min(l.country) AS country, min(l.time) AS first_time, count(DISTINCT l.country) AS countries,
           count(*) AS signins, list(l.event_id) AS event_ids
    FROM located l
    JOIN subject s ON s.subject_id = l.subject_id
    CROSS JOIN export x
    WHERE l.rank <= $first_signins
    GROUP BY l.subject_id, s.hire_date, x.first_time
    HAVING count(*) = $first_signins AND count(DISTINCT l.country) = 1 AND NOT bool_or(l.hidden)
       AND epoch(min(l.time)) - epoch(s.hire_date) BETWEEN -30 * 86400 AND 30 * 86400
       AND (epoch(x.first_time) < epoch(min(l.time)) OR epoch(min(l.time)) - epoch(s.hire_date) BETWEEN -7 * 86400 AND 7 * 86400)
),
travelling AS (
    SELECT DISTINCT b.subject_id
    FROM baseline b
    JOIN attested a ON a.subject_id = b.subject_id AND a.kind = 'approved_travel'
    WHERE coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
      AND epoch(a.valid_from) <= epoch(b.first_time) + $approval_lag_days * 86400
      AND (a.valid_until IS NULL OR a.valid_until > b.first_time)
),
later AS (
    SELECT l.subject_id, l.time, l.event_id, l.country, b.country AS first_country, b.first_time, b.event_ids
    FROM located l
    JOIN baseline b ON b.subject_id = l.subject_id
    WHERE l.rank > $first_signins AND epoch(l.time) - epoch(b.first_time) <= $window_days * 86400
),
flip AS (
    SELECT l.*
    FROM later l
    JOIN subject s ON s.subject_id = l.subject_id
    WHERE l.country <> l.first_country AND l.first_country <> s.work_country
      -- Who lives in the first country and works for an office in another commutes by claim.
      AND (s.home_country IS NULL OR l.first_country <> s.home_country)
    QUALIFY row_number() OVER (PARTITION BY l.subject_id ORDER BY l.time, l.event_id) = 1
),
seen AS (
    SELECT subject_id, count(*) AS later_signins FROM later GROUP BY subject_id
)
SELECT b.subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time,
       list_concat(b.event_ids, [f.event_id]) AS event_ids,
       b.country AS first_country, f.country AS later_country, s.work_country AS claimed_country, b.first_time, b.signins,
       CAST(floor((epoch(f.time) - epoch(b.first_time)) / 86400) AS BIGINT) AS days
FROM baseline b
JOIN subject s ON s.subject_id = b.subject_id
JOIN coverage c ON c.subject_id = b.subject_id AND c.table_name = 'signin'
LEFT JOIN flip f ON f.subject_id = b.subject_id
LEFT JOIN seen n ON n.subject_id = b.subject_id
WHERE b.subject_id NOT IN (SELECT subject_id FROM travelling)
  AND (f.subject_id IS NOT NULL OR n.later_signins >= $min_later)
