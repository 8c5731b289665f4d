-- A referral or a reference between two people who also share a thing that strangers do not share.
-- A referral alone is how honest hiring works and never fires.
WITH key AS (
    SELECT subject_id, unnest(accounts) AS value FROM subject
    UNION
    SELECT subject_id, lower(work_mail) FROM subject WHERE work_mail IS NOT NULL
    UNION
    SELECT subject_id, lower(personal_mail) FROM subject WHERE personal_mail IS NOT NULL
    UNION
    SELECT subject_id, lower(value) FROM identifier WHERE kind IN ('mail', 'phone')
),
said AS (
    SELECT subject_id, time, event_id, referrer_account AS value, 'referred' AS how
    FROM hiring_event WHERE referrer_account IS NOT NULL
    UNION ALL
    SELECT subject_id, time, event_id, lower(reference_mail), 'vouched for'
    FROM hiring_event WHERE reference_mail IS NOT NULL
    UNION ALL
    SELECT subject_id, time, event_id, reference_phone, 'vouched for'
    FROM hiring_event WHERE reference_phone IS NOT NULL
),
lineage AS (
    SELECT d.subject_id AS newcomer_id, k.subject_id AS sponsor_id, d.how, min(d.time) AS time, min(d.event_id) AS event_id
    FROM said d
    JOIN key k ON lower(k.value) = lower(d.value) AND k.subject_id <> d.subject_id
    GROUP BY d.subject_id, k.subject_id, d.how
),
either AS (
    SELECT newcomer_id AS subject_id, sponsor_id AS other_id, newcomer_id, sponsor_id, how, time, event_id FROM lineage
    UNION ALL
    SELECT sponsor_id, newcomer_id, newcomer_id, sponsor_id, how, time, event_id FROM lineage
),
tunnel AS (
    SELECT DISTINCT src_ip
    FROM signin
    WHERE tunnel_operator IS NOT NULL OR anonymous
       OR asn IN (SELECT CAST(asn AS BIGINT) FROM reference_hosting_network)
),
rare AS (
    SELECT t.kind, t.value, t.subject_id, t.first_time, t.event_ids
    FROM shared_thing t
    LEFT JOIN tunnel n ON n.src_ip = t.value AND t.kind = 'egress'
    WHERE t.subjects <= $max_subjects AND n.src_ip IS NULL
      AND (t.days >= $min_days OR t.kind NOT IN ('egress', 'gateway'))
),
found AS (
    SELECT e.subject_id, e.how, e.newcomer_id, e.sponsor_id, e.event_id, max(greatest(a.first_time, o.first_time, e.time)) AS time,
           list(DISTINCT CASE a.kind WHEN 'egress' THEN 'connection' WHEN 'gateway' THEN 'router'
                    WHEN 'mfa_device' THEN 'authenticator' WHEN 'bank' THEN 'bank account'
                    WHEN 'recovery_mail' THEN 'recovery mail' WHEN 'code_host' THEN 'code host account' ELSE a.kind END) AS things,
           list_concat(flatten(list(a.event_ids ORDER BY a.kind, a.value)), flatten(list(o.event_ids ORDER BY a.kind, a.value))) AS event_ids
    FROM either e
    JOIN rare a ON a.subject_id = e.subject_id
    JOIN rare o ON o.subject_id = e.other_id AND o.kind = a.kind AND o.value = a.value
    GROUP BY e.subject_id, e.how, e.newcomer_id, e.sponsor_id, e.event_id
    QUALIFY row_number() OVER (PARTITION BY e.subject_id ORDER BY count(*) DESC, e.sponsor_id, e.newcomer_id, e.how) = 1
),
-- Clear only where every kind of thing could have been seen for the person and everyone in the lineage.
covered AS (
    SELECT subject_id
    FROM coverage
    WHERE table_name IN ('signin', 'device_state', 'payroll_event', 'shipment_event', 'identifier')
    GROUP BY subject_id
    HAVING count(*) = 5
),
seen AS (
    SELECT e.subject_id
    FROM either e
    LEFT JOIN covered a ON a.subject_id = e.subject_id
    LEFT JOIN covered o ON o.subject_id = e.other_id
    GROUP BY e.subject_id
    HAVING count(*) = count(a.subject_id) AND count(*) = count(o.subject_id)
)
SELECT coalesce(f.subject_id, c.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time,
       CASE WHEN f.subject_id IS NOT NULL THEN list_concat([f.event_id], f.event_ids) END AS event_ids,
       s.name AS sponsor, n.name AS newcomer, f.how, list_sort(f.things) AS things
FROM seen c
FULL JOIN found f ON f.subject_id = c.subject_id
LEFT JOIN subject s ON s.subject_id = f.sponsor_id
LEFT JOIN subject n ON n.subject_id = f.newcomer_id
