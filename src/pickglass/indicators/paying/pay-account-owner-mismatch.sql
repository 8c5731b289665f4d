-- No word of the owner's name is like any word of the names on file, and the bank has not confirmed the owner.
WITH account AS (
    SELECT subject_id, bank_hash, min(time) AS time, min(event_id) AS event_id, max(bank_last) AS last, arg_max(owner_name, time) AS owner,
           arg_max(event_id, time) FILTER (WHERE owner_name IS NOT NULL) AS owner_event,
           CASE WHEN bool_or(owner_match = 'match') THEN 'match' WHEN bool_or(owner_match = 'mismatch') THEN 'mismatch' ELSE 'unknown' END AS validation
    FROM payroll_event
    WHERE activity IN ('account_added', 'account_changed', 'payment') AND (owner_name <> '' OR owner_match IN ('match', 'mismatch'))
    GROUP BY subject_id, coalesce(bank_hash, event_id), bank_hash
),
owner_token AS (
    SELECT a.subject_id, a.event_id, w.token
    FROM account a
    JOIN written_word w ON w.event_id = a.owner_event AND w.subject_id = a.subject_id AND w.field = 'owner_name'
),
latin AS (
    SELECT subject_id, event_id
    FROM owner_token
    WHERE regexp_matches(token, '^[a-z][a-z]+$')
    GROUP BY subject_id, event_id
),
firm AS (
    SELECT DISTINCT subject_id, event_id FROM owner_token WHERE list_contains($firm_words, token)
),
alike AS (
    SELECT DISTINCT x.subject_id, x.event_id
    FROM owner_token x
    JOIN name_word y ON y.subject_id = x.subject_id
    WHERE regexp_matches(x.token, '^[a-z][a-z]+$') AND (x.token = y.token
       OR (length(x.token) >= 3 AND left(y.token, length(x.token)) = x.token)
       OR (length(y.token) >= 3 AND left(x.token, length(y.token)) = y.token)
       OR (length(x.token) >= 5 AND length(y.token) >= 5 AND levenshtein(x.token, y.token) <= 1))
),
answer AS (
    SELECT a.subject_id, a.time, a.event_id, a.last, a.owner, a.validation,
           CASE WHEN a.validation = 'match' OR k.event_id IS NOT NULL THEN FALSE
                -- A contractor may be paid as a firm.
                WHEN f.event_id IS NOT NULL AND s.kind = 'contractor' THEN NULL
                WHEN l.event_id IS NOT NULL AND EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = a.subject_id) THEN TRUE
                WHEN a.owner IS NULL AND a.validation = 'mismatch' THEN TRUE END AS fired,
           s.name
    FROM account a
    JOIN subject s ON s.subject_id = a.subject_id
    LEFT JOIN alike k ON k.subject_id = a.subject_id AND k.event_id = a.event_id
    LEFT JOIN latin l ON l.subject_id = a.subject_id AND l.event_id = a.event_id
    LEFT JOIN firm f ON f.subject_id = a.subject_id AND f.event_id = a.event_id
)
SELECT subject_id, fired, CASE WHEN fired THEN time END AS time, [event_id] AS event_ids, coalesce(last, 'unknown digits') AS last,
       coalesce(owner, 'somebody whom the bank does not name') AS owner, name, validation
FROM answer
WHERE fired IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY fired DESC, answer.time, event_id) = 1
