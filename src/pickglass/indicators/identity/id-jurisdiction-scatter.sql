-- Regions of the country of the claimed home only; a document of another country is left out and counts for nothing.
WITH home AS (
    SELECT subject_id, coalesce(home_country, work_country) AS country, home_region, work_region FROM subject
),
named AS (
    SELECT subject_id, 'home' AS what, home_region AS region, CAST(NULL AS VARCHAR) AS country, CAST(NULL AS TIMESTAMPTZ) AS time, CAST(NULL AS VARCHAR) AS event_id
    FROM home
    UNION ALL
    SELECT subject_id, 'work place', work_region, NULL, NULL, NULL FROM home
    UNION ALL
    SELECT subject_id, coalesce(document_kind, 'document'), document_region, NULL, time, event_id
    FROM hiring_event
    WHERE activity IN ('identity_check', 'background_check')
    UNION ALL
    SELECT subject_id, 'delivery', region, country, time, event_id FROM shipment_event WHERE activity = 'ordered'
),
-- A code or a name of a region, with or without the country in front, becomes the code.
placed AS (
    SELECT n.subject_id, n.what, r.code AS region, n.time, n.event_id
    FROM named n
    JOIN home h ON h.subject_id = n.subject_id
    JOIN reference_region r ON r.country = h.country AND r.name = lower(replace(upper(trim(n.region)), h.country || '-', ''))
    WHERE coalesce(n.country, h.country) = h.country
),
-- A region where the person lived according to an earlier roster is explained by the move.
former AS (
    SELECT DISTINCT w.subject_id, r.code AS region
    FROM worker w
    JOIN reference_region r ON r.country = w.country AND r.name = lower(trim(w.region))
    JOIN home h ON h.subject_id = w.subject_id AND h.home_region IS DISTINCT FROM w.region
),
first_named AS (
    SELECT p.subject_id, p.what, p.region, min(p.time) AS time, min(p.event_id) AS event_id, max(f.region) IS NOT NULL AS former
    FROM placed p
    LEFT JOIN former f ON f.subject_id = p.subject_id AND f.region = p.region
    GROUP BY p.subject_id, p.what, p.region
),
counted AS (
    SELECT subject_id, count(DISTINCT region) FILTER (WHERE NOT former) AS regions, max(time) FILTER (WHERE NOT former) AS time,
           list(event_id ORDER BY time, event_id) FILTER (WHERE event_id IS NOT NULL AND NOT former) AS event_ids,
           list(what || ' ' || region ORDER BY what, region) FILTER (WHERE NOT former) AS places,
           bool_or(what = 'home') AS has_home, bool_or(what = 'delivery') AS has_delivery,
           bool_or(what NOT IN ('home', 'work place', 'delivery')) AS has_document
    FROM first_named
    GROUP BY subject_id
)
SELECT subject_id,
       regions >= $regions AS fired,
       time,
       event_ids,
       regions, places
FROM counted
WHERE (regions >= $regions AND time IS NOT NULL)
   OR (regions < $regions AND has_home AND has_delivery AND has_document)
