-- Meetings joined from one account under the full name of another person known to the company.
-- Nicknames, chosen names, initials, transliterations and room names cannot match: only a name that somebody else
-- bears as a whole counts, and only when it shares no part with any name or mail of the account's owner.
WITH spelled AS (
    SELECT subject_id, trim(regexp_replace(lower(name), '[\s.,;:_()/|-]+', ' ', 'g')) AS name FROM worker WHERE name IS NOT NULL
    UNION
    SELECT subject_id, trim(regexp_replace(lower(preferred_name), '[\s.,;:_()/|-]+', ' ', 'g')) FROM worker WHERE preferred_name IS NOT NULL
    UNION
    SELECT subject_id, trim(regexp_replace(lower(name), '[\s.,;:_()/|-]+', ' ', 'g')) FROM hiring_event WHERE name IS NOT NULL
),
own_part AS (
    SELECT DISTINCT subject_id, part
    FROM (
        SELECT subject_id, unnest(string_split(name, ' ')) AS part FROM spelled
        UNION
        SELECT subject_id, unnest(string_split(regexp_replace(split_part(lower(work_mail), '@', 1), '[^a-z]+', ' ', 'g'), ' ')) FROM worker
    )
    WHERE length(part) >= 2
),
shown AS (
    SELECT subject_id, trim(regexp_replace(lower(participant), '[\s.,;:_()/|-]+', ' ', 'g')) AS name, min(participant) AS participant,
           count(DISTINCT meeting_id) AS meetings, min(time) AS first_time, max(time) AS time, list(DISTINCT event_id) AS event_ids
    FROM meeting
    WHERE participant IS NOT NULL AND coalesce(purpose, 'meeting') <> 'interview'
    GROUP BY subject_id, trim(regexp_replace(lower(participant), '[\s.,;:_()/|-]+', ' ', 'g'))
),
other_name AS (
    SELECT h.*
    FROM shown h
    WHERE contains(h.name, ' ')
      AND EXISTS (SELECT 1 FROM spelled o WHERE o.name = h.name AND o.subject_id <> h.subject_id)
),
shares AS (
    SELECT DISTINCT w.subject_id, w.name
    FROM (SELECT subject_id, name, unnest(string_split(name, ' ')) AS part FROM other_name) w
    JOIN own_part p ON p.subject_id = w.subject_id AND p.part = w.part
),
slip AS (
    SELECT o.*
    FROM other_name o
    LEFT JOIN shares s ON s.subject_id = o.subject_id AND s.name = o.name
    WHERE s.name IS NULL AND o.meetings >= $min_meetings
      AND o.subject_id IN (SELECT subject_id FROM spelled)
    QUALIFY row_number() OVER (PARTITION BY o.subject_id ORDER BY o.meetings DESC, o.name) = 1
),
watched AS (
    SELECT h.subject_id
    FROM shown h
    JOIN coverage c ON c.subject_id = h.subject_id AND c.table_name = 'meeting'
    GROUP BY h.subject_id
    HAVING sum(h.meetings) >= $observed_meetings
)
SELECT coalesce(s.subject_id, w.subject_id) AS subject_id,
       s.subject_id IS NOT NULL AS fired,
       s.time,
       s.event_ids,
       s.meetings, s.participant, s.first_time
FROM slip s
FULL JOIN watched w ON w.subject_id = s.subject_id
