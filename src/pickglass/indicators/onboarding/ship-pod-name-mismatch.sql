-- Words of the signature against words of the names on file and of the recipient on the label.
WITH -- Words of all names on file: accents and punctuation do not matter, nor do particles and single letters. Names that
-- are not in Latin letters cannot be compared and count for nothing.
person AS (
    SELECT subject_id, name FROM hiring_event WHERE name IS NOT NULL
    UNION
    SELECT subject_id, name FROM worker WHERE name IS NOT NULL
    UNION
    SELECT subject_id, preferred_name FROM worker WHERE preferred_name IS NOT NULL
),
name_token AS (
    SELECT DISTINCT subject_id, token
    FROM (SELECT subject_id, unnest(string_split(
                     trim(regexp_replace(replace(replace(replace(regexp_replace(translate(replace(lower(name), 'ß', 'ss'), 'àáâãäåāăąçćčďđèéêëēėęěğìíîïīıłñńňòóôõöøōőŕřśşšșťțùúûüūůűýÿźżž''’`', 'aaaaaaaaacccddeeeeeeeegiiiiiilnnnoooooooorrssssttuuuuuuuyyzzz'), '\p{M}+', '', 'g'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'), '[^\p{L}]+', ' ', 'g')), ' ')) AS token
          FROM person)
    WHERE regexp_matches(token, '^[a-z][a-z]+$') AND token NOT IN ('de', 'da', 'di', 'do', 'dos', 'das', 'del', 'la', 'le', 'van', 'von', 'der', 'den', 'al', 'el', 'bin', 'ibn', 'mr', 'mrs', 'ms', 'dr', 'jr', 'sr', 'ii', 'iii')
),
own AS (
    SELECT subject_id, token FROM name_token
    UNION
    SELECT subject_id, token
    FROM (SELECT subject_id, unnest(string_split(trim(regexp_replace(replace(replace(replace(regexp_replace(translate(replace(lower(recipient), 'ß', 'ss'), 'àáâãäåāăąçćčďđèéêëēėęěğìíîïīıłñńňòóôõöøōőŕřśşšșťțùúûüūůűýÿźżž''’`', 'aaaaaaaaacccddeeeeeeeegiiiiiilnnnoooooooorrssssttuuuuuuuyyzzz'), '\p{M}+', '', 'g'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'), '[^\p{L}]+', ' ', 'g')), ' ')) AS token
          FROM shipment_event WHERE recipient <> '')
    WHERE length(token) >= 2
),
signature AS (
    SELECT subject_id, event_id, time, coalesce(shipment_id, tracking_number) AS shipment_id, signed_by,
           unnest(string_split(trim(regexp_replace(replace(replace(replace(regexp_replace(translate(replace(lower(signed_by), 'ß', 'ss'), 'àáâãäåāăąçćčďđèéêëēėęěğìíîïīıłñńňòóôõöøōőŕřśşšșťțùúûüūůűýÿźżž''’`', 'aaaaaaaaacccddeeeeeeeegiiiiiilnnnoooooooorrssssttuuuuuuuyyzzz'), '\p{M}+', '', 'g'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'), '[^\p{L}]+', ' ', 'g')), ' ')) AS token
    FROM shipment_event
    WHERE activity IN ('delivered', 'signed') AND signed_by <> '' AND coalesce(place_kind, '') <> 'business'
),
-- «Front desk», «left at door» or two letters are no name.
signed AS (
    SELECT subject_id, event_id, time, shipment_id, signed_by
    FROM signature
    GROUP BY subject_id, event_id, time, shipment_id, signed_by
    HAVING count(*) FILTER (WHERE list_contains($no_names, token)) = 0
       AND count(*) FILTER (WHERE regexp_matches(token, '^[a-z][a-z][a-z]+$')) > 0
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
answer AS (
    SELECT s.*, a.event_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM attested h
                           WHERE h.subject_id = s.subject_id AND h.kind = 'household'
                             AND (h.valid_until IS NULL OR h.valid_until > s.time)) AS fired
    FROM signed s
    LEFT JOIN alike a ON a.subject_id = s.subject_id AND a.event_id = s.event_id
    WHERE EXISTS (SELECT 1 FROM name_token n WHERE n.subject_id = s.subject_id)
)
SELECT a.subject_id, a.fired, CASE WHEN a.fired THEN a.time END AS time, [a.event_id] AS event_ids, a.shipment_id, a.signed_by, s.name
FROM answer a
JOIN subject s ON s.subject_id = a.subject_id
QUALIFY row_number() OVER (PARTITION BY a.subject_id ORDER BY a.fired DESC, a.time, a.event_id) = 1
