-- Who vouches for whom: a reference's mail or phone that belongs to a subject is that subject. It fires on a ring of
-- two or three, on a referee who is reached at the candidate's own mail or phone, and on a reference that was
-- given from the connection the candidate applied from. Former colleagues who vouch in one direction do not fire.
WITH contact AS (
    SELECT subject_id, lower(value) AS value FROM identifier WHERE kind IN ('mail', 'recovery_mail', 'phone')
    UNION
    SELECT subject_id, lower(mail) FROM hiring_event WHERE mail IS NOT NULL
    UNION
    SELECT subject_id, lower(personal_mail) FROM subject WHERE personal_mail IS NOT NULL
    UNION
    SELECT subject_id, lower(work_mail) FROM subject WHERE work_mail IS NOT NULL
    UNION
    SELECT subject_id, phone FROM subject WHERE phone IS NOT NULL
),
vouched AS (
    SELECT subject_id, time, event_id, reference_name, src_ip, lower(reference_mail) AS contact
    FROM hiring_event
    WHERE activity = 'reference' AND reference_mail IS NOT NULL
    UNION ALL
    SELECT subject_id, time, event_id, reference_name, src_ip, reference_phone
    FROM hiring_event
    WHERE activity = 'reference' AND reference_phone IS NOT NULL
),
edge AS (
    SELECT v.subject_id, c.subject_id AS referee_id, min(v.time) AS time, min(v.event_id) AS event_id,
           min(v.reference_name) AS reference_name
    FROM vouched v
    JOIN contact c ON c.value = v.contact
    GROUP BY v.subject_id, c.subject_id
),
ring AS (
    SELECT a.subject_id, greatest(a.time, b.time) AS time, [a.event_id, b.event_id] AS event_ids,
           coalesce(s.name, a.reference_name) AS referee, 'names the candidate as a reference in turn' AS how, 1 AS rank
    FROM edge a
    JOIN edge b ON b.subject_id = a.referee_id AND b.referee_id = a.subject_id
    JOIN subject s ON s.subject_id = a.referee_id
    WHERE a.referee_id <> a.subject_id
    UNION ALL
    SELECT a.subject_id, greatest(a.time, b.time, c.time), [a.event_id, b.event_id, c.event_id],
           coalesce(s.name, a.reference_name), 'closes a ring of three people who name one another', 2
    FROM edge a
    JOIN edge b ON b.subject_id = a.referee_id AND b.referee_id <> a.subject_id
    JOIN edge c ON c.subject_id = b.referee_id AND c.referee_id = a.subject_id
    JOIN subject s ON s.subject_id = a.referee_id
    WHERE a.referee_id <> a.subject_id AND b.subject_id <> b.referee_id
    UNION ALL
    SELECT a.subject_id, a.time, [a.event_id], a.reference_name, 'is reached at a mail or phone of the candidate''s own', 3
    FROM edge a
    WHERE a.referee_id = a.subject_id
    UNION ALL
    SELECT v.subject_id, v.time, [v.event_id, h.event_id], v.reference_name,
           'answered from the connection that the candidate applied from', 4
    FROM hiring_event v
    JOIN hiring_event h ON h.subject_id = v.subject_id AND h.src_ip = v.src_ip
    WHERE v.activity = 'reference' AND v.src_ip IS NOT NULL AND h.activity IN ('applied', 'signature')
),
found AS (
    SELECT *
    FROM ring
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY rank, time, referee) = 1
),
-- Without the other people's contact data a ring could not be seen, so their absence clears nobody.
seen AS (
    SELECT DISTINCT v.subject_id
    FROM vouched v
    JOIN coverage c ON c.subject_id = v.subject_id AND c.table_name = 'identifier'
)
SELECT coalesce(f.subject_id, n.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       f.referee, f.how
FROM seen n
FULL JOIN found f ON f.subject_id = n.subject_id
