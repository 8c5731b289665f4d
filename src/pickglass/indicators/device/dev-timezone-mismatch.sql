-- The offset of the time zone set on the computer against the offset where the person says they work.
-- Only zones that the gazetteer knows are compared: an unknown name would stop the query, and UTC says nothing.
WITH zone AS (
    SELECT DISTINCT time_zone FROM reference_place WHERE time_zone <> ''
),
placed AS (
    SELECT lower(city) AS city, region, country, min(time_zone) AS time_zone
    FROM reference_place
    WHERE city <> ''
    GROUP BY lower(city), region, country
    HAVING count(DISTINCT time_zone) = 1
),
claim AS (
    SELECT s.subject_id, s.work_city, coalesce(nullif(s.work_time_zone, ''), p.time_zone) AS time_zone
    FROM subject s
    LEFT JOIN placed p ON p.city = lower(s.work_city) AND p.region = coalesce(s.work_region, '') AND p.country = s.work_country
),
-- Many keep the clock of the headquarters wherever they are.
headquarters AS (
    SELECT time_zone
    FROM claim
    WHERE time_zone IN (SELECT time_zone FROM zone)
    GROUP BY time_zone
    HAVING count(*) >= $usual_people AND count(*) >= $usual_share * (SELECT count(*) FROM claim WHERE time_zone IS NOT NULL)
),
daily AS (
    SELECT d.subject_id, CAST(d.time AS DATE) AS day, max(d.time) AS time, arg_max(d.event_id, d.time) AS event_id,
           arg_max(z.time_zone, d.time) AS device_zone
    FROM device_state d
    JOIN zone z ON z.time_zone = d.time_zone
    GROUP BY d.subject_id, CAST(d.time AS DATE)
),
on_headquarters AS (
    SELECT DISTINCT d.subject_id, d.event_id
    FROM daily d
    CROSS JOIN headquarters h
    WHERE epoch(d.time AT TIME ZONE h.time_zone) = epoch(d.time AT TIME ZONE d.device_zone)
),
offset_pair AS (
    SELECT d.subject_id, d.day, d.time, d.event_id, d.device_zone, c.time_zone AS claimed_zone,
           (epoch(d.time AT TIME ZONE d.device_zone) - epoch(d.time AT TIME ZONE z.time_zone)) / 3600.0 AS hours,
           q.event_id IS NOT NULL AS headquarters
    FROM daily d
    JOIN claim c ON c.subject_id = d.subject_id
    JOIN zone z ON z.time_zone = c.time_zone
    LEFT JOIN on_headquarters q ON q.event_id = d.event_id AND q.subject_id = d.subject_id
    WHERE NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = d.subject_id AND a.kind = 'approved_travel'
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(d.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > d.time))
),
judged AS (
    SELECT *, abs(hours) > $max_hours AND NOT headquarters AS apart FROM offset_pair
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id, apart ORDER BY day) AS rank FROM judged
),
counted AS (
    SELECT subject_id, count(*) AS days, count(*) FILTER (WHERE apart) AS apart_days,
           max(time) FILTER (WHERE apart) AS time, list(event_id) FILTER (WHERE apart AND rank <= 5) AS event_ids,
           arg_max(device_zone, CASE WHEN apart THEN time END) AS device_zone, min(claimed_zone) AS claimed_zone,
           arg_max(abs(hours), CASE WHEN apart THEN time END) AS hours
    FROM ranked
    GROUP BY subject_id
)
SELECT n.subject_id,
       n.apart_days >= $min_days AND n.apart_days > $share * n.days AS fired,
       CASE WHEN n.apart_days >= $min_days AND n.apart_days > $share * n.days THEN n.time END AS time,
       n.event_ids,
       n.apart_days, n.days, n.device_zone, n.claimed_zone, n.hours
FROM counted n
JOIN coverage c ON c.subject_id = n.subject_id AND c.table_name = 'device_state'
WHERE n.days >= $min_days
