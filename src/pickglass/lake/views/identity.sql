-- Who is who: account keys to subjects, from the rosters and the recruiting system.
-- Reads known_<table>, device_run and device_row; makes account_subject, device_holder.

-- The latest statement of each worker's roster row.
CREATE TEMP TABLE worker_now AS
SELECT * FROM known_worker
QUALIFY row_number() OVER (PARTITION BY account ORDER BY time DESC, known DESC, event_id) = 1;

-- Several rosters of one company (HR, payroll, contractors) tell of the same people. Who has one and the same work mail in
-- each is one worker, called by the key that was known first; a mail that a roster gives twice joins nobody.
CREATE TEMP TABLE same_worker AS
WITH known_first AS (SELECT account, min(known) AS known FROM known_worker GROUP BY account),
told AS (
    SELECT lower(n.work_mail) AS mail, split_part(n.account, ':', 1) AS system, n.account, f.known
    FROM worker_now n JOIN known_first f ON f.account = n.account
    WHERE n.work_mail LIKE '%_@_%'
),
joined AS (
    SELECT mail, arg_min(account, {'known': known, 'account': account}) AS anchor
    FROM told GROUP BY mail
    HAVING count(*) > 1 AND count(*) = count(DISTINCT system)
)
SELECT n.account, coalesce(j.anchor, n.account) AS anchor
FROM worker_now n LEFT JOIN joined j ON j.mail = lower(n.work_mail);

-- Checks, signatures and résumé files name people by their mail alone. Such a mail is a key to somebody whom a recruiting
-- system or a roster knows; a person of its own only where none does, and never by a signature: customers sign too.
CREATE TEMP TABLE mail_on_file AS
SELECT mail_identity(value) AS mail
FROM known_identifier
WHERE kind = 'mail' AND account NOT LIKE '%@%' AND account IN (SELECT account FROM known_hiring_event)
UNION
SELECT mail_identity(unnest([work_mail, user_name, personal_mail])) FROM worker_now;

CREATE TEMP TABLE applicant_account AS
SELECT account, min(time) AS first_time, arg_max(name, time) AS name
FROM known_hiring_event
GROUP BY account
HAVING account NOT LIKE '%_@_%'
    OR (bool_or(activity <> 'signature')
        AND coalesce(mail_identity(account), '') NOT IN (SELECT mail FROM mail_on_file WHERE mail IS NOT NULL));

-- A worker's key as applicant: the roster's own statement, or one and the same personal mail on exactly one
-- applicant and exactly one worker. A mail that several share joins nobody: that is what linkage is for.
CREATE TEMP TABLE applicant_mail AS
SELECT mail_identity(value) AS mail, min(account) AS account
FROM known_identifier
WHERE kind = 'mail' AND account IN (SELECT account FROM applicant_account) AND mail_identity(value) IS NOT NULL
GROUP BY 1
HAVING count(DISTINCT account) = 1;

CREATE TEMP TABLE worker_mail AS
SELECT mail_identity(n.personal_mail) AS mail, min(n.account) AS account
FROM worker_now n JOIN same_worker w ON w.account = n.account
WHERE mail_identity(n.personal_mail) IS NOT NULL
GROUP BY 1
HAVING count(DISTINCT w.anchor) = 1;

CREATE TEMP TABLE same_person AS
SELECT account AS worker_account, applicant_account AS applicant_account, true AS stated
FROM worker_now WHERE applicant_account IS NOT NULL
UNION
SELECT w.account, a.account, false
FROM worker_mail w JOIN applicant_mail a USING (mail)
JOIN worker_now n ON n.account = w.account
WHERE n.applicant_account IS NULL;

-- The subject's own reference: as applicant if there was one, because that came first.
CREATE TEMP TABLE subject_account AS
WITH anchors AS (
    SELECT w.anchor, min(s.applicant_account) AS applicant_account, coalesce(bool_or(s.stated), false) AS stated
    FROM same_worker w LEFT JOIN same_person s ON s.worker_account = w.account
    GROUP BY w.anchor
),
owned AS (   -- two workers who claim one applicant record stay apart: the stated one keeps it, else the first
    SELECT anchor,
           CASE WHEN row_number() OVER (PARTITION BY applicant_account ORDER BY stated DESC, anchor) = 1
                THEN applicant_account END AS applicant_account
    FROM anchors
),
every AS (
    SELECT coalesce(o.applicant_account, o.anchor) AS reference, w.account
    FROM owned o JOIN same_worker w ON w.anchor = o.anchor
    UNION
    SELECT applicant_account, applicant_account FROM owned WHERE applicant_account IS NOT NULL
    UNION
    SELECT account, account FROM applicant_account
    WHERE account NOT IN (SELECT applicant_account FROM owned WHERE applicant_account IS NOT NULL)
)
SELECT subject_id_of(reference) AS subject_id, account FROM every;

-- Every key that leads to a subject. A key that leads to two leads to none.
CREATE TEMP TABLE account_subject AS
WITH keys AS (
    -- What the company itself gave somebody (rank 0) counts before what people say of themselves (rank 1): or else one
    -- application under a colleague's work mail would hide that colleague's sign-ins.
    SELECT 0 AS rank, subject_id, account AS key FROM subject_account
    UNION
    SELECT 0, s.subject_id, unnest([lower(w.work_mail), lower(w.user_name),
                                    'reference:' || lower(split_part(w.account, ':', 2))])
    FROM worker_now w JOIN subject_account s ON s.account = w.account
    UNION
    SELECT 1, s.subject_id, lower(w.personal_mail)
    FROM worker_now w JOIN subject_account s ON s.account = w.account
    UNION
    SELECT 1, s.subject_id, lower(i.value)
    FROM known_identifier i JOIN subject_account s ON s.account = i.account
    WHERE i.kind = 'mail' AND i.account NOT IN (SELECT account FROM worker_now)
    UNION   -- a work account named beside another system's key: `github:octo` is jane@example.com
    SELECT 1, s.subject_id, lower(i.value)
    FROM known_identifier i
    JOIN worker_now w ON lower(i.account) IN (lower(w.work_mail), lower(w.user_name), w.account)
    JOIN subject_account s ON s.account = w.account
    WHERE i.kind IN ('account', 'code_host')
)
SELECT lower(key) AS account, min(subject_id) AS subject_id
FROM (SELECT *, min(rank) OVER (PARTITION BY lower(key)) AS best FROM keys WHERE key IS NOT NULL AND key <> '')
WHERE rank = best
GROUP BY lower(key)
HAVING count(DISTINCT subject_id) = 1;

-- Who was seen at a device, part by part of the logs.
CREATE TEMP TABLE device_seen AS
SELECT r.device, r.part, r.account, a.subject_id, r.time
FROM device_run r JOIN account_subject a ON a.account = r.account;

-- Devices where somebody else, in another part of the logs, comes between the first and the last row of one person's
-- stretch: only the rows between tell when the one came back.
CREATE TEMP TABLE interrupted_device AS
WITH turned AS (
    SELECT *, subject_id IS DISTINCT FROM lag(subject_id) OVER (PARTITION BY device ORDER BY time, subject_id) AS turn
    FROM device_seen
),
counted AS (
    SELECT *, sum(CAST(turn AS INTEGER)) OVER (PARTITION BY device ORDER BY time, subject_id ROWS UNBOUNDED PRECEDING) AS turns
    FROM turned
)
SELECT DISTINCT device FROM (
    SELECT device, lead(account) OVER in_part = account AND lead(turns) OVER in_part <> turns AS interrupted
    FROM counted WINDOW in_part AS (PARTITION BY device, part ORDER BY time, account)
) WHERE interrupted;

-- Which subject held a device from when to when, by device id, name and serial.
CREATE TEMP TABLE device_holder AS
WITH seen AS (
    SELECT device, subject_id, time FROM device_seen ANTI JOIN interrupted_device USING (device)
    UNION ALL
    SELECT r.device, a.subject_id, r.time
    FROM (SELECT * FROM device_row SEMI JOIN interrupted_device USING (device)) r
    JOIN account_subject a ON a.account = r.account
),
changes AS (
    SELECT device, subject_id, time FROM seen
    QUALIFY subject_id IS DISTINCT FROM lag(subject_id) OVER (PARTITION BY device ORDER BY time, subject_id)
)
SELECT device, subject_id,
       CASE WHEN row_number() OVER (PARTITION BY device ORDER BY time, subject_id) = 1
            THEN TIMESTAMPTZ '1970-01-01 00:00:00Z' ELSE time END AS from_time,
       coalesce(lead(time) OVER (PARTITION BY device ORDER BY time, subject_id),
                TIMESTAMPTZ '9999-01-01 00:00:00Z') AS until_time
FROM changes;

-- The device keys that lead to a holder: two systems may number a device differently and agree on its name.
CREATE TEMP TABLE held_device AS SELECT DISTINCT device FROM device_holder;

-- Parcels: whose they are, by whichever record of the same parcel says it.
CREATE TEMP TABLE parcel_subject AS
SELECT tracking_number, min(a.subject_id) AS subject_id
FROM known_shipment_event s JOIN account_subject a ON a.account = lower(s.account)
WHERE s.tracking_number IS NOT NULL
GROUP BY tracking_number
HAVING count(DISTINCT a.subject_id) = 1;
