-- Code that leaves the organisation for another owner on a code host: pushed, forked, mirrored or transferred.
WITH moved AS (
    SELECT subject_id, time, event_id, activity, resource, coalesce(target, resource_owner) AS target
    FROM data_access
    WHERE external AND activity IN ('push', 'upload', 'share', 'create', 'edit')
      AND service IN ('github', 'gitlab', 'bitbucket', 'azure_devops', 'gitea')
),
found AS (
    SELECT subject_id, min(time) AS time, count(*) AS times,
           list(DISTINCT resource) FILTER (WHERE resource IS NOT NULL) AS repositories,
           list(DISTINCT target) FILTER (WHERE target IS NOT NULL) AS targets,
           list(event_id ORDER BY time, event_id) AS event_ids
    FROM moved
    GROUP BY subject_id
),
seen AS (   -- the code host's records of this person reach over several days
    SELECT subject_id
    FROM data_access
    WHERE service IN ('github', 'gitlab', 'bitbucket', 'azure_devops', 'gitea') AND external IS NOT NULL
    GROUP BY subject_id
    HAVING count(DISTINCT CAST(time AS DATE)) >= $min_days
)
SELECT coalesce(f.subject_id, n.subject_id) AS subject_id, f.subject_id IS NOT NULL AS fired, f.time, f.event_ids,
       f.times, coalesce(list_sort(f.repositories), []) AS repositories, coalesce(list_sort(f.targets), []) AS targets
FROM seen n
FULL JOIN found f ON f.subject_id = n.subject_id
