-- Words of the signature against words of the names on file and of the recipient on the label.
WITH own AS (
    SELECT subject_id, token FROM name_word
    UNION
    SELECT subject_id, token FROM written_word WHERE field = 'recipient' AND length(token) >= 2
),
signature AS (
    SELECT e.subject_id, e.event_id, e.time, coalesce(e.shipment_id, e.tracking_number) AS shipment_id, e.signed_by, w.token
    FROM shipment_event e
    JOIN written_word w ON w.event_id = e.event_id AND w.subject_id = e.subject_id AND w.field = 'signed_by'
    WHERE e.activity IN ('delivered', 'signed') AND e.signed_by <> '' AND coalesce(e.place_kind, '') <> 'business'
),
alike AS (
    SELECT DISTINCT x.subject_id, x.event_id
    FROM signature x
    JOIN own y ON y.subject_id = x.subject_id
    WHERE length(x.token) >= 2 AND (x.token = y.token
       OR (length(x.token) >= 3 AND left(y.token, length(x.token)) = x.token)
       OR (length(y.token) >= 3 AND left(x.token, length(y.token)) = y.token)
       OR (length(x.token) >= 5 AND length(y.token) >= 5 AND levenshtein(x.token, y.token) <= 1))
),
-- «Front desk», «left at door» or two letters are no name, unless they are the person's own: names of two letters are names.
signed AS (
    SELECT subject_id, event_id, time, shipment_id, signed_by
    FROM signature
    GROUP BY subject_id, event_id, time, shipment_id, signed_by
    HAVING count(*) FILTER (WHERE list_contains($no_names, token)) = 0
       AND (count(*) FILTER (WHERE regexp_matches(token, '^[a-z][a-z][a-z]+$')) > 0
            OR event_id IN (SELECT event_id FROM alike))
),
answer AS (
    SELECT s.*, a.event_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM attested h
                           WHERE h.subject_id = s.subject_id AND h.kind = 'household'
                             AND (h.valid_until IS NULL OR h.valid_until > s.time)) AS fired
    FROM signed s
    LEFT JOIN alike a ON a.subject_id = s.subject_id AND a.event_id = s.event_id
    WHERE EXISTS (SELECT 1 FROM name_word n WHERE n.subject_id = s.subject_id)
)
SELECT a.subject_id, a.fired, CASE WHEN a.fired THEN a.time END AS time, [a.event_id] AS event_ids, a.shipment_id, a.signed_by, s.name
FROM answer a
JOIN subject s ON s.subject_id = a.subject_id
QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY a.fired DESC, a.time, a.event_id) = 1
