-- Words of the person's own ticket or mail that threaten the company's code or data, in a dispute about pay or the contract.
-- To call a lawyer, a works council, the press or an authority is anybody's right and is no threat here.
WITH dispute AS (
    SELECT subject_id, time FROM ticket WHERE category IN ('advance_pay', 'crypto_pay', 'performance_notice')
    UNION ALL
    SELECT subject_id, termination_date FROM subject WHERE termination_date <= $as_of
    UNION ALL
    SELECT subject_id, time FROM hr_change WHERE field IN ('performance_notice', 'termination_date') OR (field = 'status' AND new_value = 'terminated')
    UNION ALL
    SELECT subject_id, time FROM payroll_event WHERE activity = 'request'
),
written AS (
    SELECT subject_id, time, event_id, coalesce(ticket_id, 'a ticket') AS place, ' ' || lower(regexp_replace(detail, '\s+', ' ', 'g')) || ' ' AS words
    FROM ticket
    WHERE detail <> '' AND related_account IS NULL AND activity = 'opened'
),
threat AS (
    SELECT subject_id, time, event_id, place,
           regexp_matches(words, '\b(pay|paid|payment|salary|wages?|invoice|bonus|severance|contract|fired|dismiss\w*|terminat\w*)\b') AS of_pay
    FROM written
    WHERE regexp_matches(words, '\b(i|we) (will|shall|am going to|are going to|can|could)\b.{0,40}\b(leak|publish|release|expose|sell|delete|wipe|destroy|post)\b.{0,60}\b(code|source|repositor\w*|data|databases?|documents?|files|secrets?|customers?|credentials?)\b')
      AND regexp_matches(words, '\b(unless|otherwise|or else|if (you|i|we|it|this|that|my)\b)')
    UNION ALL
    -- Mail is kept as topics found in it; a wallet or a price makes it ext-ransom-terms.
    SELECT subject_id, time, event_id, 'a mail', TRUE
    FROM mail
    WHERE (list_contains(demand_terms, 'leak') OR list_contains(demand_terms, 'publish') OR list_contains(demand_terms, 'sell your data'))
      AND (list_contains(demand_terms, 'pay') OR list_contains(demand_terms, 'deadline'))
),
found AS (
    SELECT t.subject_id, t.time, t.event_id, t.place,
           EXISTS (SELECT 1 FROM dispute d
                   WHERE d.subject_id = t.subject_id AND abs(epoch(t.time) - epoch(d.time)) <= $near_days * 86400) AS disputed
    FROM threat t
    WHERE t.of_pay OR EXISTS (SELECT 1 FROM dispute d
                              WHERE d.subject_id = t.subject_id AND abs(epoch(t.time) - epoch(d.time)) <= $near_days * 86400)
),
counted AS (
    SELECT subject_id, count(*) AS texts, min(time) AS time, list(event_id ORDER BY time, event_id) AS event_ids,
           arg_min(place, time) AS place, bool_or(disputed) AS disputed
    FROM found
    GROUP BY subject_id
),
-- Clear only for those whose dispute is on record and whose texts could be read.
seen AS (
    SELECT DISTINCT w.subject_id FROM written w JOIN dispute d ON d.subject_id = w.subject_id
)
SELECT coalesce(c.subject_id, s.subject_id) AS subject_id, c.subject_id IS NOT NULL AS fired, c.time, c.event_ids, c.place, c.texts,
       CASE WHEN c.disputed THEN 'a request, notice or end of employment on record' ELSE 'no dispute on record' END AS dispute
FROM seen s
FULL JOIN counted c ON c.subject_id = s.subject_id
