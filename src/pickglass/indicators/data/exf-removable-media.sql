-- What a starter wrote to removable drives, by size; each file counts once, at its largest.
WITH early AS (
    SELECT f.subject_id, f.time, f.event_id, f.activity, f.volume, f.bytes, concat_ws('/', f.file_path, f.file_name) AS file
    FROM file_activity f
    JOIN subject s ON s.subject_id = f.subject_id
    WHERE epoch(f.time) - epoch(s.hire_date) BETWEEN -7 * 86400 AND $window_days * 86400 AND f.bytes IS NOT NULL AND f.volume IS NOT NULL
      AND NOT EXISTS (
          SELECT 1 FROM attested a
          WHERE a.subject_id = f.subject_id AND a.kind IN ('approved_device', 'sanctioned_tool') AND regexp_matches(lower(a.value), 'drive|removable|usb')
            AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
            AND epoch(a.valid_from) <= epoch(f.time) + $approval_lag_days * 86400
            AND (a.valid_until IS NULL OR a.valid_until > f.time))
),
written AS (
    SELECT subject_id, file, max(bytes) AS bytes, min(time) AS time, arg_min(event_id, time) AS event_id
    FROM early
    WHERE volume = 'removable' AND activity IN ('created', 'copied', 'modified', 'archived', 'renamed')
    GROUP BY subject_id, file
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subject_id ORDER BY bytes DESC, time, event_id) AS rank FROM written
),
found AS (
    SELECT subject_id, sum(bytes) AS bytes, count(*) AS files, min(time) AS first_time, max(time) AS last_time,
           list(event_id ORDER BY time, event_id) FILTER (WHERE rank <= 20) AS event_ids
    FROM ranked
    GROUP BY subject_id
    HAVING sum(bytes) > $bytes
)
SELECT w.subject_id, f.subject_id IS NOT NULL AS fired, f.last_time AS time, f.event_ids,
       CAST(round(f.bytes / 1000000) AS BIGINT) AS megabytes, f.files, f.first_time AS first, f.last_time AS last, $window_days AS window_days
FROM (SELECT DISTINCT subject_id FROM early) w
LEFT JOIN found f ON f.subject_id = w.subject_id
