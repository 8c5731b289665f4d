-- A value on file for a person equals an entry of a list; never a name.
WITH held AS (
    SELECT subject_id, kind, value, event_id, time,
           CASE WHEN kind = 'recovery_mail' THEN 'mail' ELSE kind END AS compared,
           CASE WHEN kind IN ('mail', 'recovery_mail') THEN
               CASE WHEN regexp_matches(lower(value), '@(gmail|googlemail)[.]com$')
                    THEN replace(regexp_replace(split_part(lower(trim(value)), '@', 1), '[+].*$', ''), '.', '') || '@gmail.com'
                    ELSE regexp_replace(split_part(lower(trim(value)), '@', 1), '[+].*$', '') || '@' || split_part(lower(trim(value)), '@', 2) END
               ELSE lower(trim(value)) END AS plain
    FROM identifier
    WHERE kind IN ('mail', 'recovery_mail', 'phone', 'code_host', 'bank')
),
listed AS (
    SELECT kind, value, list_name, confidence, time,
           CASE WHEN kind = 'mail' THEN
               CASE WHEN regexp_matches(lower(value), '@(gmail|googlemail)[.]com$')
                    THEN replace(regexp_replace(split_part(lower(trim(value)), '@', 1), '[+].*$', ''), '.', '') || '@gmail.com'
                    ELSE regexp_replace(split_part(lower(trim(value)), '@', 1), '[+].*$', '') || '@' || split_part(lower(trim(value)), '@', 2) END
               ELSE lower(trim(value)) END AS plain
    FROM intelligence
    WHERE kind IN ('mail', 'phone', 'code_host', 'bank')
),
hit AS (
    SELECT h.subject_id, h.kind, h.value, h.event_id, h.time AS since, n.list_name, n.confidence, n.time AS listed
    FROM held h
    JOIN listed n ON n.kind = h.compared AND n.plain = h.plain
    WHERE coalesce(n.confidence, 'medium') <> $ignored_confidence
      AND epoch(h.time) - epoch(n.time) <= $max_age_days * 86400
    QUALIFY row_number() OVER (PARTITION BY h.subject_id ORDER BY h.time, n.time, h.event_id, n.list_name) = 1
),
compared AS (
    SELECT DISTINCT h.subject_id
    FROM held h
    JOIN (SELECT DISTINCT kind FROM listed) n ON n.kind = h.compared
)
SELECT c.subject_id,
       t.subject_id IS NOT NULL AS fired,
       greatest(t.since, t.listed) AS time,
       [t.event_id] AS event_ids,
       replace(t.kind, '_', ' ') AS kind, t.value, t.since, t.list_name, t.listed, coalesce(t.confidence, 'not stated') AS confidence
FROM compared c
LEFT JOIN hit t ON t.subject_id = c.subject_id
