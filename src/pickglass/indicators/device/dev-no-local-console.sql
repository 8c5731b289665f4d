-- Computers on record whose Windows sessions are all remote. Names in logs and inventory differ in case only.
WITH issued AS (
    SELECT subject_id, lower(device_name) AS device,
           bool_or(regexp_matches(concat_ws(' ', manufacturer, model), '(?i)(virtual|vmware|qemu|kvm|xen|parallels|amazon ec2|google compute|cloud pc|workspace|server|poweredge|proliant)')) AS no_desk
    FROM device_state
    WHERE device_name IS NOT NULL
    GROUP BY subject_id, lower(device_name)
),
logon AS (
    SELECT s.subject_id, s.time, s.event_id, i.device, s.app = 'Windows remote desktop' AS remote
    FROM signin s
    JOIN issued i ON i.subject_id = s.subject_id AND i.device = lower(s.device_name) AND NOT i.no_desk
    WHERE s.outcome = 'success' AND s.activity IN ('signin', 'session')
      AND s.app IN ('Windows remote desktop', 'Windows logon', 'Windows unlock', 'Windows logon, cached')
),
-- A computer that several people reach is no one's desk.
alone AS (
    SELECT lower(device_name) AS device FROM signin
    WHERE device_name IS NOT NULL AND app IN ('Windows remote desktop', 'Windows logon')
    GROUP BY lower(device_name)
    HAVING count(DISTINCT subject_id) = 1
),
used AS (
    SELECT l.subject_id, l.device, bool_and(l.remote) AS never_local, count(DISTINCT CAST(l.time AS DATE)) AS days, max(l.time) AS time
    FROM logon l
    JOIN alone a ON a.device = l.device
    GROUP BY l.subject_id, l.device
),
remote_only AS (
    SELECT * FROM used WHERE never_local AND days >= $min_days
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY days DESC, device) = 1
),
-- Where many work like that, it is how the company works.
spread AS (
    SELECT count(DISTINCT subject_id) FILTER (WHERE never_local) AS people, count(DISTINCT subject_id) AS watched FROM used
),
evidence AS (
    SELECT l.subject_id, list(l.event_id ORDER BY l.time, l.event_id) AS event_ids
    FROM (SELECT *, row_number() OVER (PARTITION BY subject_id, device ORDER BY time, event_id) AS rank FROM logon) l
    JOIN remote_only r ON r.subject_id = l.subject_id AND r.device = l.device
    WHERE l.rank <= 10
    GROUP BY l.subject_id
)
SELECT u.subject_id,
       r.subject_id IS NOT NULL AS fired,
       r.time,
       e.event_ids,
       r.device, r.days
FROM (SELECT subject_id, bool_or(NOT never_local) AS ever_local FROM used GROUP BY subject_id) u
CROSS JOIN spread x
LEFT JOIN remote_only r ON r.subject_id = u.subject_id
LEFT JOIN evidence e ON e.subject_id = u.subject_id
WHERE (r.subject_id IS NOT NULL OR u.ever_local)
  AND (x.people <= $usual_people OR x.people < $usual_share * x.watched)
  AND NOT EXISTS (
      SELECT 1 FROM attested a
      WHERE a.subject_id = u.subject_id AND a.kind IN ('sanctioned_tool', 'approved_device') AND contains(lower(a.value), 'remote desktop')
        AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
        AND epoch(a.valid_from) <= epoch(coalesce(r.time, $as_of)) + $approval_lag_days * 86400
        AND (a.valid_until IS NULL OR a.valid_until > coalesce(r.time, $as_of)))
