"""What linkage asks of the lake: identifiers by subject, things that several share, and what is known of places.

Plain Arrow tables; what they mean is decided in `pickglass.linkage`.
"""

from __future__ import annotations

import pyarrow as pa

from pickglass.lake.session import Session


def shared_things(session: Session) -> pa.Table:
    """Give things that two or more subjects share, one row for each thing and subject, in a fixed order."""
    return session.query(_SHARED)


def claims(session: Session) -> pa.Table:
    """Give what each subject says of its name, home and hiring, and on how many days a line of theirs was seen."""
    return session.query(_CLAIMS)


def lines(session: Session) -> pa.Table:
    """Give what is known of each shared internet line: why it is nobody's home, and how many are at work behind it."""
    return session.query(_LINES)


def units(session: Session) -> pa.Table:
    """Give each shared delivery address with its first delivery to each subject, and whether it is nobody's home."""
    return session.query(_UNITS)


def identifiers(session: Session) -> pa.Table:
    """Give every identifying value of every subject, each once: what sources stated, and what its events show."""
    return session.query(_IDENTIFIERS)


def former_ids(session: Session) -> dict[str, str]:
    """Give the ids that subjects would have by their other accounts, and may have had: to the id of today."""
    rows = session.query(_FORMER_IDS).to_pylist()
    return {row["former_id"]: row["subject_id"] for row in rows}


def persons(session: Session) -> pa.Table:
    """Give every subject with its name, its date of birth where a roster holds it, and the sketch of its résumé."""
    return session.query(_PERSONS)


# A résumé text is a thing too: whose text is nearly that of another, by the share of common smallest hashes. Each text
# goes to the first of those that it is like, so that copies of one text are one thing. Phrases that many have are
# templates' and advertisements'.
_SHARED = """
WITH resume AS (
    SELECT subject_id, text_sketch, time, event_id FROM hiring_event WHERE text_sketch IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY subject_id ORDER BY time DESC, event_id) = 1
),
phrase AS (SELECT DISTINCT subject_id, unnest(text_sketch) AS hash FROM resume),
rare AS (SELECT hash FROM phrase GROUP BY hash HAVING count(*) BETWEEN 2 AND 50),
kept AS (SELECT p.subject_id, p.hash FROM phrase p SEMI JOIN rare r ON r.hash = p.hash),
alike AS (
    SELECT a.subject_id, b.subject_id AS other_id
    FROM kept a JOIN kept b ON b.hash = a.hash AND b.subject_id <> a.subject_id
    GROUP BY a.subject_id, b.subject_id HAVING count(*) >= 48
),
copied AS (
    SELECT subject_id, least(subject_id, min(other_id)) AS first_id FROM alike GROUP BY subject_id
),
production AS (
    SELECT subject_id, document_template, min(time) AS first_time, max(time) AS last_time,
           list_slice(list(event_id ORDER BY time, event_id), 1, 5) AS event_ids
    FROM hiring_event WHERE document_template <> '' GROUP BY subject_id, document_template
)
SELECT *, keyed_hash('thing:' || kind || ':' || value) AS secret FROM (
SELECT kind, value, label, subject_id, first_time, last_time, days, event_ids FROM shared_thing
UNION ALL
SELECT 'resume_text', c.first_id, NULL, c.subject_id, r.time, r.time, 1, [r.event_id]
FROM copied c JOIN resume r ON r.subject_id = c.subject_id
UNION ALL
SELECT 'document_template', document_template, NULL, subject_id, first_time, last_time, 1, event_ids
FROM production
QUALIFY count(*) OVER (PARTITION BY document_template) > 1
)
ORDER BY kind, value, subject_id
"""

_CLAIMS = """
WITH applied AS (
    SELECT subject_id, arg_max(value, {'time': time, 'event': event_id}) AS address FROM identifier
    WHERE kind = 'address' GROUP BY subject_id
),
seen AS (
    SELECT subject_id, count(DISTINCT day) AS days FROM (
        SELECT subject_id, CAST(time AS DATE) AS day FROM signin WHERE src_ip IS NOT NULL AND outcome = 'success'
        UNION
        SELECT subject_id, CAST(time AS DATE) FROM device_state WHERE src_ip IS NOT NULL)
    GROUP BY subject_id
),
city AS (
    SELECT lower(city) AS city, region, country, min(CAST(latitude AS DOUBLE)) AS latitude,
           arg_min(CAST(longitude AS DOUBLE), CAST(latitude AS DOUBLE)) AS longitude
    FROM reference_place WHERE city <> '' GROUP BY lower(city), region, country
)
SELECT s.subject_id, s.name, coalesce(s.home_address_key, a.address) AS address,
       coalesce(lower(s.home_city), nullif(split_part(a.address, '|', 2), '')) AS city,
       s.hire_date AS hired, coalesce(d.days, 0) AS days,
       p.latitude, p.longitude
FROM subject s LEFT JOIN applied a USING (subject_id) LEFT JOIN seen d USING (subject_id)
LEFT JOIN city p ON p.city = lower(s.home_city) AND p.region = coalesce(s.home_region, '') AND p.country = s.home_country
ORDER BY s.subject_id
"""

_LINES = r"""
WITH line AS (SELECT DISTINCT value FROM shared_thing WHERE kind = 'egress'),
-- An organisation's own network: many people come by few lines. An access provider has about a line for each.
organisation AS (
    SELECT asn FROM signin WHERE outcome = 'success' AND asn IS NOT NULL
    GROUP BY asn
    HAVING count(DISTINCT subject_id) >= 8 AND count(DISTINCT src_ip) >= 2
       AND count(DISTINCT subject_id) >= 4 * count(DISTINCT src_ip)
),
used AS (
    SELECT l.value, s.subject_id, s.time, s.tunnel_operator IS NOT NULL OR coalesce(s.anonymous, false) AS tunnel,
           s.asn IN (SELECT CAST(asn AS BIGINT) FROM reference_hosting_network) AS hosting,
           s.asn IN (SELECT asn FROM organisation) AS organisation,
           regexp_matches(s.as_org, '(?i)(universi|college|hochschule|campus|school|academ|hotel|hospitality|guest network|'
                          || 'co-?working|wework|regus|librar|airport)') AS institution
    FROM signin s JOIN line l ON l.value = s.src_ip
    WHERE s.outcome = 'success'
),
told AS (
    SELECT value, bool_or(tunnel) AS tunnel, bool_or(hosting) AS hosting, bool_or(institution) AS institution,
           bool_or(organisation) AS organisation
    FROM used GROUP BY value
),
hour AS (
    SELECT value, date_trunc('hour', time) AS hour, count(DISTINCT subject_id) AS subjects FROM used GROUP BY ALL
),
pace AS (
    SELECT value, max(subjects) AS most, count(*) FILTER (WHERE subjects > 1) AS hours FROM hour GROUP BY value
),
-- An office: most of those who use it are told to work there.
office AS (
    SELECT t.value, count(*) FILTER (WHERE s.remote = false) * 2 >= count(*) AS office
    FROM shared_thing t JOIN subject s ON s.subject_id = t.subject_id
    WHERE t.kind = 'egress' GROUP BY t.value
)
SELECT l.value,
       CASE WHEN t.tunnel THEN 'tunnel' WHEN t.hosting THEN 'hosting' WHEN t.institution THEN 'institution'
            WHEN t.organisation THEN 'organisation' WHEN o.office THEN 'office'
            WHEN regexp_matches(l.value, '^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|'
                                || '100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|fe80|fd|fc|::1)') THEN 'private' END AS ordinary,
       coalesce(p.most, 0) AS most_at_once, coalesce(p.hours, 0) AS hours_together
FROM line l
LEFT JOIN told t ON t.value = l.value
LEFT JOIN pace p ON p.value = l.value
LEFT JOIN office o ON o.value = l.value
ORDER BY l.value
"""

_UNITS = """
WITH unit AS (SELECT DISTINCT value FROM shared_thing WHERE kind = 'address'),
delivery AS (
    SELECT address_key AS value, subject_id,
           coalesce(min(time) FILTER (WHERE activity IN ('delivered', 'signed')), min(time)) AS time,
           bool_or(coalesce(place_kind, '') IN ('mailbox', 'pickup_point', 'locker', 'business')) AS counter
    FROM shipment_event WHERE address_key IS NOT NULL GROUP BY address_key, subject_id
),
service AS (
    SELECT u.value FROM unit u
    WHERE EXISTS (SELECT 1 FROM reference_mailbox_service m WHERE contains(' ' || u.value || ' ', ' ' || m.name || ' '))
       OR contains(u.value, ' pmb ')
)
SELECT u.value, d.subject_id, d.time,
       CASE WHEN v.value IS NOT NULL OR bool_or(d.counter) OVER (PARTITION BY u.value) THEN 'mailbox' END AS ordinary
FROM unit u
LEFT JOIN delivery d ON d.value = u.value
LEFT JOIN service v ON v.value = u.value
ORDER BY u.value, d.subject_id
"""

_IDENTIFIERS = """
SELECT DISTINCT subject_id, kind, value FROM (
    SELECT subject_id, kind, value FROM identifier
    UNION ALL
    SELECT subject_id, 'mfa_device', mfa_device FROM signin WHERE mfa_device IS NOT NULL AND outcome = 'success'
    UNION ALL
    SELECT subject_id, 'bank', bank_hash FROM payroll_event
    UNION ALL
    SELECT subject_id, 'wallet', wallet_hash FROM payroll_event
    UNION ALL
    SELECT subject_id, 'document', document_hash FROM hiring_event
    UNION ALL
    SELECT subject_id, 'referee', coalesce(lower(reference_mail), reference_phone) FROM hiring_event WHERE activity = 'reference'
)
WHERE value <> ''
ORDER BY subject_id, kind, value
"""

# A worker who is found to have applied is called by the application from then on: the id is made of an account.
_FORMER_IDS = """
WITH every AS (
    SELECT subject_id_of(account) AS former_id, subject_id
    FROM (SELECT subject_id, unnest(accounts) AS account FROM subject)
)
SELECT former_id, min(subject_id) AS subject_id FROM every
WHERE former_id NOT IN (SELECT subject_id FROM subject)
GROUP BY former_id HAVING count(DISTINCT subject_id) = 1
ORDER BY former_id
"""

_PERSONS = """
WITH birth AS (
    SELECT subject_id, max(CAST(CAST(birth_date AS DATE) AS VARCHAR)) AS birth_date FROM worker GROUP BY subject_id
),
resume AS (
    SELECT subject_id, arg_max(text_sketch, {'time': time, 'event': event_id}) AS text_sketch
    FROM hiring_event WHERE text_sketch IS NOT NULL GROUP BY subject_id
)
SELECT s.subject_id, s.name, b.birth_date, r.text_sketch
FROM subject s LEFT JOIN birth b USING (subject_id) LEFT JOIN resume r USING (subject_id)
ORDER BY s.subject_id
"""
