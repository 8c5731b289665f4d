-- Successive rosters become changes: a field that differs from the same worker's roster before.
-- Of several statements of one date the last one known counts: nothing happened between them.
-- Absence proves a departure only in a roster that covers all staff.
CREATE TEMP TABLE roster_change AS
WITH told AS (
    SELECT account, time, known, event_id, source, raw_file, raw_record, record_hash, mapping_version, load_id,
           ['address_key', 'phone', 'personal_mail', 'work_mail', 'status', 'role', 'department', 'manager_account',
            'name', 'hire_date', 'termination_date', 'work_city'] AS fields,
           [address_key, phone, personal_mail, work_mail, status, role, department, manager_account,
            name, CAST(CAST(hire_date AS DATE) AS VARCHAR), CAST(CAST(termination_date AS DATE) AS VARCHAR), work_city] AS said
    FROM (SELECT * FROM known_worker
          QUALIFY row_number() OVER (PARTITION BY account, time ORDER BY known DESC, event_id) = 1)
),
step AS (   -- most rosters say what the one before said: fields are taken apart only where something differs
    SELECT *, lag(said) OVER (PARTITION BY account ORDER BY time, known, event_id) AS said_before
    FROM told
    QUALIFY said_before IS NOT NULL AND said IS DISTINCT FROM said_before
),
field AS (
    SELECT * EXCLUDE (fields, said, said_before), unnest(fields) AS field, unnest(said) AS value, unnest(said_before) AS old_value
    FROM step
)
SELECT event_id || '/' || field AS event_id, event_id AS roster_event_id, source, time, 'date' AS time_precision, known, raw_file, raw_record,
       record_hash, mapping_version, load_id, account, field, old_value, value AS new_value, 'roster' AS origin,
       CAST(NULL AS VARCHAR) AS actor, CAST(NULL AS VARCHAR) AS session_id,
       CAST(NULL AS VARCHAR) AS src_ip, CAST(NULL AS VARCHAR) AS user_agent
FROM field
WHERE value IS DISTINCT FROM old_value;

CREATE TEMP TABLE roster_date AS
SELECT DISTINCT source, time FROM known_worker WHERE roster_scope = 'all';

CREATE TEMP TABLE roster_absence AS
SELECT w.event_id || '/absent' AS event_id, w.event_id AS roster_event_id, w.source, n.time, 'date' AS time_precision, n.time AS known, w.raw_file,
       w.raw_record, w.record_hash, w.mapping_version, w.load_id, w.account, 'status' AS field, w.status AS old_value,
       'absent' AS new_value, 'roster' AS origin, CAST(NULL AS VARCHAR) AS actor, CAST(NULL AS VARCHAR) AS session_id,
       CAST(NULL AS VARCHAR) AS src_ip, CAST(NULL AS VARCHAR) AS user_agent
FROM worker_now w
JOIN (SELECT w2.account, min(d.time) AS time
      FROM worker_now w2 JOIN roster_date d ON d.source = w2.source AND d.time > w2.time GROUP BY w2.account) n
  ON n.account = w.account
WHERE w.roster_scope = 'all' AND coalesce(w.status, '') <> 'terminated';
