-- Keyed hashes on both sides, equal or not.
WITH held AS (
    SELECT subject_id, wallet_hash AS wallet, wallet_last AS last, time, event_id FROM payroll_event WHERE wallet_hash IS NOT NULL
    UNION ALL
    SELECT subject_id, value, last, time, event_id FROM identifier WHERE kind = 'wallet'
),
hit AS (
    SELECT h.subject_id, h.last, h.time AS since, h.event_id, n.list_name, n.time AS listed, n.confidence
    FROM held h
    JOIN intelligence n ON n.kind = 'wallet' AND n.value = h.wallet
    WHERE coalesce(n.confidence, 'medium') <> $ignored_confidence
    QUALIFY row_number() OVER (PARTITION BY h.subject_id ORDER BY h.time, n.time, h.event_id, n.list_name) = 1
)
SELECT DISTINCT h.subject_id,
       t.subject_id IS NOT NULL AS fired,
       greatest(t.since, t.listed) AS time, [t.event_id] AS event_ids, coalesce(t.last, 'unknown digits') AS last, t.since, t.list_name, t.listed,
       coalesce(t.confidence, 'not stated') AS confidence
FROM held h
LEFT JOIN hit t ON t.subject_id = h.subject_id
WHERE EXISTS (SELECT 1 FROM intelligence n WHERE n.kind = 'wallet')
