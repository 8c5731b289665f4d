-- Code that leaves the organisation for another owner: pushed, created, shared or transferred outside by the code
-- host's own record, or sent with git to an owner whose repositories nobody else at the company uses.
WITH host AS (
    SELECT subject_id, time, event_id, activity, external, resource, lower(split_part(resource, '/', 1)) AS owner, target
    FROM data_access
    WHERE service IN ('github', 'gitlab', 'bitbucket', 'azure_devops', 'gitea')
),
company_owner AS (
    SELECT owner FROM host WHERE resource LIKE '%/%' GROUP BY owner HAVING count(DISTINCT subject_id) >= $owner_users
),
command AS (
    SELECT subject_id, time, event_id,
           lower(regexp_extract(cmd_line, '(?i)git(\.exe)?"? +(remote +(add|set-url)|push) .*(github\.com|gitlab\.com|bitbucket\.org)[:/]([^/ ]+)/', 5)) AS owner,
           lower(regexp_extract(cmd_line, '(?i)git(\.exe)?"? +(remote +(add|set-url)|push) .*(github\.com|gitlab\.com|bitbucket\.org)[:/]([^/ ]+/[^ "]+)', 5)) AS target
    FROM process
    WHERE activity = 'start' AND regexp_matches(cmd_line, '(?i)git(\.exe)?"? +(remote +(add|set-url)|push) ')
),
moved AS (
    SELECT subject_id, time, event_id, resource, target
    FROM host
    WHERE (external AND activity IN ('push', 'upload', 'create', 'edit')) OR (activity = 'share' AND coalesce(external, true))
    UNION ALL
    SELECT c.subject_id, c.time, c.event_id, CAST(NULL AS VARCHAR), c.target
    FROM command c
    LEFT JOIN company_owner o ON o.owner = c.owner
    WHERE c.owner <> '' AND o.owner IS NULL AND EXISTS (SELECT 1 FROM company_owner)
),
found AS (
    SELECT subject_id, min(time) AS time, count(*) AS times,
           list(DISTINCT resource) FILTER (WHERE resource IS NOT NULL) AS repositories,
           list(DISTINCT target) FILTER (WHERE target IS NOT NULL) AS targets,
           list(event_id ORDER BY time, event_id) AS event_ids
    FROM moved
    GROUP BY subject_id
),
seen AS (   -- only both kinds of record together would have shown it
    SELECT h.subject_id
    FROM host h
    JOIN coverage c ON c.subject_id = h.subject_id AND c.table_name = 'process'
    GROUP BY h.subject_id
    HAVING count(DISTINCT CAST(h.time AS DATE)) >= $min_days
)
SELECT coalesce(f.subject_id, n.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       f.times, list_sort(f.repositories) AS repositories, list_sort(f.targets) AS targets
FROM seen n
FULL JOIN found f ON f.subject_id = n.subject_id
