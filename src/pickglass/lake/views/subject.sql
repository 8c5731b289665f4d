-- The subject: one row per person as the records claim. Reads the views with subject_id.

-- Where a claimed place lies. Only cities count: the middle of a region may be a day's drive from its people.
CREATE TEMP TABLE place AS
SELECT lower(city) AS city, region, country,
       CAST(latitude AS DOUBLE) AS latitude, CAST(longitude AS DOUBLE) AS longitude
FROM reference_place
WHERE city <> ''
QUALIFY row_number() OVER (PARTITION BY lower(city), region, country ORDER BY latitude) = 1;

CREATE TEMP TABLE statement AS
SELECT s.subject_id, w.*,
       {'time': w.time, 'account': w.account} AS recent,
       c.latitude AS claimed_latitude,
       c.longitude AS claimed_longitude
FROM worker_now w
JOIN subject_account s ON s.account = w.account
LEFT JOIN place c ON c.city = lower(w.work_city) AND c.region = coalesce(w.work_region, '') AND c.country = w.work_country;

-- What a worker is comes from one roster: the latest in which nobody has left, or else the latest. The rest may stand in
-- any of them, and the latest that says it counts; what belongs together, as a place, is taken together.
CREATE TEMP TABLE main_statement AS
SELECT * FROM statement
QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY termination_date IS NOT NULL, time DESC, account) = 1;

CREATE TEMP TABLE claim AS
WITH said AS (
    SELECT subject_id,
           arg_max(name, recent) AS name, arg_max(role, recent) AS role, arg_max(department, recent) AS department,
           arg_max(agency, recent) AS agency, arg_max(manager_account, recent) AS manager_account,
           arg_max(remote, recent) AS remote, arg_max(work_mail, recent) AS work_mail,
           arg_max(personal_mail, recent) AS personal_mail, arg_max(phone, recent) AS phone,
           arg_max(work_time_zone, recent) AS work_time_zone,
           arg_max({'city': city, 'region': region, 'country': country, 'address_key': address_key}, recent)
               FILTER (WHERE address_key IS NOT NULL OR city IS NOT NULL OR country IS NOT NULL) AS home,
           arg_max({'city': work_city, 'region': work_region, 'country': work_country,
                    'latitude': claimed_latitude, 'longitude': claimed_longitude}, recent)
               FILTER (WHERE work_city IS NOT NULL OR work_country IS NOT NULL) AS work
    FROM statement GROUP BY subject_id
)
SELECT m.subject_id, m.kind, m.hire_date, m.termination_date, m.time, m.account,
       s.name, s.role, s.department, s.agency, s.manager_account, s.remote, s.work_mail, s.personal_mail, s.phone,
       s.home.city AS city, s.home.region AS region, s.home.country AS country, s.home.address_key AS address_key,
       s.work.city AS work_city, s.work.region AS work_region, s.work.country AS work_country, s.work_time_zone,
       s.work.latitude AS claimed_latitude, s.work.longitude AS claimed_longitude
FROM main_statement m JOIN said s USING (subject_id);

CREATE TEMP TABLE hiring AS
SELECT a.subject_id,
       arg_max(h.name, h.time) AS name,
       min(h.time) FILTER (WHERE h.activity = 'applied') AS applied_time,
       min(h.time) FILTER (WHERE h.activity IN ('offer_sent', 'offer_accepted')) AS offer_time,
       min(h.time) FILTER (WHERE h.activity = 'interview') AS interview_time,
       arg_max(h.job, h.time) AS job
FROM known_hiring_event h JOIN account_subject a ON a.account = lower(h.account)
GROUP BY a.subject_id;

CREATE TEMP TABLE first_device AS
SELECT subject_id, min(time) AS device_time
FROM device_state
GROUP BY subject_id;

CREATE TEMP TABLE first_signin AS
SELECT subject_id, min(time) AS signin_time FROM signin GROUP BY subject_id;

CREATE TEMP TABLE references_of AS
SELECT subject_id, list(account ORDER BY account) AS accounts FROM subject_account GROUP BY subject_id;

CREATE TEMP TABLE subject AS
SELECT r.subject_id,
       r.accounts,
       CASE WHEN c.subject_id IS NULL THEN 'applicant' WHEN c.kind = 'contractor' THEN 'contractor' ELSE 'employee' END AS kind,
       CASE WHEN c.termination_date <= CAST($as_of AS TIMESTAMPTZ) THEN 'leaving'
            WHEN g.signin_time IS NOT NULL AND c.subject_id IS NOT NULL THEN 'network'
            WHEN d.device_time IS NOT NULL THEN 'device'
            WHEN c.subject_id IS NOT NULL OR h.offer_time IS NOT NULL THEN 'onboarding'
            WHEN h.interview_time IS NOT NULL THEN 'interviewing'
            ELSE 'applying' END AS stage,
       coalesce(c.name, h.name) AS name,
       coalesce(c.role, h.job) AS role,
       c.department, c.agency, c.manager_account, c.remote,
       h.applied_time, h.offer_time, c.hire_date, c.termination_date, d.device_time,
       c.city AS home_city, c.region AS home_region, c.country AS home_country, c.address_key AS home_address_key,
       c.work_city, c.work_region, c.work_country, c.work_time_zone,
       c.claimed_latitude, c.claimed_longitude,
       c.work_mail, c.personal_mail, c.phone
FROM references_of r
LEFT JOIN claim c ON c.subject_id = r.subject_id
LEFT JOIN hiring h ON h.subject_id = r.subject_id
LEFT JOIN first_device d ON d.subject_id = r.subject_id
LEFT JOIN first_signin g ON g.subject_id = r.subject_id;
