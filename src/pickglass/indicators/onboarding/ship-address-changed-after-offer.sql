-- Three ways to see it: a changed home address, a request for another one, a parcel to an address that is not on file.
WITH delivered AS (
    SELECT subject_id, min(time) AS delivered_time FROM shipment_event WHERE activity IN ('delivered', 'signed') GROUP BY subject_id
),
span AS (
    SELECT s.subject_id, s.hire_date, s.remote,
           coalesce(s.offer_time, s.hire_date - INTERVAL 1 DAY * $lead_days) AS from_time,
           coalesce(d.delivered_time, s.hire_date + INTERVAL 1 DAY * $unknown_days) AS until_time
    FROM subject s
    LEFT JOIN delivered d ON d.subject_id = s.subject_id
    WHERE s.hire_date IS NOT NULL
      -- A parcel of later years is a replacement and says nothing about the start.
      AND (d.delivered_time IS NULL OR d.delivered_time <= s.hire_date + INTERVAL 1 DAY * $after_days)
),
home AS (
    SELECT DISTINCT subject_id, address_key FROM worker WHERE address_key <> ''
),
change AS (
    SELECT c.subject_id, c.time, c.event_id, 'The home address was changed' AS what, c.old_value AS old_place, c.new_value AS new_place
    FROM hr_change c
    WHERE c.field = 'address_key' AND c.old_value <> '' AND c.new_value <> ''
      -- The same town and nearly the same words: a typing error was mended.
      AND NOT (split_part(c.old_value, '|', 2) = split_part(c.new_value, '|', 2)
               AND levenshtein(split_part(c.old_value, '|', 1), split_part(c.new_value, '|', 1)) <= $typing_errors)
    UNION ALL
    SELECT subject_id, time, event_id, 'Another delivery address was asked for', NULL, NULL FROM ticket WHERE category = 'address_change'
    UNION ALL
    SELECT o.subject_id, o.time, o.event_id, 'A parcel was addressed to a place that is not on file', any_value(h.address_key), o.address_key
    FROM shipment_event o
    JOIN home h ON h.subject_id = o.subject_id
    WHERE o.activity = 'ordered' AND o.address_key <> '' AND coalesce(o.place_kind, '') <> 'business'
    GROUP BY o.subject_id, o.time, o.event_id, o.address_key
    HAVING count(*) FILTER (WHERE h.address_key = o.address_key
               OR (split_part(h.address_key, '|', 2) = split_part(o.address_key, '|', 2)
                   AND levenshtein(split_part(h.address_key, '|', 1), split_part(o.address_key, '|', 1)) <= $typing_errors)) = 0
),
found AS (
    SELECT c.*
    FROM change c
    JOIN span s ON s.subject_id = c.subject_id
    WHERE c.time > s.from_time AND c.time <= s.until_time
      AND (c.what <> 'A parcel was addressed to a place that is not on file' OR coalesce(s.remote, TRUE))
      AND NOT EXISTS (SELECT 1 FROM attested a
                      WHERE a.subject_id = c.subject_id AND a.kind = 'address_confirmed' AND coalesce(a.outcome, 'passed') = 'passed'
                        AND a.valid_from >= c.time)
    QUALIFY row_number() OVER (PARTITION BY c.subject_id ORDER BY c.new_place IS NULL, c.time, c.event_id) = 1
),
-- Proof of no change: the address was seen before and after, and the parcel's own address is known.
watched AS (
    SELECT s.subject_id
    FROM span s
    JOIN worker w ON w.subject_id = s.subject_id AND w.address_key <> ''
    JOIN shipment_event o ON o.subject_id = s.subject_id AND o.activity = 'ordered' AND o.address_key <> ''
    GROUP BY s.subject_id, s.from_time, s.until_time
    HAVING (min(w.time) <= s.until_time AND max(w.time) >= s.until_time - INTERVAL 3 DAY)
       OR EXISTS (SELECT 1 FROM hr_change k WHERE k.subject_id = s.subject_id AND k.origin = 'audit')
)
SELECT coalesce(f.subject_id, w.subject_id) AS subject_id,
       f.subject_id IS NOT NULL AS fired,
       f.time, [f.event_id] AS event_ids, f.what,
       coalesce(replace(f.old_place, '|', ', '), 'the address on file') AS old_place,
       coalesce(replace(f.new_place, '|', ', '), 'another one') AS new_place,
       CAST(s.hire_date AS DATE) AS hire_date
FROM found f
FULL JOIN watched w ON w.subject_id = f.subject_id
JOIN span s ON s.subject_id = coalesce(f.subject_id, w.subject_id)
