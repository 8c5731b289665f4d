-- Names of cameras in interviews against the reference of capture cards and virtual cameras.
WITH seen AS (
    SELECT subject_id, time, event_id, camera_name AS camera FROM hiring_event WHERE camera_name <> ''
    UNION ALL
    SELECT subject_id, time, event_id, camera_name FROM meeting WHERE purpose = 'interview' AND camera_name <> ''
),
known AS (
    SELECT n.camera, min(replace(r.kind, '_', ' ')) AS kind
    FROM (SELECT DISTINCT camera FROM seen) n
    JOIN reference_capture_device r ON contains(lower(n.camera), r.name)
    WHERE NOT list_contains($tolerated, r.name)
    GROUP BY n.camera
),
-- A room kit or webcam that much of the staff uses in meetings says nothing.
usual AS (
    SELECT camera_name AS camera
    FROM meeting
    WHERE camera_name <> ''
    GROUP BY camera_name
    HAVING count(DISTINCT subject_id) > $usual_people
),
judged AS (
    SELECT s.subject_id, s.time, s.event_id, s.camera, k.kind
    FROM seen s
    LEFT JOIN known k ON k.camera = s.camera AND s.camera NOT IN (SELECT camera FROM usual)
    QUALIFY row_number() OVER (PARTITION BY s.subject_id ORDER BY k.kind IS NULL, s.time, s.event_id) = 1
)
SELECT subject_id, kind IS NOT NULL AS fired, time, [event_id] AS event_ids, camera, kind
FROM judged
