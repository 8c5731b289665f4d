-- Things that two or more subjects share, and attestations resolved to subjects.

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

-- Who sat at which device. A log of logons names the computer that was logged on to: of a file server, a domain controller or
-- a build machine, which many reach from elsewhere, that is nobody's own.
CREATE TEMP VIEW device_use AS
SELECT subject_id, device_id, time, event_id
FROM signin
WHERE device_id IS NOT NULL AND outcome = 'success'
  AND NOT regexp_matches(lower(coalesce(app, '')), '(network logon|remote desktop|remote shell|remote logon|other credentials)$');

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
    SELECT 'egress', src_ip, subject_id, time, event_id, NULL FROM signin
    WHERE src_ip IS NOT NULL AND outcome = 'success' AND activity IN ('signin', 'session', 'app', 'token')
    UNION ALL
    SELECT 'egress', src_ip, subject_id, time, event_id, NULL FROM device_state WHERE src_ip IS NOT NULL
    UNION ALL
    SELECT 'gateway', lower(gateway_mac), subject_id, time, event_id, NULL FROM device_state WHERE gateway_mac IS NOT NULL
    UNION ALL
    SELECT 'gateway', lower(wifi_bssid), subject_id, time, event_id, NULL FROM device_state WHERE wifi_bssid IS NOT NULL
    UNION ALL
    SELECT 'device', device_id, subject_id, time, event_id, NULL FROM device_use
    UNION ALL
    SELECT 'mfa_device', mfa_device, subject_id, time, event_id, NULL FROM signin WHERE mfa_device IS NOT NULL AND outcome = 'success'
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
)
SELECT kind, value,
       CASE WHEN kind = 'address' THEN replace(value, '|', ', ')
            WHEN kind IN ('bank', 'wallet', 'document') THEN 'ending ' || coalesce(max(last), '?')
            ELSE value END AS label,
       subject_id, min(time) AS first_time, max(time) AS last_time,
       count(DISTINCT CAST(time AS DATE)) AS days,
       list_slice(list(event_id ORDER BY time, event_id), 1, 5) AS event_ids
FROM holding
WHERE value IS NOT NULL AND value <> ''
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
