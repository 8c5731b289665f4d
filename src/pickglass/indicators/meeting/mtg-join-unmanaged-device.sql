-- Meetings joined from a computer that is not on record for the person, while a computer on record was at work.
WITH own_device AS (
    SELECT subject_id, lower(device_name) AS device FROM device_state WHERE device_name IS NOT NULL GROUP BY subject_id, lower(device_name)
),
issued_active AS (
    SELECT DISTINCT subject_id, CAST(time AS DATE) AS day FROM process
    UNION
    SELECT DISTINCT subject_id, CAST(time AS DATE) FROM device_state
    -- An asset list's «checkin» means that the computer was handed in, not that it ran.
    WHERE activity = 'checkin' AND source NOT LIKE 'snipeit%'
),
joined AS (
    SELECT m.subject_id, m.time, m.event_id, m.device_name, CAST(m.time AS DATE) AS day, o.device IS NULL AS unknown
    FROM meeting m
    JOIN issued_active i ON i.subject_id = m.subject_id AND i.day = CAST(m.time AS DATE)
    -- An inventory writes `lap-1.corp.example`, a meeting `LAP-1`.
    LEFT JOIN own_device o ON o.subject_id = m.subject_id
        AND split_part(o.device, '.', 1) = split_part(lower(m.device_name), '.', 1)
    WHERE m.device_name IS NOT NULL AND coalesce(m.purpose, 'meeting') <> 'interview'
      AND m.subject_id IN (SELECT subject_id FROM own_device)
      AND NOT regexp_matches(concat_ws(' ', m.os_name, m.device, m.device_name), '(?i)(android|iphone|ipad|\bios\b|phone|room|zoom rooms)')
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = m.subject_id AND a.kind = 'approved_device' AND lower(a.value) = lower(m.device_name)
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(m.time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > m.time))
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id, unknown ORDER BY time DESC, event_id) AS rank FROM joined
),
person AS (
    SELECT subject_id, count(DISTINCT event_id) AS meetings, count(DISTINCT event_id) FILTER (WHERE unknown) AS unknown_meetings,
           count(DISTINCT day) FILTER (WHERE unknown) AS unknown_days, max(time) FILTER (WHERE unknown) AS time,
           min(device_name) FILTER (WHERE unknown AND rank = 1) AS device,
           list(DISTINCT event_id) FILTER (WHERE unknown AND rank <= 5) AS event_ids,
           1.0 * count(DISTINCT event_id) FILTER (WHERE unknown) / nullif(count(DISTINCT event_id), 0) AS share
    FROM ranked
    GROUP BY subject_id
),
-- Where people commonly meet on computers of their own, it says nothing; alone in the records, nothing either.
everybody AS (
    SELECT median(share) AS share, count(*) AS people FROM person WHERE meetings >= $min_meetings
)
SELECT p.subject_id,
       p.share > $min_share AND p.unknown_days >= $min_days AS fired,
       CASE WHEN p.share > $min_share AND p.unknown_days >= $min_days THEN p.time END AS time,
       p.event_ids,
       p.unknown_meetings, p.meetings, p.unknown_days, p.device
FROM person p
CROSS JOIN everybody e
JOIN coverage c ON c.subject_id = p.subject_id AND c.table_name = 'meeting'
WHERE p.meetings >= $min_meetings AND e.people >= $usual_people AND e.share <= $usual_share
