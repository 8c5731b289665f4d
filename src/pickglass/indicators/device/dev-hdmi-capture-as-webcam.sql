-- A capture card, which turns a screen into a camera picture, in meetings or among the computer's cameras.
WITH label AS (
    SELECT DISTINCT lower(camera_name) AS shown FROM meeting WHERE camera_name IS NOT NULL
    UNION
    SELECT DISTINCT lower(description) FROM peripheral
    WHERE description IS NOT NULL AND class_name IN ('camera', 'image', 'media', 'usb')
),
card AS (
    SELECT DISTINCT l.shown
    FROM label l
    JOIN reference_capture_device k ON k.kind = 'capture_card' AND contains(l.shown, k.name)
),
sighting AS (
    SELECT m.subject_id, m.time, m.event_id, m.camera_name AS shown, true AS in_meeting
    FROM meeting m JOIN card c ON c.shown = lower(m.camera_name)
    UNION ALL
    SELECT p.subject_id, p.time, p.event_id, p.description, false
    FROM peripheral p JOIN card c ON c.shown = lower(p.description)
    WHERE p.class_name IN ('camera', 'image', 'media', 'usb') AND p.activity <> 'disconnected'
    UNION ALL
    -- The maker of the chip inside most cheap cards; whoever sells them names them «USB Video» or like a camera.
    SELECT p.subject_id, p.time, p.event_id, coalesce(p.description, p.manufacturer, 'USB ' || p.vendor_id || ':' || p.product_id), false
    FROM peripheral p
    LEFT JOIN card c ON c.shown = lower(p.description)
    WHERE p.vendor_id IN ('534d', '345f') AND p.product_id IN ('2109', '2130') AND p.class_name IN ('camera', 'image', 'media') AND p.activity <> 'disconnected' AND c.shown IS NULL
),
unapproved AS (
    SELECT s.*, row_number() OVER (PARTITION BY s.subject_id ORDER BY s.time, s.event_id) AS rank
    FROM sighting s
    WHERE NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = s.subject_id AND a.kind = 'approved_device'
          AND (contains(lower(s.shown), lower(a.value)) OR contains(lower(a.value), 'capture'))
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(s.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > s.time))
),
first AS (
    SELECT subject_id, min(time) AS time, list(event_id) FILTER (WHERE rank <= 5) AS event_ids,
           min(shown) FILTER (WHERE rank = 1) AS shown,
           count(*) FILTER (WHERE in_meeting) AS meetings,
           count(*) FILTER (WHERE NOT in_meeting) AS connections
    FROM unapproved
    GROUP BY subject_id
),
-- Meetings without camera names prove nothing about cameras.
watched AS (
    SELECT c.subject_id FROM coverage c WHERE c.table_name = 'peripheral'
    UNION
    SELECT m.subject_id FROM meeting m WHERE m.camera_name IS NOT NULL GROUP BY m.subject_id HAVING count(*) >= $observed_meetings
)
SELECT s.subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time,
       f.event_ids,
       f.shown, f.meetings, f.connections
FROM subject s
LEFT JOIN first f ON f.subject_id = s.subject_id
LEFT JOIN watched w ON w.subject_id = s.subject_id
WHERE (f.subject_id IS NOT NULL OR w.subject_id IS NOT NULL)
  -- For people who make pictures a capture card says nothing in either direction.
  AND NOT regexp_matches(concat_ws(' ', s.role, s.department), '(?i)\b(video|media|broadcast|film|livestream|streamer|audiovisual|content creator)')
