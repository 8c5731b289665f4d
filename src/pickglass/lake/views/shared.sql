-- Things that two or more subjects share, and attestations resolved to subjects. What machines were seen with each subject
-- comes month by month, as `machine_thing`.

CREATE TEMP TABLE attested AS
SELECT DISTINCT s.subject_id, t.kind, t.value, t.outcome, t.author, t.reason, t.time AS valid_from, t.valid_until, t.event_id
FROM known_attestation t
JOIN subject s
  ON s.subject_id = (SELECT a.subject_id FROM account_subject a WHERE a.account = lower(t.account))
  OR (t.account IS NULL AND t.department = s.department);

CREATE TEMP TABLE household AS
SELECT DISTINCT t.subject_id AS subject_id, o.subject_id AS other_id
FROM attested t JOIN account_subject o ON o.account = lower(t.value)
WHERE t.kind = 'household' AND (t.valid_until IS NULL OR t.valid_until > CAST($as_of AS TIMESTAMPTZ));

CREATE TEMP TABLE thing AS
WITH holding AS (
    SELECT 'address' AS kind, address_key AS value, subject_id, time, event_id, CAST(NULL AS VARCHAR) AS last FROM worker WHERE address_key IS NOT NULL
    UNION ALL
    SELECT 'address', address_key, subject_id, time, event_id, NULL FROM shipment_event
    WHERE address_key IS NOT NULL AND activity IN ('ordered', 'dispatched', 'redirected', 'delivered', 'signed')
      AND coalesce(place_kind, '') NOT IN ('pickup_point', 'locker')
    UNION ALL
    SELECT 'address', value, subject_id, time, event_id, NULL FROM identifier WHERE kind = 'address'
    UNION ALL
    SELECT 'bank', bank_hash, subject_id, time, event_id, bank_last FROM payroll_event WHERE bank_hash IS NOT NULL
    UNION ALL
    SELECT 'wallet', wallet_hash, subject_id, time, event_id, wallet_last FROM payroll_event WHERE wallet_hash IS NOT NULL
    UNION ALL
    SELECT 'document', document_hash, subject_id, time, event_id, document_last FROM hiring_event WHERE document_hash IS NOT NULL
    UNION ALL
    SELECT kind, CASE WHEN kind IN ('mail', 'recovery_mail') THEN mail_identity(value) ELSE value END,
           subject_id, time, event_id, last
    FROM identifier
    WHERE kind IN ('phone', 'mail', 'recovery_mail', 'bank', 'wallet', 'document', 'code_host', 'photo')
),
shared AS (   -- most things are one person's
    SELECT kind, value
    FROM (SELECT kind, value, subject_id FROM holding UNION ALL SELECT kind, value, subject_id FROM machine_thing)
    WHERE value IS NOT NULL AND value <> ''
    GROUP BY kind, value
    HAVING min(subject_id) <> max(subject_id)
),
monthly AS (
    SELECT kind, value, subject_id, CAST(date_trunc('month', time) AS DATE) AS month, bit_or(1 << (day(time) - 1)) AS days,
           min(time) AS first_time, max(time) AS last_time, max(last) AS last, min({'time': time, 'event_id': event_id}, 5) AS events
    FROM holding SEMI JOIN shared USING (kind, value)
    GROUP BY kind, value, subject_id, CAST(date_trunc('month', time) AS DATE)
    UNION ALL
    SELECT kind, value, subject_id, month, days, first_time, last_time, NULL, events
    FROM machine_thing SEMI JOIN shared USING (kind, value)
),
of_month AS (   -- two tables, or two pieces of one, may tell of the same month
    SELECT kind, value, subject_id, bit_or(days) AS days, min(first_time) AS first_time, max(last_time) AS last_time,
           max(last) AS last, flatten(list(events)) AS events
    FROM monthly
    GROUP BY kind, value, subject_id, month
)
SELECT kind, value,
       CASE WHEN kind = 'address' THEN replace(value, '|', ', ')
            WHEN kind IN ('bank', 'wallet', 'document') THEN 'ending ' || coalesce(max(last), '?')
            ELSE value END AS label,
       subject_id, min(first_time) AS first_time, max(last_time) AS last_time,
       CAST(sum(bit_count(days)) AS BIGINT) AS days,
       list_transform(list_sort(flatten(list(events)))[1:5], lambda e: e.event_id) AS event_ids
FROM of_month
GROUP BY kind, value, subject_id;

-- A thing whose every sharer has declared a household with another sharer is explained, and taken out.
CREATE TEMP TABLE shared_thing AS
WITH many AS (
    SELECT kind, value, count(*) AS subjects FROM thing GROUP BY kind, value HAVING count(*) > 1
),
explained AS (
    SELECT t.kind, t.value, count(DISTINCT t.subject_id) AS declared
    FROM thing t
    JOIN many m ON m.kind = t.kind AND m.value = t.value AND m.subjects <= 12
    JOIN thing o ON o.kind = t.kind AND o.value = t.value AND o.subject_id <> t.subject_id
    JOIN household h ON (h.subject_id = t.subject_id AND h.other_id = o.subject_id)
                     OR (h.subject_id = o.subject_id AND h.other_id = t.subject_id)
    GROUP BY t.kind, t.value
)
SELECT t.*, m.subjects
FROM thing t
JOIN many m ON m.kind = t.kind AND m.value = t.value
LEFT JOIN explained e ON e.kind = t.kind AND e.value = t.value
WHERE coalesce(e.declared, 0) < m.subjects;
