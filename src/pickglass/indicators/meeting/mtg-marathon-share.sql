-- One meeting of a working day's length with the screen shared and hardly anybody in it, more than once a week.
WITH size AS (
    SELECT meeting_id, count(DISTINCT subject_id) AS people FROM meeting GROUP BY meeting_id
),
stay AS (
    SELECT subject_id, meeting_id, CAST(time AS DATE) AS day, min(time) AS time, sum(minutes) AS minutes, sum(share_minutes) AS share_minutes,
           arg_max(event_id, minutes) AS event_id
    FROM meeting
    WHERE minutes IS NOT NULL AND share_minutes IS NOT NULL AND coalesce(purpose, 'meeting') <> 'interview'
    GROUP BY subject_id, meeting_id, CAST(time AS DATE)
),
long_stay AS (
    SELECT s.*
    FROM stay s
    JOIN size z ON z.meeting_id = s.meeting_id
    WHERE s.minutes >= $min_minutes AND s.share_minutes >= $min_share_minutes AND z.people <= $max_people
),
weekly AS (
    SELECT *, count(*) OVER (PARTITION BY subject_id ORDER BY day RANGE BETWEEN INTERVAL 6 DAY PRECEDING AND CURRENT ROW) AS times
    FROM long_stay
),
last AS (
    SELECT * FROM weekly WHERE times >= $min_times
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY day DESC, meeting_id) = 1
),
evidence AS (
    SELECT w.subject_id, list(w.event_id) AS event_ids
    FROM weekly w
    JOIN last l ON l.subject_id = w.subject_id AND w.day <= l.day AND w.day >= l.day - INTERVAL 6 DAY
    GROUP BY w.subject_id
),
watched AS (
    SELECT s.subject_id
    FROM stay s
    JOIN coverage c ON c.subject_id = s.subject_id AND c.table_name = 'meeting'
    GROUP BY s.subject_id
    HAVING count(DISTINCT s.day) >= $observed_days
)
SELECT coalesce(l.subject_id, w.subject_id) AS subject_id,
       l.subject_id IS NOT NULL AS fired,
       l.time,
       e.event_ids,
       l.times, l.day, l.minutes / 60.0 AS hours, l.share_minutes / 60.0 AS share_hours
FROM last l
JOIN evidence e ON e.subject_id = l.subject_id
FULL JOIN watched w ON w.subject_id = l.subject_id
