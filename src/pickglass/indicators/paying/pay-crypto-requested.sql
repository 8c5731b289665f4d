-- A request in a ticket or in payroll, or a wallet in payroll, in a house that does not pay that way.
WITH asked AS (
    SELECT subject_id, time, event_id, 'pay in crypto currency was asked for in a ticket' AS what FROM ticket WHERE category = 'crypto_pay'
    UNION ALL
    SELECT subject_id, time, event_id, 'a wallet was given for pay' FROM payroll_event WHERE wallet_hash IS NOT NULL AND activity <> 'account_removed'
),
house AS (
    SELECT count(DISTINCT subject_id) AS people, count(DISTINCT subject_id) FILTER (WHERE wallet_hash IS NOT NULL AND activity = 'payment') AS payees
    FROM payroll_event
),
first_asked AS (
    SELECT subject_id, time, event_id, what FROM asked
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) = 1
),
watched AS (
    SELECT t.subject_id
    FROM coverage t
    JOIN coverage y ON y.subject_id = t.subject_id AND y.table_name = 'payroll_event'
    WHERE t.table_name = 'ticket'
)
SELECT coalesce(a.subject_id, w.subject_id) AS subject_id,
       a.subject_id IS NOT NULL AS fired,
       a.time, [a.event_id] AS event_ids, a.what, h.payees, h.people
FROM first_asked a
FULL JOIN watched w ON w.subject_id = a.subject_id
CROSS JOIN house h
WHERE h.payees <= $usual_share * h.people
