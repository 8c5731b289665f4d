-- Camera use against the team's own habit. Minutes of video that were never measured are not «off».
WITH joined AS (
    SELECT m.subject_id, m.time, m.event_id, m.video_minutes, m.minutes,
           coalesce(m.video_minutes >= 1 AND m.video_minutes >= $on_share * m.minutes, false) AS camera_on
    FROM meeting m
    WHERE m.video_minutes IS NOT NULL AND m.minutes >= $min_minutes AND coalesce(m.purpose, 'meeting') <> 'interview'
      AND epoch(CAST($as_of AS TIMESTAMPTZ)) - epoch(m.time) <= $window_days * 86400
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY time DESC, event_id) AS rank FROM joined
),
person AS (
    SELECT r.subject_id, s.department, count(*) AS meetings, count(*) FILTER (WHERE r.camera_on) AS on_meetings,
           1.0 * count(*) FILTER (WHERE r.camera_on) / nullif(count(*), 0) AS share, max(r.time) AS time,
           list(r.event_id) FILTER (WHERE r.rank <= 5) AS event_ids
    FROM ranked r
    JOIN subject s ON s.subject_id = r.subject_id
    WHERE s.department IS NOT NULL
    GROUP BY r.subject_id, s.department
),
team AS (
    SELECT department, median(share) AS share, count(*) AS people
    FROM person
    WHERE meetings >= $team_meetings
    GROUP BY department
    HAVING count(*) >= $team_people
)
SELECT p.subject_id,
       p.share < $low_share AND t.share > $team_share AS fired,
       CASE WHEN p.share < $low_share AND t.share > $team_share THEN p.time END AS time,
       p.event_ids,
       p.on_meetings, p.meetings, CAST(round(100 * t.share) AS BIGINT) AS team_percent, t.people
FROM person p
JOIN team t ON t.department = p.department
JOIN coverage c ON c.subject_id = p.subject_id AND c.table_name = 'meeting'
WHERE p.meetings >= $min_meetings
  -- Whoever has an arrangement is not assessed, and no reason shows.
  AND p.subject_id NOT IN (
      SELECT a.subject_id FROM attested a
      WHERE a.kind = 'accessibility' AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
        AND (a.valid_until IS NULL OR a.valid_until > $as_of))
