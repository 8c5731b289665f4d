-- The accounts in force. Where many who are paid in the same country use such accounts, it is the custom there.
WITH latest AS (
    SELECT subject_id, bank_hash, time, event_id, activity, lower(trim(institution)) AS name, institution, routing_number, country
    FROM payroll_event
    WHERE bank_hash IS NOT NULL AND activity IN ('account_added', 'account_changed', 'account_removed')
      AND (institution <> '' OR routing_number <> '' OR activity = 'account_removed')
    QUALIFY row_number() OVER (PARTITION BY subject_id, bank_hash ORDER BY time DESC, event_id DESC) = 1
),
last_change AS (
    SELECT subject_id, max(time) AS change_time FROM payroll_event WHERE activity = 'account_changed' AND bank_hash IS NOT NULL GROUP BY subject_id
),
in_force AS (
    SELECT l.*
    FROM latest l
    LEFT JOIN last_change c ON c.subject_id = l.subject_id
    WHERE l.activity <> 'account_removed' AND (c.change_time IS NULL OR l.time >= c.change_time)
),
known AS (
    SELECT i.name, i.routing_number, min(replace(r.kind, '_', ' ')) AS kind
    FROM (SELECT DISTINCT coalesce(name, '') AS name, coalesce(routing_number, '') AS routing_number FROM in_force) i
    JOIN reference_payout_institution r
      ON (r.routing_number <> '' AND r.routing_number = i.routing_number)
      OR (r.routing_number = '' AND r.match = 'whole' AND i.name = r.name)
      OR (r.routing_number = '' AND r.match = 'part'
          AND contains(' ' || regexp_replace(i.name, '[^a-z0-9.]+', ' ', 'g') || ' ', ' ' || r.name || ' '))
    GROUP BY i.name, i.routing_number
),
counted AS (
    SELECT i.subject_id, max(i.time) AS time, list(i.event_id ORDER BY i.time, i.event_id) AS event_ids,
           min(coalesce(i.country, '')) AS country, count(*) AS accounts, count(k.kind) AS hits,
           min(coalesce(i.institution, i.routing_number)) AS institution, min(k.kind) AS kind
    FROM in_force i
    LEFT JOIN known k ON k.name = coalesce(i.name, '') AND k.routing_number = coalesce(i.routing_number, '')
    GROUP BY i.subject_id
),
custom AS (
    SELECT country
    FROM counted
    GROUP BY country
    HAVING count(*) FILTER (WHERE hits = accounts) > $usual_people
       AND count(*) FILTER (WHERE hits = accounts) >= $usual_share * count(*)
)
SELECT c.subject_id, c.hits = c.accounts AND u.country IS NULL AS fired,
       CASE WHEN c.hits = c.accounts AND u.country IS NULL THEN c.time END AS time, c.event_ids, c.institution, c.kind
FROM counted c
LEFT JOIN custom u ON u.country = c.country
