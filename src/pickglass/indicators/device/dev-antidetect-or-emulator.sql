-- A browser made to hold many identities apart, or an emulator of phones, on the computer.
WITH tool AS (
    SELECT t.name, t.pattern
    FROM (VALUES
        ('AdsPower', '^(adspower|adspower_global|sunbrowser)'),
        ('Multilogin', '^(multilogin|mlx|mimic$|stealthfox)'),
        ('GoLogin', '^(gologin|orbita$)'),
        ('Dolphin Anty', '^(dolphin[ _{-]?anty|dolphin[{]anty)'),
        ('Incogniton', '^incogniton'),
        ('Kameleo', '^kameleo'),
        ('Octo Browser', '^octo[ _-]?browser'),
        ('MoreLogin', '^morelogin'),
        ('Undetectable', '^undetectable'),
        ('VMLogin', '^vmlogin'),
        ('Linken Sphere', '^linken[ _-]?sphere'),
        ('BlueStacks', '^(bluestacks|hd-player)'),
        ('NoxPlayer', '^(noxplayer|nox$|nox[.]exe)'),
        ('LDPlayer', '^(ldplayer|dnplayer)'),
        ('MEmu', '^(memuplay|memu$|memu[.]exe)'),
        ('MuMu Player', '^mumu[ _-]?player')
    ) AS t(name, pattern)
),
shown AS (
    SELECT DISTINCT shown
    FROM (SELECT unnest([process_name, product]) AS shown FROM (SELECT DISTINCT process_name, product FROM process))
    WHERE shown IS NOT NULL
),
-- The reference knows more browsers by the exact name of their process; emulators it does not hold.
known_name AS (
    SELECT s.shown, coalesce(min(t.name), min(r.name)) AS name
    FROM shown s
    LEFT JOIN tool t ON regexp_matches(regexp_replace(lower(s.shown), '[.](exe|app)$', ''), t.pattern)
    LEFT JOIN reference_antidetect_browser r ON r.process_name <> '' AND r.process_name = lower(s.shown)
    WHERE t.name IS NOT NULL OR r.name IS NOT NULL
    GROUP BY s.shown
),
sighting AS (
    SELECT p.subject_id, p.time, p.event_id, coalesce(p.device_name, p.device_id) AS device, coalesce(a.name, b.name) AS name
    FROM process p
    LEFT JOIN known_name a ON a.shown = p.process_name
    LEFT JOIN known_name b ON b.shown = p.product
    WHERE a.name IS NOT NULL OR b.name IS NOT NULL
),
unapproved AS (
    SELECT g.*, row_number() OVER (PARTITION BY g.subject_id ORDER BY g.time, g.event_id) AS rank
    FROM sighting g
    WHERE NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = g.subject_id AND a.kind = 'sanctioned_tool' AND lower(a.value) = lower(g.name)
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(g.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > g.time))
),
first AS (
    SELECT subject_id, min(time) AS time, list(event_id) FILTER (WHERE rank <= 5) AS event_ids,
           min(name) FILTER (WHERE rank = 1) AS name, min(device) FILTER (WHERE rank = 1) AS device,
           count(DISTINCT CAST(time AS DATE)) AS days
    FROM unapproved
    GROUP BY subject_id
)
SELECT s.subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time,
       f.event_ids,
       f.name, f.device, f.days
FROM subject s
LEFT JOIN first f ON f.subject_id = s.subject_id
LEFT JOIN coverage c ON c.subject_id = s.subject_id AND c.table_name = 'process' AND c.days >= $observed_days
WHERE (f.subject_id IS NOT NULL OR c.subject_id IS NOT NULL)
  -- Who tests apps and advertisements works with these.
  AND NOT regexp_matches(concat_ws(' ', s.role, s.department), '(?i)\b(qa|quality|test|tester|testing|mobile|android|ios|advertis|ads|fraud|security)')
