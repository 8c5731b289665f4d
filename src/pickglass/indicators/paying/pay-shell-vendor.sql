-- Pay of several contractors goes to one company that is none of their agencies.
WITH owner AS (
    SELECT p.subject_id, p.time, p.event_id, p.owner_name, p.bank_hash,
           trim(regexp_replace(lower(p.owner_name), '[^\p{L}\p{N}]+', ' ', 'g')) AS company
    FROM payroll_event p
    JOIN subject s ON s.subject_id = p.subject_id AND s.kind = 'contractor'
    WHERE p.activity IN ('account_added', 'account_changed', 'payment') AND p.owner_name <> ''
),
-- The words by which the law makes a company known; whoever owns the account is named beside it, if it is a person.
firm AS (
    SELECT *,
           trim(regexp_replace(company, '\b(llc|l l c|inc|incorporated|corp|corporation|ltd|limited|llp|gmbh|ug|ag|sa|sas|sarl|srl|spa|bv|b v|oy|ab|pty|co|company|plc|kft|sro|s r o|pvt|private)\b', ' ', 'g')) AS plain
    FROM owner
    WHERE regexp_matches(company, '\b(llc|l l c|inc|incorporated|corp|corporation|ltd|limited|llp|gmbh|ug|sarl|srl|bv|b v|pty|plc|kft|sro|s r o|pvt)\b')
),
agency AS (
    SELECT DISTINCT trim(regexp_replace(lower(agency), '[^\p{L}\p{N}]+', ' ', 'g')) AS name FROM worker WHERE agency <> ''
),
word AS (
    SELECT DISTINCT subject_id, unnest(string_split(trim(regexp_replace(lower(name), '[^\p{L}]+', ' ', 'g')), ' ')) AS token
    FROM worker
    WHERE name <> ''
),
outside AS (
    SELECT f.*
    FROM firm f
    WHERE f.plain <> '' AND NOT EXISTS (SELECT 1 FROM agency a WHERE contains(' ' || f.company || ' ', ' ' || a.name || ' ') OR a.name LIKE f.plain || '%')
      -- A firm that bears the contractor's own name is the contractor.
      AND NOT EXISTS (SELECT 1 FROM word w
                      WHERE w.subject_id = f.subject_id AND length(w.token) >= 3 AND contains(' ' || f.company || ' ', ' ' || w.token || ' '))
),
counted AS (
    SELECT company, min(owner_name) AS owner_name, count(DISTINCT subject_id) AS people
    FROM outside
    GROUP BY company
    -- What very many are paid to is a payroll firm.
    HAVING count(DISTINCT subject_id) BETWEEN $people AND $max_people
),
home AS (
    SELECT DISTINCT a.subject_id
    FROM attested a
    WHERE a.kind = 'household'
),
found AS (
    SELECT o.subject_id, max(o.time) AS time, c.owner_name, c.people, c.company, min(o.event_id) AS event_id
    FROM outside o
    JOIN counted c ON c.company = o.company
    LEFT JOIN home h ON h.subject_id = o.subject_id
    WHERE h.subject_id IS NULL
    GROUP BY o.subject_id, c.owner_name, c.people, c.company
    QUALIFY row_number() OVER (PARTITION BY o.subject_id ORDER BY c.people DESC, c.company) = 1
),
evidence AS (
    SELECT company, list(event_id ORDER BY time, event_id) AS event_ids
    FROM (SELECT company, event_id, time FROM outside QUALIFY row_number() OVER (PARTITION BY company ORDER BY time, event_id) <= 10)
    GROUP BY company
)
SELECT o.subject_id, f.subject_id IS NOT NULL AS fired, f.time, e.event_ids, f.owner_name AS company, f.people
FROM (SELECT DISTINCT subject_id FROM owner) o
LEFT JOIN found f ON f.subject_id = o.subject_id
LEFT JOIN evidence e ON e.company = f.company
WHERE (SELECT count(DISTINCT subject_id) FROM owner) >= $people
