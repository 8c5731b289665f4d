-- Tools that apply in bulk or speak for the applicant; job boards are nobody's business and are not among them.
WITH site AS (
    SELECT * FROM (VALUES ('simplify.jobs', 'Simplify Copilot'), ('aiapply.co', 'AIApply'), ('finalroundai.com', 'Final Round AI'),
                          ('lazyapply.com', 'LazyApply'), ('interviewcoder.co', 'Interview Coder'), ('lockedinai.com', 'LockedIn AI')) AS v(domain, tool)
),
aid AS (
    SELECT r.process_name, r.domain, coalesce(s.tool, r.name) AS tool
    FROM reference_interview_aid r
    LEFT JOIN site s ON s.domain = r.domain
    UNION ALL
    SELECT '', domain, tool FROM site WHERE domain NOT IN (SELECT domain FROM reference_interview_aid)
),
host AS (
    SELECT d.domain, min(s.tool) AS tool
    FROM (SELECT DISTINCT domain FROM network WHERE domain IS NOT NULL) d
    JOIN aid s ON s.domain <> '' AND (d.domain = s.domain OR d.domain LIKE '%.' || s.domain)
    GROUP BY d.domain
),
program AS (
    SELECT d.process_name, d.product, min(a.tool) AS tool
    FROM (SELECT DISTINCT process_name, product FROM process) d
    JOIN aid a ON (a.process_name <> '' AND a.process_name = d.process_name)
               OR (a.domain IN (SELECT domain FROM site) AND starts_with(lower(d.product), lower(a.tool)))
    GROUP BY d.process_name, d.product
),
seen AS (
    SELECT n.subject_id, n.time, n.event_id, h.tool FROM network n JOIN host h ON h.domain = n.domain
    UNION ALL
    SELECT p.subject_id, p.time, p.event_id, t.tool
    FROM process p
    JOIN program t ON t.process_name IS NOT DISTINCT FROM p.process_name AND t.product IS NOT DISTINCT FROM p.product
),
early AS (
    SELECT e.*, row_number() OVER (PARTITION BY e.subject_id ORDER BY e.time, e.event_id) AS rank
    FROM seen e
    JOIN subject s ON s.subject_id = e.subject_id
    WHERE epoch(e.time) - epoch(s.hire_date) BETWEEN 0 AND $window_days * 86400
),
found AS (
    SELECT subject_id, count(DISTINCT CAST(time AS DATE)) AS days, min(time) AS first_time, max(time) AS time,
           string_agg(DISTINCT tool, ', ' ORDER BY tool) AS tools, list(event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM early
    GROUP BY subject_id
    HAVING count(DISTINCT CAST(time AS DATE)) >= $min_days
),
watched AS (
    SELECT n.subject_id
    FROM network n
    JOIN subject s ON s.subject_id = n.subject_id
    WHERE n.domain IS NOT NULL AND epoch(n.time) - epoch(s.hire_date) BETWEEN 0 AND $window_days * 86400
    GROUP BY n.subject_id
    HAVING count(DISTINCT CAST(n.time AS DATE)) >= $observed_days
)
SELECT coalesce(f.subject_id, w.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       f.tools, f.days, f.first_time, $window_days AS window_days
FROM found f
FULL JOIN watched w ON w.subject_id = f.subject_id
