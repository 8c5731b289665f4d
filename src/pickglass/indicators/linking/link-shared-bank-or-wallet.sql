-- Accounts and wallets are keyed hashes: equal hashes are equal accounts.
WITH held AS (
    SELECT kind, value, subject_id, subjects, first_time, event_ids
    FROM shared_thing
    WHERE kind IN ('bank', 'wallet')
),
last_characters AS (
    SELECT bank_hash AS value, max(bank_last) AS last FROM payroll_event WHERE bank_hash IS NOT NULL GROUP BY bank_hash
    UNION ALL
    SELECT wallet_hash, max(wallet_last) FROM payroll_event WHERE wallet_hash IS NOT NULL GROUP BY wallet_hash
),
shared AS (
    SELECT a.subject_id, a.kind, a.value, count(*) AS people,
           greatest(a.first_time, min(o.first_time) FILTER (WHERE o.subject_id <> a.subject_id)) AS time,
           list(s.name ORDER BY s.name) FILTER (WHERE o.subject_id <> a.subject_id) AS others,
           flatten(list(o.event_ids ORDER BY o.first_time, o.subject_id)) AS event_ids
    FROM held a
    JOIN held o ON o.kind = a.kind AND o.value = a.value
    JOIN subject s ON s.subject_id = o.subject_id
    WHERE a.subjects <= $max_subjects
    GROUP BY a.subject_id, a.kind, a.value, a.first_time
    HAVING count(*) >= $min_subjects
    QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY count(*) DESC, a.kind, a.value) = 1
),
paid AS (
    SELECT DISTINCT subject_id FROM payroll_event WHERE bank_hash IS NOT NULL OR wallet_hash IS NOT NULL
),
crowded AS (
    SELECT DISTINCT subject_id FROM held WHERE subjects > $max_subjects
)
SELECT coalesce(f.subject_id, p.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       CASE f.kind WHEN 'wallet' THEN 'wallet' ELSE 'bank account' END AS account_kind,
       coalesce(l.last, right(f.value, 4)) AS last, f.people, f.others
FROM paid p
FULL JOIN shared f ON f.subject_id = p.subject_id
LEFT JOIN last_characters l ON l.value = f.value
LEFT JOIN crowded c ON c.subject_id = p.subject_id
WHERE f.subject_id IS NOT NULL OR c.subject_id IS NULL
