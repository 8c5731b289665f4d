-- The subject: one row per person as the records claim. Reads claim, coverage and the views with subject_id.

CREATE TEMP TABLE hiring AS
SELECT a.subject_id,
       arg_max(h.name, h.time) AS name,
       min(h.time) FILTER (WHERE h.activity = 'applied') AS applied_time,
       min(h.time) FILTER (WHERE h.activity IN ('offer_sent', 'offer_accepted')) AS offer_time,
       min(h.time) FILTER (WHERE h.activity = 'interview') AS interview_time,
       arg_max(h.job, h.time) AS job
FROM known_hiring_event h JOIN account_subject a ON a.account = lower(h.account)
GROUP BY a.subject_id;

CREATE TEMP TABLE references_of AS
SELECT subject_id, list(account ORDER BY account) AS accounts FROM subject_account GROUP BY subject_id;

CREATE TEMP TABLE subject AS
SELECT r.subject_id,
       r.accounts,
       CASE WHEN c.subject_id IS NULL THEN 'applicant' WHEN c.kind = 'contractor' THEN 'contractor' ELSE 'employee' END AS kind,
       CASE WHEN c.termination_date <= CAST($as_of AS TIMESTAMPTZ) THEN 'leaving'
            WHEN g.first_time IS NOT NULL AND c.subject_id IS NOT NULL THEN 'network'
            WHEN d.first_time IS NOT NULL THEN 'device'
            WHEN c.subject_id IS NOT NULL OR h.offer_time IS NOT NULL THEN 'onboarding'
            WHEN h.interview_time IS NOT NULL THEN 'interviewing'
            ELSE 'applying' END AS stage,
       coalesce(c.name, h.name) AS name,
       coalesce(c.role, h.job) AS role,
       c.department, c.agency, c.manager_account, c.remote,
       h.applied_time, h.offer_time, c.hire_date, c.termination_date, d.first_time AS device_time,
       c.city AS home_city, c.region AS home_region, c.country AS home_country, c.address_key AS home_address_key,
       c.work_city, c.work_region, c.work_country, c.work_time_zone,
       c.claimed_latitude, c.claimed_longitude,
       c.work_mail, c.personal_mail, c.phone
FROM references_of r
LEFT JOIN claim c ON c.subject_id = r.subject_id
LEFT JOIN hiring h ON h.subject_id = r.subject_id
LEFT JOIN coverage d ON d.subject_id = r.subject_id AND d.table_name = 'device_state'
LEFT JOIN coverage g ON g.subject_id = r.subject_id AND g.table_name = 'signin';
