-- A new application that shares a personal thing with somebody who left not long before, under a name with no word in common.
WITH
departed AS (
    SELECT subject_id, name, termination_date AS time FROM subject WHERE termination_date <= $as_of
),
newcomer AS (
    SELECT subject_id, applied_time AS time FROM subject WHERE applied_time IS NOT NULL
),
-- Only what a person has for themselves; an address or a connection is a household's, and many share what an agency has.
held AS (
    SELECT kind, value, subject_id, first_time, event_ids
    FROM shared_thing
    WHERE kind IN ('phone', 'mail', 'recovery_mail', 'code_host', 'bank', 'wallet', 'document', 'device', 'mfa_device', 'photo') AND subjects <= $max_subjects
),
pair AS (
    SELECT n.subject_id, d.subject_id AS other_id, a.kind, a.value, n.time, d.time AS ended_time, d.name AS other_name,
           list_extract(a.event_ids, 1) AS event_id, list_extract(b.event_ids, 1) AS other_event, greatest(a.first_time, n.time) AS since
    FROM newcomer n
    JOIN held a ON a.subject_id = n.subject_id
    JOIN held b ON b.kind = a.kind AND b.value = a.value AND b.subject_id <> a.subject_id
    JOIN departed d ON d.subject_id = b.subject_id
                   AND epoch(n.time) - epoch(d.time) BETWEEN -$before_days * 86400 AND $after_days * 86400
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
found AS (
    SELECT p.subject_id, p.other_id, min(p.other_name) AS other_name, min(p.ended_time) AS ended_time, min(p.since) AS time,
           list_sort(list(DISTINCT CASE p.kind WHEN 'mfa_device' THEN 'authenticator' WHEN 'bank' THEN 'bank account' WHEN 'photo' THEN 'photograph'
                                               ELSE replace(p.kind, '_', ' ') END)) AS things,
           list_concat(list(p.event_id ORDER BY p.kind, p.value), list(p.other_event ORDER BY p.kind, p.value)) AS event_ids
    FROM pair p
    WHERE EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.subject_id)
      AND EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.other_id)
      AND NOT EXISTS (SELECT 1 FROM alike a WHERE a.subject_id = p.subject_id AND a.other_id = p.other_id)
    GROUP BY p.subject_id, p.other_id
    QUALIFY row_number() OVER (PARTITION BY p.subject_id ORDER BY count(*) DESC, min(p.since), p.other_id) = 1
),
-- Clear where the newcomer's things are on file, and those of somebody who left within the time.
seen AS (
    SELECT DISTINCT n.subject_id
    FROM newcomer n
    JOIN coverage v ON v.subject_id = n.subject_id AND v.table_name = 'identifier'
    JOIN departed d ON d.subject_id <> n.subject_id AND epoch(n.time) - epoch(d.time) BETWEEN -$before_days * 86400 AND $after_days * 86400
    JOIN coverage u ON u.subject_id = d.subject_id AND u.table_name = 'identifier'
)
SELECT coalesce(f.subject_id, s.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids, f.other_name,
       CAST(f.ended_time AS DATE) AS ended, f.things
FROM seen s
FULL JOIN found f ON f.subject_id = s.subject_id
