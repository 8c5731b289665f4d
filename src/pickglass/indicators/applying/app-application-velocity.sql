-- Applications of several people whose names have no word in common, from one address within a day.
WITH
sent AS (
    SELECT h.subject_id, h.time, h.event_id, lower(h.src_ip) AS src_ip
    FROM hiring_event h
    WHERE h.activity = 'applied' AND h.src_ip <> '' AND h.referrer_account IS NULL
      AND EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = h.subject_id)
),
-- A recruiter types in what came by mail, an agency hands in its people, a campus or a carrier has one way out.
busy AS (
    SELECT src_ip FROM sent GROUP BY src_ip HAVING count(DISTINCT subject_id) > $max_people
    UNION
    SELECT lower(src_ip) FROM signin WHERE src_ip IS NOT NULL GROUP BY lower(src_ip) HAVING count(DISTINCT subject_id) >= $shared_people
),
own AS (
    SELECT s.* FROM sent s WHERE s.src_ip NOT IN (SELECT src_ip FROM busy)
),
pair AS (
    SELECT a.subject_id, a.time, a.event_id, a.src_ip, b.subject_id AS other_id, b.time AS other_time, b.event_id AS other_event
    FROM own a
    JOIN own b ON b.src_ip = a.src_ip AND b.subject_id <> a.subject_id
              AND b.time <= a.time AND epoch(a.time) - epoch(b.time) <= $hours * 3600
),
alike AS (
    SELECT DISTINCT p.subject_id, p.other_id
    FROM pair p
    JOIN name_word x ON x.subject_id = p.subject_id
    JOIN name_word y ON y.subject_id = p.other_id
    WHERE x.token = y.token
       OR (length(x.token) >= 3 AND left(y.token, length(x.token)) = x.token)
       OR (length(y.token) >= 3 AND left(x.token, length(y.token)) = y.token)
       OR (length(x.token) >= 5 AND length(y.token) >= 5 AND levenshtein(x.token, y.token) <= 1)
),
unlike AS (
    SELECT p.*
    FROM pair p
    WHERE NOT EXISTS (SELECT 1 FROM alike a WHERE a.subject_id = p.subject_id AND a.other_id = p.other_id)
),
-- Each application ends a window; whoever stands twice on file under one name counts once.
spelled AS (
    SELECT subject_id, string_agg(token, ' ' ORDER BY token) AS spelling FROM name_word GROUP BY subject_id
),
run AS (
    SELECT u.event_id, u.subject_id, u.time, u.src_ip, 1 + count(DISTINCT s.spelling) AS people, min(u.other_time) AS first_time
    FROM unlike u
    JOIN spelled s ON s.subject_id = u.other_id
    GROUP BY u.event_id, u.subject_id, u.time, u.src_ip
    HAVING 1 + count(DISTINCT s.spelling) >= $people
),
member AS (
    SELECT r.event_id AS run_id, r.subject_id, r.event_id, r.time FROM run r
    UNION
    SELECT r.event_id, u.other_id, u.other_event, u.other_time
    FROM run r
    JOIN unlike u ON u.event_id = r.event_id
),
told AS (
    SELECT m.subject_id, r.event_id AS run_id, r.time, r.src_ip, r.people, epoch(r.time) - epoch(r.first_time) AS seconds
    FROM member m
    JOIN run r ON r.event_id = m.run_id
    QUALIFY row_number() OVER (PARTITION BY m.subject_id ORDER BY r.people DESC, r.time, r.event_id) = 1
),
evidence AS (
    SELECT run_id, list(event_id ORDER BY time, event_id) AS event_ids FROM member GROUP BY run_id
)
SELECT o.subject_id,
       t.subject_id IS NOT NULL AS fired,
       t.time, e.event_ids, t.src_ip, t.people, greatest(1, CAST(ceil(t.seconds / 3600) AS BIGINT)) AS hours
FROM (SELECT DISTINCT subject_id FROM own) o
LEFT JOIN told t ON t.subject_id = o.subject_id
LEFT JOIN evidence e ON e.run_id = t.run_id
WHERE (SELECT count(DISTINCT subject_id) FROM sent) >= $people
