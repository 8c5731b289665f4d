-- A folder shared from outside after somebody left, tied to them by a mail on their records, by the same sender as
-- files that bear the names of what they took (or within days of them), or by such a name in its subject line.
WITH departure AS (
    SELECT subject_id, min(time) AS time, max(time) AS last_time
    FROM (
        SELECT subject_id, termination_date AS time FROM subject WHERE termination_date <= $as_of
        UNION ALL
        SELECT subject_id, time
        FROM hr_change
        WHERE field IN ('performance_notice', 'termination_date') OR (field = 'status' AND new_value = 'terminated')
        UNION ALL
        SELECT subject_id, time FROM ticket WHERE category IN ('performance_notice', 'verification_request')
    )
    GROUP BY subject_id
),
contact AS (
    SELECT subject_id, lower(value) AS mail FROM identifier WHERE kind IN ('mail', 'recovery_mail')
    UNION
    SELECT subject_id, lower(personal_mail) FROM subject WHERE personal_mail IS NOT NULL
    UNION
    SELECT subject_id, lower(mail) FROM hiring_event WHERE mail IS NOT NULL
),
company AS (
    SELECT DISTINCT split_part(lower(work_mail), '@', 2) AS domain FROM subject WHERE work_mail LIKE '%@%'
),
outside AS (
    SELECT m.event_id, m.time, lower(m.sender) AS sender, lower(m.reply_to) AS reply_to, m.subject_line,
           m.attachment_names, m.archive_names, m.demand_terms, m.wallets, m.share_link,
           min(m.time) OVER (PARTITION BY lower(m.sender)) AS first_from_sender
    FROM mail_message m
    LEFT JOIN company c ON c.domain = lower(m.sender_domain)
    WHERE c.domain IS NULL AND m.sender IS NOT NULL
),
taken AS (
    SELECT t.subject_id, t.time, t.event_id,
           trim(regexp_replace(regexp_replace(lower(t.name), '\.[a-z0-9]{1,5}$', '', 'g'), '[^\p{L}\p{N}]+', ' ', 'g')) AS name
    FROM (
        SELECT subject_id, time, event_id, regexp_extract(resource, '([^/]+)/?$', 1) AS name
        FROM data_access WHERE activity IN ('download', 'clone', 'fetch', 'export') AND resource IS NOT NULL
        UNION ALL
        SELECT subject_id, time, event_id, resource_name
        FROM data_access WHERE activity IN ('download', 'clone', 'fetch', 'export') AND resource_name IS NOT NULL
        UNION ALL
        SELECT subject_id, time, event_id, file_name
        FROM file_activity WHERE activity IN ('archived', 'copied') AND file_name IS NOT NULL
    ) t
    JOIN departure d ON d.subject_id = t.subject_id
),
holding AS (
    SELECT subject_id, name, min(time) AS time, arg_min(event_id, time) AS event_id
    FROM taken
    WHERE length(name) >= $min_length
    GROUP BY subject_id, name
),
carried AS (   -- names of attachments, and each part of the paths inside archives
    SELECT DISTINCT event_id,
           trim(regexp_replace(regexp_replace(lower(name), '\.[a-z0-9]{1,5}$', '', 'g'), '[^\p{L}\p{N}]+', ' ', 'g')) AS name
    FROM (
        SELECT event_id, unnest(attachment_names) AS name FROM outside
        UNION ALL
        SELECT event_id, unnest(string_split(path, '/')) FROM (SELECT event_id, unnest(archive_names) AS path FROM outside)
    )
),
matched AS (
    SELECT o.event_id AS mail_id, h.subject_id, o.sender, o.time, count(*) AS matches, list(h.name ORDER BY h.name) AS names,
           list(h.event_id ORDER BY h.name) AS taken_ids,
           epoch(o.time) - epoch(CASE WHEN d.last_time <= o.time THEN d.last_time ELSE d.time END) AS waited
    FROM carried c
    JOIN outside o ON o.event_id = c.event_id
    JOIN holding h ON h.name = c.name AND h.time < o.time
    JOIN departure d ON d.subject_id = h.subject_id
    LEFT JOIN contact k ON k.subject_id = h.subject_id AND k.mail = o.sender
    WHERE epoch(o.time) >= epoch(d.time) AND epoch(o.time) <= epoch(d.last_time) + $window_days * 86400
      AND (k.mail IS NOT NULL OR o.first_from_sender >= d.time)
    GROUP BY o.event_id, h.subject_id, o.sender, o.time, d.time, d.last_time
    HAVING count(*) >= $min_matches
),
proof AS (   -- whoever matches best and, among those, left last before the mail; names that many share tie it to none
    SELECT *
    FROM (
        SELECT *, min(waited) OVER (PARTITION BY mail_id) AS latest
        FROM (SELECT *, max(matches) OVER (PARTITION BY mail_id) AS best FROM matched)
        WHERE matches = best
    )
    WHERE waited <= latest + 3 * 86400
    QUALIFY count(*) OVER (PARTITION BY mail_id) <= $max_people
),
shared AS (
    SELECT o.event_id, o.time, o.sender, o.reply_to, o.first_from_sender,
           ' ' || trim(regexp_replace(lower(o.subject_line), '[^\p{L}\p{N}]+', ' ', 'g')) || ' ' AS words
    FROM outside o
    WHERE o.share_link
),
named AS (
    SELECT s.event_id, h.subject_id, h.event_id AS by_event
    FROM shared s
    JOIN holding h ON contains(s.words, ' ' || h.name || ' ') AND h.time < s.time
    QUALIFY count(*) OVER (PARTITION BY s.event_id) <= $max_people
),
tied AS (
    SELECT s.event_id, k.subject_id, 'it came from a mail on the person''s records' AS why, 1 AS rank, s.event_id AS by_event
    FROM shared s
    JOIN contact k ON k.mail = s.sender OR k.mail = s.reply_to
    UNION ALL
    SELECT s.event_id, p.subject_id, 'files that bear the names of what the person had taken came by mail at that time', 2, p.mail_id
    FROM shared s
    JOIN proof p ON p.sender = s.sender OR abs(epoch(s.time) - epoch(p.time)) <= $near_days * 86400
    UNION ALL
    SELECT event_id, subject_id, 'its subject line names what the person had taken', 3, by_event
    FROM named
),
found AS (
    SELECT t.subject_id, s.time, s.sender, t.why, [t.event_id, t.by_event] AS event_ids,
           floor((epoch(s.time) - epoch(d.time)) / 86400) AS days
    FROM tied t
    JOIN shared s ON s.event_id = t.event_id
    JOIN departure d ON d.subject_id = t.subject_id
    WHERE epoch(s.time) >= epoch(d.time) AND epoch(s.time) <= epoch(d.last_time) + $window_days * 86400
      AND (t.rank = 1 OR s.first_from_sender >= d.time)
    QUALIFY row_number() OVER (PARTITION BY t.subject_id ORDER BY s.time, t.rank, t.by_event) = 1
),
-- Clear when what they took and their own mail are known, mail from outside was seen, and some weeks have passed.
seen AS (
    SELECT d.subject_id
    FROM departure d
    JOIN coverage c ON c.subject_id = d.subject_id AND c.table_name IN ('data_access', 'file_activity')
    WHERE epoch($as_of) >= epoch(d.last_time) + $watch_days * 86400
      AND EXISTS (SELECT 1 FROM outside o WHERE o.time > d.time)
      AND EXISTS (SELECT 1 FROM contact k WHERE k.subject_id = d.subject_id)
    GROUP BY d.subject_id
    HAVING count(*) = 2
)
SELECT coalesce(f.subject_id, n.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time,
       list_distinct(f.event_ids) AS event_ids, f.sender, f.days, f.why
FROM seen n
FULL JOIN found f ON f.subject_id = n.subject_id
