-- Names that only a local network resolves, against the names of computers issued to other people.
WITH issued AS (
    SELECT lower(device_name) AS host, min(subject_id) AS subject_id, max(device_name) AS device_name, arg_max(event_id, time) AS event_id
    FROM device_state
    WHERE length(device_name) >= 5
    GROUP BY lower(device_name)
    HAVING count(DISTINCT subject_id) = 1
),
question AS (
    SELECT domain, regexp_extract(domain, '^([^.]+)\.(local|lan|home|localdomain|home\.arpa|fritz\.box)$', 1) AS host
    FROM (SELECT DISTINCT domain FROM network WHERE domain IS NOT NULL)
),
home AS (
    SELECT a.subject_id, o.subject_id AS other_id
    FROM attested a
    JOIN worker o ON lower(o.account) = lower(a.value)
    WHERE a.kind = 'household' AND (a.valid_until IS NULL OR a.valid_until > $as_of)
),
asked AS (
    SELECT n.subject_id, i.subject_id AS other_id, i.device_name, i.event_id AS device_event, n.time, n.event_id
    FROM network n
    JOIN question q ON q.domain = n.domain AND q.host <> ''
    JOIN issued i ON i.host = q.host AND i.subject_id <> n.subject_id
    WHERE NOT EXISTS (SELECT 1 FROM home h WHERE (h.subject_id = n.subject_id AND h.other_id = i.subject_id)
                                              OR (h.subject_id = i.subject_id AND h.other_id = n.subject_id))
),
-- Where a computer sees many others, or many see one, it is an office.
crowd AS (
    SELECT subject_id FROM asked GROUP BY subject_id HAVING count(DISTINCT other_id) > $max_neighbours
    UNION
    SELECT other_id FROM asked GROUP BY other_id HAVING count(DISTINCT subject_id) > $max_neighbours
),
ranked AS (
    SELECT a.*, row_number() OVER (PARTITION BY a.subject_id, a.other_id ORDER BY a.time, a.event_id) AS rank
    FROM asked a
    WHERE a.subject_id NOT IN (SELECT subject_id FROM crowd) AND a.other_id NOT IN (SELECT subject_id FROM crowd)
),
found AS (
    SELECT r.subject_id, s.name AS others, max(r.device_name) AS neighbour, count(DISTINCT CAST(r.time AS DATE)) AS days, min(r.time) AS time,
           list_concat(list(DISTINCT r.device_event), list(r.event_id ORDER BY r.rank) FILTER (WHERE r.rank <= 5)) AS event_ids
    FROM ranked r
    JOIN subject s ON s.subject_id = r.other_id
    GROUP BY r.subject_id, r.other_id, s.name
    HAVING count(DISTINCT CAST(r.time AS DATE)) >= $min_days
    QUALIFY row_number() OVER (PARTITION BY r.subject_id ORDER BY count(DISTINCT CAST(r.time AS DATE)) DESC, r.other_id) = 1
),
watched AS (
    SELECT subject_id FROM network WHERE domain IS NOT NULL GROUP BY subject_id HAVING count(DISTINCT CAST(time AS DATE)) >= $min_days
)
SELECT w.subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids, f.neighbour, f.others, f.days
FROM watched w
LEFT JOIN found f ON f.subject_id = w.subject_id
LEFT JOIN (SELECT subject_id, count(*) AS computers FROM issued GROUP BY subject_id) o ON o.subject_id = w.subject_id
WHERE (SELECT count(*) FROM issued) > coalesce(o.computers, 0)
  AND w.subject_id NOT IN (SELECT subject_id FROM crowd)
