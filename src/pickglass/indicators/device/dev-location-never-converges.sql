-- The computer's own location fixes: was it ever near where the person says they work or live?
-- The kilometres mean something only where the claimed place is a known city: of a region or country the table knows
-- just the middle, so there the names are compared.
WITH claim AS (
    SELECT s.subject_id, s.work_city, s.work_region, s.work_country, s.home_city, s.home_region, s.home_country,
           p.city IS NOT NULL AS exact
    FROM subject s
    LEFT JOIN (SELECT DISTINCT lower(city) AS city, region, country FROM reference_place WHERE city <> '') p
           ON p.city = lower(s.work_city) AND p.region = coalesce(s.work_region, '') AND p.country = s.work_country
    WHERE s.work_country IS NOT NULL
),
fix AS (
    SELECT d.subject_id, d.time, d.event_id, d.city, d.region, d.country, d.claimed_km, c.exact, c.work_city, c.work_country,
           coalesce(
           (c.exact AND d.claimed_km <= $near_km)
           OR (NOT c.exact AND d.country = c.work_country
               AND (c.work_region IS NULL OR d.region IS NULL OR d.region = c.work_region))
           -- Near home is as good: many a roster names the office as the place of work.
           OR (d.country = c.home_country
               AND (lower(d.city) = lower(c.home_city) OR d.region = c.home_region)), false) AS near
    FROM device_state d
    JOIN claim c ON c.subject_id = d.subject_id
    WHERE (CASE WHEN c.exact THEN d.claimed_km IS NOT NULL ELSE d.country IS NOT NULL END)
      AND coalesce(d.accuracy_m, 0) <= $accuracy_m
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = d.subject_id AND a.kind = 'approved_travel'
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(d.time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > d.time))
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) AS rank,
           row_number() OVER (PARTITION BY subject_id ORDER BY time DESC, event_id) AS last_rank
    FROM fix
),
summed AS (
    SELECT subject_id, bool_or(near) AS ever_near, count(*) AS fixes, count(DISTINCT CAST(time AS DATE)) AS days,
           min(time) AS first_time, max(time) AS time, min(claimed_km) AS nearest_km, min(work_city) AS work_city,
           min(work_country) AS work_country,
           min(concat_ws(', ', city, region, country)) FILTER (WHERE last_rank = 1) AS last_place,
           list(event_id) FILTER (WHERE rank <= 3 OR last_rank <= 2) AS event_ids
    FROM ranked
    GROUP BY subject_id
)
SELECT m.subject_id,
       NOT m.ever_near AS fired,
       CASE WHEN NOT m.ever_near THEN m.time END AS time,
       m.event_ids,
       m.fixes, m.days, CAST(round(m.nearest_km) AS BIGINT) AS nearest_km,
       concat_ws(', ', m.work_city, m.work_country) AS claimed_place, nullif(m.last_place, '') AS last_place
FROM summed m
JOIN coverage c ON c.subject_id = m.subject_id AND c.table_name = 'device_state'
-- Far fixes of a few days are a journey: nothing can be said yet.
WHERE m.ever_near
   OR (m.days >= $min_days AND epoch(m.time) - epoch(m.first_time) >= $min_span_days * 86400)
