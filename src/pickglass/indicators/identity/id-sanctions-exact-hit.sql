-- Exact values only, on lists whose name says what they are: never a name, never a likeness.
WITH listed AS (
    SELECT kind, lower(trim(value)) AS value, list_name, time
    FROM intelligence
    WHERE regexp_matches(list_name, '(?i)' || $lists) AND kind IN ('wallet', 'bank', 'mail', 'phone', 'document')
      AND (valid_until IS NULL OR valid_until > $as_of)
),
held AS (
    SELECT subject_id, CASE WHEN kind = 'recovery_mail' THEN 'mail' ELSE kind END AS kind, lower(trim(value)) AS value, time, event_id
    FROM identifier
    WHERE kind IN ('wallet', 'bank', 'mail', 'recovery_mail', 'phone', 'document')
    UNION ALL
    SELECT subject_id, 'wallet', lower(wallet_hash), time, event_id FROM payroll_event WHERE wallet_hash IS NOT NULL
    UNION ALL
    SELECT subject_id, 'bank', lower(bank_hash), time, event_id FROM payroll_event WHERE bank_hash IS NOT NULL
    UNION ALL
    SELECT subject_id, 'document', lower(document_hash), time, event_id FROM hiring_event WHERE document_hash IS NOT NULL
),
hit AS (
    SELECT h.subject_id, h.kind, h.value, min(h.event_id) AS event_id, min(greatest(h.time, n.time)) AS time, min(n.list_name) AS list_name
    FROM held h
    JOIN listed n ON n.kind = h.kind AND n.value = h.value
    GROUP BY h.subject_id, h.kind, h.value
),
counted AS (
    SELECT subject_id, list_sort(list(DISTINCT kind)) AS kinds, min(list_name) AS list_name, max(time) AS time,
           list(event_id ORDER BY time, event_id) AS event_ids,
           -- A number or a wallet belongs to one holder; a mail and a phone only together.
           bool_or(kind IN ('wallet', 'bank', 'document')) OR count(DISTINCT kind) >= 2 AS fired
    FROM hit
    GROUP BY subject_id
),
compared AS (
    SELECT DISTINCT h.subject_id
    FROM held h
    JOIN (SELECT DISTINCT kind FROM listed) n ON n.kind = h.kind
)
SELECT c.subject_id, coalesce(t.fired, FALSE) AS fired, CASE WHEN t.fired THEN t.time END AS time, t.event_ids, t.kinds, t.list_name
FROM compared c
LEFT JOIN counted t ON t.subject_id = c.subject_id
