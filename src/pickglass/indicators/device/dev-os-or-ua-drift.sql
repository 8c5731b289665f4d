-- Sign-ins at a computer whose operating system no computer known for this person runs.
WITH known_system AS (
    SELECT subject_id,
           bool_or(os_name ILIKE '%windows%') AS windows,
           bool_or(os_name ILIKE '%mac%' OR os_name ILIKE '%darwin%' OR os_name ILIKE 'os x%') AS mac,
           bool_or(os_name ILIKE '%linux%' OR os_name ILIKE '%ubuntu%' OR os_name ILIKE '%debian%' OR os_name ILIKE '%fedora%') AS linux,
           bool_or(os_name ILIKE '%chrome%') AS chrome,
           string_agg(DISTINCT os_name, ', ' ORDER BY os_name) AS systems,
           min(time) AS first_time
    FROM device_state
    WHERE os_name IS NOT NULL
      AND NOT regexp_matches(os_name, '(?i)(ios|ipados|iphone|ipad|android|watch)')
    GROUP BY subject_id
),
-- Phones are everybody's own. Android says Linux, iPhones say «like Mac OS X», Chromebooks say CrOS: order matters.
-- Of computers that the company manages, virtual desktops included, it knows where they stand.
-- Few distinct texts stand for many sign-ins.
spelled AS (
    SELECT text,
           CASE WHEN regexp_matches(text, '(?i)(android|iphone|ipad|ipod|ios|mobile)') THEN NULL
                WHEN regexp_matches(text, '(?i)(cros|chrome ?os)') THEN 'ChromeOS'
                WHEN regexp_matches(text, '(?i)windows') THEN 'Windows'
                WHEN regexp_matches(text, '(?i)(mac|darwin|os x)') THEN 'macOS'
                WHEN regexp_matches(text, '(?i)(linux|ubuntu|debian|fedora|x11)') THEN 'Linux' END AS system
    FROM (SELECT DISTINCT coalesce(nullif(os_name, ''), user_agent) AS text FROM signin_source)
),
computer AS (
    SELECT s.subject_id, s.time, s.event_id, s.device_id, s.device_name, p.system
    FROM signin s
    JOIN spelled p ON p.text = coalesce(nullif(s.os_name, ''), s.user_agent)
    WHERE s.outcome = 'success' AND s.activity IN ('signin', 'session', 'app') AND coalesce(s.interactive, true)
      AND NOT coalesce(s.device_managed, false)
),
excused AS (
    SELECT DISTINCT c.subject_id, c.event_id
    FROM computer c
    JOIN attested a ON a.subject_id = c.subject_id AND a.kind = 'approved_device'
    WHERE (contains(lower(a.value), lower(c.system)) OR lower(a.value) IN (lower(c.device_name), lower(c.device_id)))
      AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
      AND epoch(a.valid_from) <= epoch(c.time) + $approval_lag_days * 86400
      AND (a.valid_until IS NULL OR a.valid_until > c.time)
),
judged AS (
    SELECT c.subject_id, c.time, c.event_id, c.system, k.systems,
           NOT (c.system = 'Windows' AND k.windows OR c.system = 'macOS' AND k.mac OR c.system = 'Linux' AND k.linux
                OR c.system = 'ChromeOS' AND k.chrome)
           AND e.event_id IS NULL AS strange
    FROM computer c
    JOIN known_system k ON k.subject_id = c.subject_id
    LEFT JOIN excused e ON e.subject_id = c.subject_id AND e.event_id = c.event_id
    WHERE c.system IS NOT NULL
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) AS rank FROM judged WHERE strange
),
strange_signin AS (
    SELECT subject_id, count(*) AS signins, count(DISTINCT CAST(time AS DATE)) AS days, max(time) AS time,
           string_agg(DISTINCT system, ', ' ORDER BY system) AS other_systems, list(event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM ranked
    GROUP BY subject_id
),
counted AS (
    SELECT j.subject_id, min(j.systems) AS systems, count(*) AS signins FROM judged j GROUP BY j.subject_id
)
SELECT n.subject_id,
       coalesce(t.days >= $min_days AND t.signins > $share * n.signins, false) AS fired,
       CASE WHEN t.days >= $min_days AND t.signins > $share * n.signins THEN t.time END AS time,
       t.event_ids,
       t.signins AS strange_signins, n.signins, t.days AS strange_days, t.other_systems, n.systems
FROM counted n
JOIN coverage c ON c.subject_id = n.subject_id AND c.table_name = 'signin'
LEFT JOIN strange_signin t ON t.subject_id = n.subject_id
WHERE n.signins >= $min_signins
