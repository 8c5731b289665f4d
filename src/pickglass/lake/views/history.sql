-- Successive rosters become changes: a field that differs from the same worker's roster before.
-- Of several statements of one date the last one known counts: nothing happened between them.
-- Absence proves a departure only in a roster that covers all staff.
CREATE TEMP TABLE roster_step AS
SELECT account, time, known, event_id, source, raw_file, raw_record, record_hash, mapping_version, load_id, roster_scope,
       unnest(['address_key', 'phone', 'personal_mail', 'work_mail', 'status', 'role', 'department', 'manager_account',
               'name', 'hire_date', 'termination_date', 'work_city']) AS field,
       unnest([address_key, phone, personal_mail, work_mail, status, role, department, manager_account,
               name, CAST(CAST(hire_date AS DATE) AS VARCHAR), CAST(CAST(termination_date AS DATE) AS VARCHAR), work_city]) AS value
FROM (SELECT * FROM known_worker
      QUALIFY row_number() OVER (PARTITION BY account, time ORDER BY known DESC, event_id) = 1);

CREATE TEMP TABLE roster_change AS
SELECT event_id || '/' || field AS event_id, event_id AS roster_event_id, source, time, 'date' AS time_precision, known, raw_file, raw_record,
       record_hash, mapping_version, load_id, account, field, old_value, value AS new_value, 'roster' AS origin,
       CAST(NULL AS VARCHAR) AS actor, CAST(NULL AS VARCHAR) AS session_id,
       CAST(NULL AS VARCHAR) AS src_ip, CAST(NULL AS VARCHAR) AS user_agent
FROM (
    SELECT *, lag(value) OVER (PARTITION BY account, field ORDER BY time, known, event_id) AS old_value,
           row_number() OVER (PARTITION BY account, field ORDER BY time, known, event_id) AS step
    FROM roster_step
)
WHERE step > 1 AND value IS DISTINCT FROM old_value;

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
