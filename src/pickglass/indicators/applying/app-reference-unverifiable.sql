-- Referees by their contact data: a free or throw-away mailbox, or the candidate's own phone or mail.
WITH own AS (
    SELECT subject_id, lower(trim(value)) AS value FROM identifier WHERE kind IN ('mail', 'recovery_mail')
    UNION
    SELECT subject_id, right(regexp_replace(value, '[^0-9]', '', 'g'), 10) FROM identifier WHERE kind = 'phone'
    UNION
    SELECT subject_id, lower(trim(mail)) FROM hiring_event WHERE mail IS NOT NULL
),
open_domain AS (
    SELECT domain FROM reference_webmail WHERE kind IN ('free', 'relay')
    UNION
    SELECT domain FROM reference_disposable_mail
),
referee AS (
    SELECT h.subject_id, h.event_id, h.time,
           coalesce(lower(trim(h.reference_mail)), h.reference_phone) AS referee,
           lower(trim(h.reference_mail)) AS mail,
           right(regexp_replace(h.reference_phone, '[^0-9]', '', 'g'), 10) AS phone
    FROM hiring_event h
    WHERE h.activity = 'reference' AND (h.reference_mail LIKE '%_@_%' OR length(h.reference_phone) >= 7)
),
judged AS (
    SELECT r.subject_id, r.event_id, r.time, r.referee,
           r.mail IS NOT NULL AND d.domain IS NOT NULL AS webmail,
           m.value IS NOT NULL OR p.value IS NOT NULL AS own_contact
    FROM referee r
    LEFT JOIN open_domain d ON d.domain = split_part(r.mail, '@', 2)
    LEFT JOIN own m ON m.subject_id = r.subject_id AND m.value = r.mail
    LEFT JOIN own p ON p.subject_id = r.subject_id AND p.value = r.phone AND length(r.phone) >= 7
),
counted AS (
    SELECT subject_id, count(DISTINCT referee) AS referees, max(time) AS time, list(event_id ORDER BY time, event_id) AS event_ids,
           bool_and(webmail OR own_contact) AS none_independent, bool_or(own_contact) AS own_contact
    FROM judged
    GROUP BY subject_id
)
SELECT c.subject_id,
       c.own_contact OR (c.none_independent AND c.referees >= $referees) AS fired,
       c.time,
       c.event_ids,
       c.referees,
       CASE WHEN c.own_contact THEN 'the contact data of one is the candidate''s own'
            ELSE 'all give free mailboxes' END AS reason
FROM counted c
WHERE c.own_contact
   OR (c.none_independent AND c.referees >= $referees)
   OR (NOT c.none_independent AND EXISTS (SELECT 1 FROM own o WHERE o.subject_id = c.subject_id))
