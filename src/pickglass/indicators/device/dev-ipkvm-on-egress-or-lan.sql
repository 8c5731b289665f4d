-- Names that a KVM over IP bears on the local network, and the relays that its makers run for units in use.
WITH host AS (
    SELECT domain
    FROM (SELECT DISTINCT domain FROM network WHERE domain IS NOT NULL)
    WHERE regexp_matches(domain, '^(pikvm|jetkvm|nanokvm|glkvm|blikvm|tinypilot)([-_]?[0-9a-z]{1,8})?(\.(local|lan|home|internal|localdomain|home\.arpa|fritz\.box))?$')
       OR domain IN ('api.jetkvm.com', 'app.jetkvm.com')
),
asked AS (
    SELECT n.subject_id, n.time, n.event_id, n.domain, coalesce(n.device_name, n.device_id) AS device,
           row_number() OVER (PARTITION BY n.subject_id ORDER BY n.time, n.event_id) AS rank
    FROM network n
    JOIN host h ON h.domain = n.domain
    WHERE NOT EXISTS (
        SELECT 1 FROM attested a
        WHERE a.subject_id = n.subject_id AND a.kind IN ('approved_device', 'sanctioned_tool')
          AND (contains(lower(a.value), 'kvm') OR contains(lower(a.value), 'tinypilot'))
          AND coalesce(a.outcome, 'passed') NOT IN ('failed', 'declined')
          AND epoch(a.valid_from) <= epoch(n.time) + $approval_lag_days * 86400
          AND (a.valid_until IS NULL OR a.valid_until > n.time))
),
summed AS (
    SELECT subject_id, min(time) AS time, count(DISTINCT CAST(time AS DATE)) AS days,
           min(domain) FILTER (WHERE rank = 1) AS domain, min(device) FILTER (WHERE rank = 1) AS device,
           list(event_id) FILTER (WHERE rank <= 5) AS event_ids
    FROM asked
    GROUP BY subject_id
),
-- Connections without a name show no questions.
watched AS (
    SELECT subject_id
    FROM network
    WHERE domain IS NOT NULL
    GROUP BY subject_id
    HAVING count(DISTINCT CAST(time AS DATE)) >= $observed_days
)
SELECT coalesce(s.subject_id, w.subject_id) AS subject_id,
       s.subject_id IS NOT NULL AS fired,
       s.time,
       s.event_ids,
       s.domain, s.device, s.days
FROM summed s
FULL JOIN watched w ON w.subject_id = s.subject_id
