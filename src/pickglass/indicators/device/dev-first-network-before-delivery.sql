-- The first report of a shipped computer after its dispatch, against the delivery of the same parcel.
WITH parcel AS (
    SELECT subject_id, coalesce(tracking_number, shipment_id) AS parcel, lower(max(device_serial)) AS serial, max(device_serial) AS device_serial,
           min(time) FILTER (WHERE activity = 'dispatched') AS dispatched_time,
           arg_min(event_id, time) FILTER (WHERE activity = 'dispatched') AS dispatched_event,
           min(time) FILTER (WHERE activity IN ('delivered', 'signed')) AS delivered_time,
           arg_min(event_id, time) FILTER (WHERE activity IN ('delivered', 'signed')) AS delivered_event,
           -- A calendar day stands for any hour of it.
           bool_or(time_precision <> 'instant') AS rough, count(DISTINCT device_serial) AS serials
    FROM shipment_event
    WHERE coalesce(tracking_number, shipment_id) IS NOT NULL
    GROUP BY subject_id, coalesce(tracking_number, shipment_id)
),
report AS (
    SELECT p.subject_id, p.device_serial, p.dispatched_time, p.delivered_time, p.dispatched_event, p.delivered_event, p.rough,
           d.time, d.event_id
    FROM parcel p
    JOIN device_state d ON lower(d.device_serial) = p.serial AND d.time > p.dispatched_time
    WHERE p.serials = 1 AND p.delivered_time > p.dispatched_time AND d.src_ip IS NOT NULL AND d.activity IN ('checkin', 'inventory')
      AND d.time_precision = 'instant'
),
first_report AS (
    SELECT * FROM report QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY time, event_id) = 1
),
judged AS (
    SELECT *, epoch(delivered_time) - epoch(time) > CASE WHEN rough THEN 36 ELSE $late_hours END * 3600 AS early FROM first_report
)
SELECT subject_id, early AS fired, CASE WHEN early THEN time END AS time,
       CASE WHEN early THEN [dispatched_event, event_id, delivered_event] END AS event_ids,
       device_serial, dispatched_time, delivered_time, CAST(floor((epoch(delivered_time) - epoch(time)) / 3600) AS BIGINT) AS hours
FROM judged
