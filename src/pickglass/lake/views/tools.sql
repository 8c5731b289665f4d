-- Remote-control tools and tunnels: those of the reference, and those that lists in force name beside them.
CREATE TEMP VIEW remote_tool AS
SELECT name, kind, process_name, domain, product FROM reference_remote_tool
UNION ALL
SELECT lower(coalesce(nullif(i.reference, ''), regexp_replace(i.value, '[.]exe$', ''))), 'remote_control',
       CASE WHEN i.kind = 'tool' THEN lower(i.value) ELSE '' END, CASE WHEN i.kind = 'tool_domain' THEN lower(i.value) ELSE '' END,
       coalesce(nullif(i.reference, ''), i.value)
FROM intelligence i
LEFT JOIN reference_remote_tool r ON lower(i.value) IN (r.process_name, r.domain)
WHERE i.kind IN ('tool', 'tool_domain') AND r.name IS NULL AND coalesce(i.confidence, 'medium') <> 'low'
  AND (i.valid_until IS NULL OR i.valid_until > CAST($as_of AS TIMESTAMPTZ));

-- Whenever one was seen on somebody's computer: as a program, by its traffic, or as the firewall named it. Few distinct
-- names stand for many records. A renamed program still carries its original name; an inventory writes the product with
-- version and bitness. A firewall names the application (`anydesk`, `teamviewer-base`); it looks at the traffic, so a visit
-- to the maker's pages is not taken for the tool, and neither is what a browser opens.
CREATE TEMP VIEW remote_tool_use AS
WITH program AS (
    SELECT process_name, min(name) AS name FROM remote_tool WHERE process_name <> '' GROUP BY process_name
),
brand AS (
    SELECT lower(product) AS product, min(name) AS name FROM remote_tool WHERE product <> '' GROUP BY lower(product)
),
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
    JOIN (SELECT DISTINCT domain, name FROM remote_tool WHERE domain <> '') t
      ON d.domain = t.domain OR d.domain LIKE '%.' || t.domain
    GROUP BY d.domain
),
tool AS (
    SELECT name, min(product) AS tool, min(kind) AS kind FROM remote_tool GROUP BY name
),
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
)
SELECT s.subject_id, s.time, s.event_id, s.device, s.name, t.tool, t.kind
FROM sighting s JOIN tool t ON t.name = s.name;
