-- Owners and receivers of code, against code-host accounts that lists name. Lists write `github:octo` or the bare handle.
WITH listed AS (
    SELECT lower(value) AS value, string_agg(DISTINCT list_name, ', ' ORDER BY list_name) AS lists, min(event_id) AS event_id
    FROM intelligence
    WHERE kind = 'code_host' AND (valid_until IS NULL OR valid_until > $as_of)
    GROUP BY lower(value)
),
exchange AS (
    SELECT subject_id, time, event_id, service, resource, lower(resource_owner) AS party
    FROM data_access
    WHERE service IN ('github', 'gitlab', 'bitbucket') AND activity IN ('clone', 'fetch', 'push', 'download', 'upload', 'share', 'permission') AND resource_owner IS NOT NULL
    UNION ALL
    SELECT subject_id, time, event_id, service, resource, lower(target)
    FROM data_access
    WHERE service IN ('github', 'gitlab', 'bitbucket') AND activity IN ('clone', 'fetch', 'push', 'download', 'upload', 'share', 'permission') AND target IS NOT NULL
    UNION ALL
    SELECT subject_id, time, event_id, service, resource, lower(split_part(resource, '/', 1))
    FROM data_access
    WHERE service IN ('github', 'gitlab', 'bitbucket') AND activity IN ('clone', 'fetch', 'push', 'download', 'upload', 'share', 'permission') AND contains(resource, '/')
),
hit AS (
    SELECT e.subject_id, e.time, e.event_id, e.resource, l.value AS owner, l.lists, l.event_id AS list_event,
           row_number() OVER (PARTITION BY e.subject_id ORDER BY e.time, e.event_id, l.value) AS rank
    FROM exchange e
    JOIN listed l ON l.value = e.party OR l.value = e.service || ':' || e.party
),
found AS (
    SELECT subject_id, min(time) AS time, count(DISTINCT event_id) AS times, min(owner) FILTER (WHERE rank = 1) AS owner,
           min(lists) FILTER (WHERE rank = 1) AS lists, min(resource) FILTER (WHERE rank = 1) AS resource,
           list_concat(list(DISTINCT event_id) FILTER (WHERE rank <= 10), list(DISTINCT list_event) FILTER (WHERE rank = 1)) AS event_ids
    FROM hit
    GROUP BY subject_id
    HAVING count(DISTINCT CAST(time AS DATE)) >= $min_days
)
SELECT w.subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids, f.owner, f.lists, f.times, f.resource
FROM (SELECT DISTINCT subject_id FROM exchange) w
LEFT JOIN found f ON f.subject_id = w.subject_id
WHERE EXISTS (SELECT 1 FROM listed)
