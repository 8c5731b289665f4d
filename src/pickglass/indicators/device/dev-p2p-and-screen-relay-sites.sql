-- Two different services that pass files, code or a screen directly to somebody, within a week.
WITH site AS (
    SELECT domain, product FROM reference_file_drop WHERE product IN ('ToffeeShare', 'Codeshare', 'VDO.Ninja')
),
host AS (
    SELECT d.domain, min(s.product) AS product
    FROM (SELECT DISTINCT domain FROM network WHERE domain IS NOT NULL) d
    JOIN site s ON d.domain = s.domain OR d.domain LIKE '%.' || s.domain
    GROUP BY d.domain
),
daily AS (
    SELECT n.subject_id, h.product, CAST(n.time AS DATE) AS day, min(n.time) AS time, arg_min(n.event_id, n.time) AS event_id
    FROM network n
    JOIN host h ON h.domain = n.domain
    GROUP BY n.subject_id, h.product, CAST(n.time AS DATE)
),
pair AS (
    SELECT b.subject_id, a.product, b.product AS other_product, a.time AS first_time, b.time, [a.event_id, b.event_id] AS event_ids
    FROM daily a
    JOIN daily b ON b.subject_id = a.subject_id AND b.product <> a.product AND b.time >= a.time
    WHERE epoch(b.time) - epoch(a.time) <= $window_days * 86400
    QUALIFY row_number() OVER (PARTITION BY b.subject_id ORDER BY b.time, a.time, b.product, a.product) = 1
)
SELECT coalesce(p.subject_id, c.subject_id) AS subject_id,
       p.subject_id IS NOT NULL AS fired,
       p.time,
       p.event_ids,
       p.product, p.other_product, p.first_time, p.time AS second_time
FROM pair p
FULL JOIN (SELECT subject_id FROM coverage WHERE table_name = 'network' AND days >= $observed_days) c
       ON c.subject_id = p.subject_id
