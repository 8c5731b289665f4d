-- Two different unsanctioned remote-control products within a few days, on any of the person's computers.
WITH program AS (
    SELECT process_name, min(name) AS name FROM reference_remote_tool WHERE process_name <> '' GROUP BY process_name
),
brand AS (
    SELECT lower(product) AS product, min(name) AS name FROM reference_remote_tool WHERE product <> '' GROUP BY lower(product)
),
-- Few distinct names stand for many records. A renamed program still carries its original name; an inventory writes
-- the product with version and bitness.
spelled AS (
    SELECT DISTINCT process_name, original_name, product FROM process
),
known_program AS (
    SELECT s.process_name, s.original_name, s.product, coalesce(a.name, o.name, b.name) AS name
    FROM spelled s
    LEFT JOIN program a ON a.process_name = s.process_name
    LEFT JOIN program o ON o.process_name = lower(s.original_name)
    LEFT JOIN brand b ON b.product = regexp_replace(lower(s.product), '( host| client| agent| version)?[ v]*([0-9(].*)?$', '')
    WHERE a.name IS NOT NULL OR o.name IS NOT NULL OR b.name IS NOT NULL
),
host AS (
    SELECT d.domain, min(t.name) AS name
    FROM (SELECT DISTINCT domain FROM network WHERE domain IS NOT NULL) d
    JOIN (SELECT DISTINCT domain, name FROM reference_remote_tool WHERE domain <> '') t
      ON d.domain = t.domain OR d.domain LIKE '%.' || t.domain
    GROUP BY d.domain
),
tool AS (
    SELECT name, min(product) AS tool, min(kind) AS kind FROM reference_remote_tool GROUP BY name
),
-- A firewall names the application: `anydesk`, `teamviewer-base`, `chrome-remote-desktop`.
recognised AS (
    SELECT a.app, min(t.name) AS name
    FROM (SELECT DISTINCT app FROM network WHERE app IS NOT NULL) a
    JOIN tool t ON replace(a.app, '-', ' ') = t.name OR starts_with(replace(a.app, '-', ' '), t.name || ' ')
    GROUP BY a.app
),
sighting AS (
    SELECT p.subject_id, p.time, p.event_id, coalesce(p.device_name, p.device_id) AS device, k.name
    FROM process p
    JOIN known_program k ON k.process_name IS NOT DISTINCT FROM p.process_name
        AND k.original_name IS NOT DISTINCT FROM p.original_name AND k.product IS NOT DISTINCT FROM p.product
    UNION ALL
    SELECT n.subject_id, n.time, n.event_id, coalesce(n.device_name, n.device_id), coalesce(a.name, r.name, h.name)
    FROM network n
    LEFT JOIN program a ON a.process_name = n.process_name
    LEFT JOIN recognised r ON r.app = n.app
    LEFT JOIN host h ON h.domain = n.domain
        AND NOT regexp_matches(coalesce(n.process_name, ''), '(?i)^(chrome|msedge|firefox|safari|brave|opera|vivaldi|arc|iexplore|google chrome|microsoft edge|com.apple.webkit)')
    WHERE a.name IS NOT NULL OR r.name IS NOT NULL OR h.name IS NOT NULL
),
-- One row per tool and day is enough to tell what lay within some days of what.
daily AS (
    SELECT s.subject_id, s.name, CAST(s.time AS DATE) AS day, min(s.time) AS first_time, arg_min(s.event_id, s.time) AS event_id,
           arg_min(s.device, s.time) AS device
    FROM sighting s
    JOIN tool t ON t.name = s.name AND t.kind <> 'tunnel'
    GROUP BY s.subject_id, s.name, CAST(s.time AS DATE)
),
used AS (
    SELECT subject_id, name, min(first_time) AS first_time FROM daily GROUP BY subject_id, name
),
usual AS (
    SELECT name
    FROM used
    GROUP BY name
    HAVING count(*) > $usual_people
       AND count(*) >= $usual_share * (SELECT count(DISTINCT subject_id) FROM coverage WHERE table_name = 'process')
),
colleague AS (
    SELECT u.subject_id, u.name, count(*) AS colleagues
    FROM used u
    JOIN subject s ON s.subject_id = u.subject_id
    JOIN used o ON o.name = u.name AND o.subject_id <> u.subject_id
    JOIN subject c ON c.subject_id = o.subject_id AND c.department = s.department
    WHERE u.name NOT IN (SELECT name FROM usual) AND epoch(c.hire_date) < epoch(u.first_time) - 365 * 86400
    GROUP BY u.subject_id, u.name
),
unapproved AS (
    SELECT d.*, t.tool
    FROM daily d
    JOIN tool t ON t.name = d.name
    LEFT JOIN colleague k ON k.subject_id = d.subject_id AND k.name = d.name
    WHERE d.name NOT IN (SELECT name FROM usual)
      AND coalesce(k.colleagues, 0) < $usual_colleagues
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = d.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) IN (d.name, lower(t.tool))
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(d.first_time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > d.first_time))
),
pair AS (
    SELECT b.subject_id, b.first_time AS time, a.tool AS tool, b.tool AS other_tool, a.first_time AS tool_time,
           b.first_time AS other_time, b.device, [a.event_id, b.event_id] AS event_ids
    FROM unapproved a
    JOIN unapproved b ON b.subject_id = a.subject_id AND b.name <> a.name AND b.first_time >= a.first_time
    WHERE epoch(b.first_time) - epoch(a.first_time) <= $window_days * 86400
    QUALIFY row_number() OVER (PARTITION BY b.subject_id ORDER BY b.first_time, a.first_time, b.name, a.name) = 1
)
SELECT coalesce(p.subject_id, c.subject_id) AS subject_id,
       p.subject_id IS NOT NULL AS fired,
       p.time,
       p.event_ids,
       p.tool, p.other_tool, p.tool_time, p.other_time, p.device, $window_days AS window_days
FROM pair p
FULL JOIN (SELECT subject_id FROM coverage WHERE table_name = 'process' AND days >= $observed_days) c
       ON c.subject_id = p.subject_id
