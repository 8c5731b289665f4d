-- Sketches are the smallest hashes of five-word phrases. Below the smaller of two sketches' largest hashes both are
-- complete, so that the share of common hashes there estimates the share of common phrases (Jaccard).
WITH resume AS (
    SELECT subject_id, event_id, time, text_sketch
    FROM hiring_event
    WHERE text_sketch IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY time DESC, event_id) = 1
),
every_phrase AS (
    SELECT DISTINCT subject_id, hash FROM (SELECT subject_id, unnest(text_sketch) AS hash FROM resume)
),
-- Phrases of templates and job advertisements; taking them out also keeps the join small.
common AS (
    SELECT hash
    FROM every_phrase
    GROUP BY hash
    HAVING count(*) > least($template_cap, greatest($template_people, $template_share * (SELECT count(*) FROM resume)))
),
phrase AS (
    SELECT subject_id, hash FROM every_phrase WHERE hash NOT IN (SELECT hash FROM common)
),
-- A text with fewer phrases than a sketch holds is complete: nothing lies above its largest hash.
sized AS (
    SELECT r.subject_id, count(p.hash) AS hashes,
           CASE WHEN max(len(r.text_sketch)) >= 128 THEN max(list_extract(r.text_sketch, len(r.text_sketch))) ELSE 'g' END AS horizon
    FROM resume r
    JOIN phrase p ON p.subject_id = r.subject_id
    GROUP BY r.subject_id
    HAVING count(p.hash) >= $min_hashes
),
pair AS (
    SELECT a.subject_id, b.subject_id AS other_id, count(*) AS shared,
           least(any_value(x.horizon), any_value(y.horizon)) AS horizon
    FROM phrase a
    JOIN phrase b ON b.hash = a.hash AND b.subject_id <> a.subject_id
    JOIN sized x ON x.subject_id = a.subject_id
    JOIN sized y ON y.subject_id = b.subject_id
    WHERE a.hash <= least(x.horizon, y.horizon)
    GROUP BY a.subject_id, b.subject_id
    HAVING count(*) >= $min_shared
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
measured AS (
    SELECT p.subject_id, p.other_id, p.shared / nullif(any_value(m.mine) + count(*) - p.shared, 0) AS likeness
    FROM pair p
    JOIN (SELECT q.subject_id, q.other_id, count(*) AS mine
          FROM pair q JOIN phrase a ON a.subject_id = q.subject_id AND a.hash <= q.horizon
          GROUP BY q.subject_id, q.other_id) m ON m.subject_id = p.subject_id AND m.other_id = p.other_id
    JOIN phrase b ON b.subject_id = p.other_id AND b.hash <= p.horizon
    WHERE EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.subject_id)
      AND EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = p.other_id)
      AND NOT EXISTS (SELECT 1 FROM alike a WHERE a.subject_id = p.subject_id AND a.other_id = p.other_id)
    GROUP BY p.subject_id, p.other_id, p.shared
),
cluster AS (
    SELECT m.subject_id, count(*) AS others, max(m.likeness) AS likeness,
           arg_max(s.name, m.likeness) AS other_name, list(r.event_id ORDER BY m.likeness DESC, r.event_id) AS other_events
    FROM measured m
    JOIN subject s ON s.subject_id = m.other_id
    JOIN resume r ON r.subject_id = m.other_id
    WHERE m.likeness >= $likeness
    GROUP BY m.subject_id
    HAVING count(*) >= $others OR max(m.likeness) >= $likeness_of_one
),
population AS (
    SELECT count(*) AS texts FROM sized
)
SELECT z.subject_id,
       c.subject_id IS NOT NULL AS fired,
       r.time,
       list_concat([r.event_id], c.other_events) AS event_ids,
       CAST(round(100 * c.likeness) AS BIGINT) AS percent, c.others, c.other_name
FROM sized z
JOIN resume r ON r.subject_id = z.subject_id
JOIN population n ON n.texts > 1
LEFT JOIN cluster c ON c.subject_id = z.subject_id
