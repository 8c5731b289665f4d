-- Addresses that every network of a kind has (redundancy protocols, virtual machines, containers) name no place.
WITH held AS (
    SELECT subject_id, value, subjects, days, first_time, event_ids
    FROM shared_thing
    WHERE kind = 'gateway'
      AND NOT regexp_matches(value, '^(00[:-]?00[:-]?00[:-]?00|ff[:-]?ff|00[:-]?00[:-]?5e[:-]?00[:-]?01|00[:-]?00[:-]?0c[:-]?07[:-]?ac|00[:-]?50[:-]?56|52[:-]?54[:-]?00|02[:-]?42|0a[:-]?00[:-]?27|00[:-]?15[:-]?5d)')
),
shared AS (
    SELECT a.subject_id, a.value, a.days, count(*) AS people,
           greatest(a.first_time, min(o.first_time) FILTER (WHERE o.subject_id <> a.subject_id)) AS time,
           list(s.name ORDER BY s.name) FILTER (WHERE o.subject_id <> a.subject_id) AS others,
           flatten(list(o.event_ids ORDER BY o.first_time, o.subject_id)) AS event_ids
    FROM held a
    JOIN held o ON o.value = a.value
    JOIN subject s ON s.subject_id = o.subject_id
    WHERE a.subjects <= $max_subjects AND a.days >= $min_days AND o.days >= $min_days
    GROUP BY a.subject_id, a.value, a.days, a.first_time
    HAVING count(*) >= $min_subjects
    QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY count(*) DESC, a.days DESC, a.value) = 1
),
seen AS (
    SELECT subject_id
    FROM device_state
    WHERE gateway_mac IS NOT NULL OR wifi_bssid IS NOT NULL
    GROUP BY subject_id
    HAVING count(DISTINCT CAST(time AS DATE)) >= $min_days
),
crowded AS (
    SELECT DISTINCT subject_id FROM held WHERE subjects > $max_subjects
)
SELECT coalesce(f.subject_id, n.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       f.value AS gateway, f.days, f.people, f.others
FROM seen n
FULL JOIN shared f ON f.subject_id = n.subject_id
LEFT JOIN crowded c ON c.subject_id = n.subject_id
WHERE f.subject_id IS NOT NULL OR c.subject_id IS NULL
