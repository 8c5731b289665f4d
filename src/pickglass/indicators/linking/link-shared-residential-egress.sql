-- Exits of tunnels and hosting networks and private ranges belong to no home. An exit of very many people (an
-- office, a carrier's translation) says nothing, so it neither fires nor clears.
WITH elsewhere AS (
    SELECT DISTINCT src_ip
    FROM signin
    WHERE tunnel_operator IS NOT NULL OR anonymous
       OR asn IN (SELECT CAST(asn AS BIGINT) FROM reference_hosting_network)
),
held AS (
    SELECT t.subject_id, t.value, t.subjects, t.days, t.first_time, t.event_ids
    FROM shared_thing t
    LEFT JOIN elsewhere e ON e.src_ip = t.value
    WHERE t.kind = 'egress' AND e.src_ip IS NULL
      AND NOT regexp_matches(t.value, '^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|fe80|fd|fc|::1)')
),
shared AS (
    SELECT a.subject_id, a.value, a.days, count(*) AS people,
           greatest(a.first_time, min(o.first_time) FILTER (WHERE o.subject_id <> a.subject_id)) AS time,
           list(s.name ORDER BY s.name) FILTER (WHERE o.subject_id <> a.subject_id) AS others,
           flatten(list(o.event_ids ORDER BY o.first_time, o.subject_id)) AS event_ids
    FROM held a
    JOIN held o ON o.value = a.value
    LEFT JOIN coverage x ON x.subject_id = a.subject_id AND x.table_name = 'signin'
    LEFT JOIN coverage y ON y.subject_id = o.subject_id AND y.table_name = 'signin'
    JOIN subject s ON s.subject_id = o.subject_id
    WHERE a.subjects <= $max_subjects AND a.days >= $min_days AND o.days >= $min_days
      AND a.days >= $min_share * coalesce(x.days, 0) AND o.days >= $min_share * coalesce(y.days, 0)
    GROUP BY a.subject_id, a.value, a.days, a.first_time
    HAVING count(*) >= $min_subjects
    QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY count(*) DESC, a.days DESC, a.value) = 1
),
seen AS (
    SELECT DISTINCT i.subject_id
    FROM signin i
    JOIN coverage c ON c.subject_id = i.subject_id AND c.table_name = 'signin'
    WHERE i.src_ip IS NOT NULL AND i.outcome = 'success' AND c.days >= $min_days
),
crowded AS (
    SELECT DISTINCT subject_id FROM held WHERE subjects > $max_subjects
)
SELECT coalesce(f.subject_id, n.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       f.value AS egress, f.days, f.people, f.others
FROM seen n
FULL JOIN shared f ON f.subject_id = n.subject_id
LEFT JOIN crowded c ON c.subject_id = n.subject_id
WHERE f.subject_id IS NOT NULL OR c.subject_id IS NULL
