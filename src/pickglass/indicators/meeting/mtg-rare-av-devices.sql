-- Names of cameras and microphones that one person of the company shows. Hearing devices are nobody's business.
WITH shown AS (
    SELECT subject_id, time, event_id, 'camera' AS what, camera_name AS shown FROM meeting WHERE camera_name IS NOT NULL
    UNION ALL
    SELECT subject_id, time, event_id, 'microphone', microphone_name FROM meeting WHERE microphone_name IS NOT NULL
),
population AS (
    SELECT count(DISTINCT subject_id) AS people FROM shown
),
rare AS (
    SELECT what, lower(shown) AS name
    FROM shown
    WHERE NOT regexp_matches(shown, '(?i)(hearing|phonak|oticon|resound|signia|widex|starkey|cochlear|roger|airpods|aid)')
    GROUP BY what, lower(shown)
    HAVING count(DISTINCT subject_id) = 1
),
ranked AS (
    SELECT s.*, row_number() OVER (PARTITION BY s.subject_id, s.what, lower(s.shown) ORDER BY s.time, s.event_id) AS rank
    FROM shown s
    JOIN rare r ON r.what = s.what AND r.name = lower(s.shown)
),
found AS (
    SELECT subject_id, what, min(shown) AS shown, count(*) AS meetings, min(time) AS time, list(event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM ranked
    GROUP BY subject_id, what, lower(shown)
    HAVING count(*) >= $min_meetings
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY count(*) DESC, what, min(shown)) = 1
),
watched AS (
    SELECT subject_id FROM shown GROUP BY subject_id HAVING count(*) >= $min_meetings
)
SELECT w.subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids, f.shown, f.what, f.meetings, p.people
FROM watched w
CROSS JOIN population p
LEFT JOIN found f ON f.subject_id = w.subject_id
WHERE p.people >= $min_people
