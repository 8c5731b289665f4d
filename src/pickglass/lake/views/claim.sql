-- What rosters claim of each subject, where they work above all. Reads worker_now and subject_account.

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
