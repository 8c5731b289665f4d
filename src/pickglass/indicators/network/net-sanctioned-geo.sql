-- Sign-ins whose address lies in a country of the company's embargo list.
WITH located AS (
    SELECT subject_id, time, event_id, country, row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) AS rank
    FROM signin
    WHERE outcome = 'success' AND country IS NOT NULL
),
listed AS (
    SELECT subject_id, count(*) AS times, min(time) AS first_time, max(time) AS time,
           string_agg(DISTINCT country, ', ' ORDER BY country) AS places, list(event_id ORDER BY rank) AS event_ids
    FROM located
    WHERE list_contains($countries, country)
    GROUP BY subject_id
)
SELECT w.subject_id, l.subject_id IS NOT NULL AS fired, l.time, l.event_ids, l.times, l.places, l.first_time
FROM (SELECT DISTINCT subject_id FROM located) w
LEFT JOIN listed l ON l.subject_id = w.subject_id
