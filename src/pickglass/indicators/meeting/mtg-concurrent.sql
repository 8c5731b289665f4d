-- Two different meetings at the same time under one account, on several days of a month.
WITH part AS (
    SELECT subject_id, meeting_id, time, event_id, CAST(time AS DATE) AS day,
           coalesce(leave_time, time + minutes * INTERVAL 1 MINUTE) AS leave_time
    FROM meeting
    WHERE (leave_time IS NOT NULL OR minutes IS NOT NULL) AND coalesce(purpose, 'meeting') <> 'interview'
),
-- One meeting left and joined again is one stay; both ends are known.
pair AS (
    SELECT a.subject_id, a.day, a.event_id AS event_id, b.event_id AS other_event, b.time,
           (epoch(least(a.leave_time, b.leave_time)) - epoch(greatest(a.time, b.time))) / 60.0 AS minutes
    FROM part a
    JOIN part b ON b.subject_id = a.subject_id AND b.day = a.day AND b.meeting_id <> a.meeting_id
               AND b.time >= a.time AND b.time < a.leave_time AND (b.time > a.time OR b.event_id > a.event_id)
),
daily AS (
    SELECT subject_id, day, max(time) AS time, max(minutes) AS minutes, arg_max(event_id, minutes) AS event_id,
           arg_max(other_event, minutes) AS other_event
    FROM pair
    WHERE minutes >= $min_minutes
    GROUP BY subject_id, day
),
recurring AS (
    SELECT subject_id, day, time, minutes, event_id, other_event,
           count(*) OVER (PARTITION BY subject_id ORDER BY day RANGE BETWEEN INTERVAL 30 DAY PRECEDING AND CURRENT ROW) AS days
    FROM daily
),
last AS (
    SELECT subject_id, day, days, time, minutes
    FROM recurring
    WHERE days >= $min_days
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY day DESC) = 1
),
evidence AS (
    SELECT subject_id, list(event_id) AS event_ids
    FROM (SELECT r.subject_id, unnest([r.event_id, r.other_event]) AS event_id
          FROM recurring r
          JOIN last l ON l.subject_id = r.subject_id AND r.day <= l.day AND r.day >= l.day - INTERVAL 30 DAY)
    GROUP BY subject_id
),
watched AS (
    SELECT p.subject_id, count(DISTINCT p.meeting_id) AS meetings
    FROM part p
    JOIN coverage c ON c.subject_id = p.subject_id AND c.table_name = 'meeting'
    GROUP BY p.subject_id
    HAVING count(DISTINCT p.day) >= $observed_days
)
SELECT coalesce(l.subject_id, w.subject_id) AS subject_id,
       l.subject_id IS NOT NULL AS fired,
       l.time,
       e.event_ids,
       l.days, CAST(round(l.minutes) AS BIGINT) AS minutes, l.day
FROM last l
JOIN evidence e ON e.subject_id = l.subject_id
FULL JOIN watched w ON w.subject_id = l.subject_id
