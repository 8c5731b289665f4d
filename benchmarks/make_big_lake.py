"""Fill a home with a big company's lake: its tables as many small loads and compaction would have left them.

Run: .venv/bin/python benchmarks/make_big_lake.py HOME [--events 50000000] [--workers 10000]
     .venv/bin/python benchmarks/make_big_lake.py HOME --day      one more day on top, as one more load

The rows are made by DuckDB in SQL, month by month, and enter through the tables and the ledger as those of a load do; only
the reading of exports is left out. Workers, places, devices and events are invented by a fixed formula: the same arguments
make the same rows. Most of it is boring, as in real companies: a few hundred programs, a few thousand domains, one or two
addresses of a home, and some offices.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pickglass import __version__
from pickglass.lake.engine import connect, identifier, literal, reference_path
from pickglass.lake.snapshots import fingerprints
from pickglass.lake.tables import Tables
from pickglass.model.schema import schema
from pickglass.settings import load_settings, secret_key
from pickglass.store import ledger, open_store

FIRST_DAY, DAYS = date(2025, 3, 1), 365
HIRED_WITHIN = 3 * 365  # days before the end

# Of every million events, how many are of which table.
SHARES = {
    "signin": 390_000, "network": 235_000, "process": 157_000, "data_access": 98_000, "file_activity": 59_000,
    "meeting": 20_000, "mail": 20_000, "device_state": 12_000, "peripheral": 7_000, "ticket": 2_000,
}  # fmt: skip

WORKERS = """
CREATE TABLE worker_fact AS
SELECT n, 'workday:E' || lpad(CAST(n AS VARCHAR), 6, '0') AS account, 'greenhouse:' || (700000 + n) AS applicant,
       'w' || n || '@big.example' AS mail, 'private' || n || '@mail.example' AS private_mail,
       'Given' || (CAST(hash(n, 'g') >> 2 AS BIGINT) % 900) || ' Family' || (CAST(hash(n, 'f') >> 2 AS BIGINT) % 4000) AS name,
       $end::DATE - CAST((n * $hired / $workers) AS INTEGER) AS hire, CAST(hash(n, 'x') >> 2 AS BIGINT) % 100 < 4 AS left_company,
       'device-' || n AS device_id, 'host-' || n AS device_name, 'SN' || lpad(CAST(n AS VARCHAR), 8, '0') AS serial,
       '10.' || (n // 65536) || '.' || ((n // 256) % 256) || '.' || (n % 256) AS home_ip,
       ['Engineer', 'Analyst', 'Designer', 'Support', 'Sales', 'Finance'][1 + CAST(hash(n, 'r') >> 2 AS BIGINT) % 6] AS role,
       'D' || (CAST(hash(n, 'd') >> 2 AS BIGINT) % 60) AS department, CAST(hash(n, 'm') >> 2 AS BIGINT) % 10 < 7 AS remote, CAST(hash(n, 'k') >> 2 AS BIGINT) % 10 = 0 AS contractor,
       p.city, p.region, p.country, p.latitude, p.longitude, p.time_zone, 7000 + CAST(hash(n, 'a') >> 2 AS BIGINT) % 40 AS asn
FROM range($workers) t(n)
JOIN (SELECT row_number() OVER (ORDER BY city, region, latitude) - 1 AS place, city, region, country,
             CAST(latitude AS DOUBLE) AS latitude, CAST(longitude AS DOUBLE) AS longitude, time_zone, count(*) OVER () AS places
      FROM reference_place WHERE city <> '' AND country = 'US') p ON p.place = CAST(hash(n, 'p') >> 2 AS BIGINT) % p.places
"""

# ruff: noqa: E501 - a column a line reads best

# What the records of each table say; `i` numbers the rows, `h` is a number drawn for the row, `w` the worker, `t` the time.
COLUMNS: dict[str, dict[str, str]] = {
    "signin": {
        "account": "w.mail",
        "activity": "CASE WHEN h % 100 < 20 THEN 'signin' WHEN h % 100 < 55 THEN 'app' WHEN h % 100 < 80 THEN 'token' "
        "WHEN h % 100 < 90 THEN 'session' WHEN h % 100 < 98 THEN 'mfa' ELSE 'signout' END",
        "outcome": "CASE WHEN (h >> 8) % 50 = 0 THEN 'failure' ELSE 'success' END",
        "session_id": "CASE WHEN h % 10 < 7 THEN substr(md5(concat_ws('|', w.n, CAST(t AS DATE))), 1, 16) END",
        "app": "CASE WHEN h % 100 BETWEEN 20 AND 79 THEN 'App ' || ((h >> 16) % 60) END",
        "interactive": "h % 100 NOT BETWEEN 55 AND 79",
        "device_id": "CASE WHEN (h >> 24) % 10 < 8 THEN w.device_id END",
        "device_name": "CASE WHEN (h >> 24) % 10 < 8 THEN w.device_name END",
        "device_managed": "(h >> 24) % 10 < 8",
        "os_name": "CASE WHEN (h >> 24) % 10 < 8 THEN 'Windows' ELSE 'iOS' END",
        "browser": "'Edge'",
        "user_agent": "CASE WHEN (h >> 24) % 10 < 8 THEN 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Edg/' || (120 + month(t)) "
        "ELSE 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_' || (w.n % 6) || ' like Mac OS X)' END",
        "src_ip": "CASE WHEN p < 75 THEN w.home_ip WHEN p < 90 THEN '192.0.2.' || (w.n % 20) WHEN p < 97 THEN '198.51.100.' || (w.n % 4) "
        "ELSE '203.0.113.' || (h % 256) END",
        "asn": "CASE WHEN p < 75 THEN w.asn WHEN p < 97 THEN 64500 ELSE 64501 + h % 9 END",
        "as_org": "CASE WHEN p < 75 THEN 'Home Net ' || w.asn WHEN p < 97 THEN 'Big Example' ELSE 'Mobile ' || (h % 9) END",
        "anonymous": "false",
        "city": "w.city",
        "region": "CASE WHEN p < 97 THEN w.region ELSE 'NV' END",
        "country": "w.country",
        "latitude": "w.latitude + (h % 100) / 500.0",
        "longitude": "w.longitude + (h % 90) / 500.0",
        "factor": "CASE WHEN h % 100 BETWEEN 90 AND 97 THEN 'push' END",
        "mfa_device": "CASE WHEN h % 100 BETWEEN 90 AND 97 THEN 'phone-' || w.n END",
        "mfa_ip": "CASE WHEN h % 100 BETWEEN 90 AND 97 THEN w.home_ip END",
    },
    "network": {
        "account": "CASE WHEN h % 10 < 6 THEN w.mail END",
        "device_id": "w.device_id",
        "device_name": "w.device_name",
        "activity": "CASE WHEN h % 10 < 6 THEN 'connection' ELSE 'dns' END",
        "process_name": "CASE WHEN h % 10 < 6 THEN CASE WHEN (h >> 10) % 10 < 7 THEN 'msedge.exe' ELSE 'prog' || ((h >> 14) % 200) || '.exe' END END",
        "src_ip": "w.home_ip",
        "dst_ip": "'198.18.' || ((h >> 20) % 200) || '.' || ((h >> 30) % 256)",
        "dst_port": "443",
        "domain": "CASE WHEN rare THEN ['anydesk.com', 'relay.rustdesk.com', 'whatismyipaddress.com', 'wetransfer.com'][1 + h % 4] "
        "ELSE 'site' || CAST(floor(power(((h >> 12) % 10000) / 10000.0, 3) * 5000) AS INTEGER) || '.example' END",
        "protocol": "'tcp'",
        "bytes_out": "(h >> 8) % 100000",
        "bytes_in": "(h >> 9) % 1000000",
        "app": "CASE WHEN h % 4 = 0 THEN 'ssl' END",
    },
    "process": {
        "account": "CASE WHEN h % 10 < 8 THEN w.mail END",
        "device_id": "w.device_id",
        "device_name": "w.device_name",
        "activity": "CASE WHEN h % 50 = 0 THEN 'installed' WHEN h % 50 = 1 THEN 'service' ELSE 'start' END",
        "process_name": "CASE WHEN rare THEN ['anydesk.exe', 'caffeine64.exe', 'rustdesk.exe', 'obs64.exe'][1 + h % 4] ELSE 'prog' || q || '.exe' END",
        "process_path": "'c:\\program files\\maker ' || (q % 90)",
        "cmd_line": "CASE WHEN h % 50 > 1 THEN 'prog' || q || '.exe --profile ' || ((h >> 8) % 200) || ' --type=renderer --channel=' || ((h >> 20) % 500) END",
        "parent_name": "['explorer.exe', 'svchost.exe', 'cmd.exe', 'code.exe'][1 + (h >> 30) % 4]",
        "product": "'Program ' || q",
        "publisher": "'Maker ' || (q % 90)",
        "original_name": "'prog' || q || '.exe'",
        "sha256": "sha256('prog' || q)",
    },
    "data_access": {
        "account": "w.mail",
        "activity": "['view', 'view', 'view', 'edit', 'download', 'clone', 'fetch', 'push', 'share', 'create'][1 + h % 10]",
        "service": "['drive', 'github', 'wiki', 'drive', 'secrets', 'github', 'github', 'github', 'drive', 'wiki'][1 + h % 10]",
        "resource": "'big/resource-' || CAST(floor(power(((h >> 12) % 100000) / 100000.0, 2) * 40000) AS INTEGER)",
        "resource_name": "'Paper ' || ((h >> 12) % 50000) || '.docx'",
        "resource_owner": "'w' || ((h >> 20) % 10000) || '@big.example'",
        "bytes": "(h >> 8) % 5000000",
        "external": "h % 997 = 0",
        "src_ip": "w.home_ip",
        "user_agent": "'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'",
        "country": "w.country",
    },
    "file_activity": {
        "account": "CASE WHEN h % 10 < 8 THEN w.mail END",
        "device_id": "w.device_id",
        "device_name": "w.device_name",
        "activity": "['created', 'read', 'modified', 'modified', 'renamed', 'deleted', 'created', 'modified', 'copied', 'archived'][1 + h % 10]",
        "file_name": "'paper-' || ((h >> 10) % 500000) || '.docx'",
        "file_path": "'c:\\users\\w' || w.n || '\\documents\\' || ((h >> 30) % 30)",
        "bytes": "(h >> 8) % 5000000",
        "volume": "CASE WHEN h % 500 = 0 THEN 'removable' ELSE 'local' END",
        "process_name": "'prog' || (h % 300) || '.exe'",
    },
    "meeting": {
        "account": "w.mail",
        "meeting_id": "'m' || CAST(t AS DATE) || '-' || ((h >> 8) % 900)",
        "participant": "w.name",
        "leave_time": "t + INTERVAL 40 MINUTE",
        "minutes": "40",
        "video_minutes": "CASE WHEN h % 10 < 7 THEN 35 ELSE 0 END",
        "share_minutes": "0",
        "device": "'Desktop client'",
        "device_name": "w.device_name",
        "os_name": "'Windows'",
        "camera_name": "'Integrated Camera'",
        "microphone_name": "'Microphone Array'",
        "network_kind": "'Wi-Fi'",
        "src_ip": "CASE WHEN p < 80 THEN w.home_ip ELSE '192.0.2.' || (w.n % 20) END",
        "city": "w.city",
        "region": "w.region",
        "country": "w.country",
        "latency_ms": "30 + h % 60",
        "purpose": "'meeting'",
    },
    "mail": {
        "message_id": "'<' || i || '@big.example>'",
        "direction": "CASE WHEN h % 4 = 0 THEN 'inbound' ELSE 'internal' END",
        "sender": "CASE WHEN h % 4 = 0 THEN 'someone' || ((h >> 8) % 30000) || '@partner.example' ELSE w.mail END",
        "sender_domain": "CASE WHEN h % 4 = 0 THEN 'partner.example' ELSE 'big.example' END",
        "recipients": "['w' || ((h >> 20) % 10000) || '@big.example']",
        "subject_line": "'About ' || ((h >> 9) % 100000)",
        "attachment_names": "CASE WHEN h % 8 = 0 THEN ['paper-' || ((h >> 10) % 500000) || '.docx'] END",
        "share_link": "false",
    },
    "device_state": {
        "account": "w.mail",
        "activity": "CASE WHEN h % 200 = 0 THEN 'inventory' ELSE 'checkin' END",
        "device_serial": "w.serial",
        "device_id": "w.device_id",
        "device_name": "w.device_name",
        "manufacturer": "'Maker'",
        "model": "'Book ' || (w.n % 7)",
        "os_name": "'Windows'",
        "os_version": "'10.0.' || (22000 + month(t))",
        "managed": "true",
        "compliant": "true",
        "corporate": "true",
        "src_ip": "CASE WHEN p < 80 THEN w.home_ip ELSE '192.0.2.' || (w.n % 20) END",
        "gateway_mac": "'02:00:00:' || lpad(hex(w.n // 256), 4, '0') || ':' || hex(w.n % 256)",
        "latitude": "w.latitude",
        "longitude": "w.longitude",
        "accuracy_m": "50",
        "city": "w.city",
        "region": "w.region",
        "country": "w.country",
        "time_zone": "w.time_zone",
        "location_enabled": "true",
    },
    "peripheral": {
        "account": "w.mail",
        "device_id": "w.device_id",
        "device_name": "w.device_name",
        "activity": "'connected'",
        "vendor_id": "['046d', '045e', '0bda', '413c'][1 + h % 4]",
        "product_id": "lpad(hex((h >> 8) % 60), 4, '0')",
        "usb_serial": "'U' || (w.n * 10 + h % 4)",
        "class_name": "['keyboard', 'mouse', 'camera', 'hidclass'][1 + h % 4]",
        "description": "'USB device ' || ((h >> 8) % 60)",
        "manufacturer": "'Maker ' || (h % 4)",
    },
    "ticket": {
        "account": "w.mail",
        "ticket_id": "'T' || i",
        "activity": "'opened'",
        "category": "CASE WHEN h % 5 = 0 THEN 'access' ELSE 'other' END",
    },
}  # fmt: skip

# Rows that do not come by the million: what the personnel, recruiting, shipping and pay systems say of each worker.
STATED: dict[str, list[dict[str, str]]] = {
    "worker": [{
        "time": "CAST(CAST($first::DATE - 30 * CAST(k - 1 AS INTEGER) + 330 AS VARCHAR) || ' 00:00:00Z' AS TIMESTAMPTZ)", "copies": "12",
        "account": "w.account", "applicant_account": "w.applicant", "kind": "CASE WHEN w.contractor THEN 'contractor' ELSE 'employee' END",
        "status": "CASE WHEN w.left_company AND k <= 2 THEN 'terminated' ELSE 'active' END", "roster_scope": "'all'", "name": "w.name",
        "work_mail": "w.mail", "user_name": "w.mail", "personal_mail": "w.private_mail", "phone": "'+1202555' || lpad(CAST(w.n AS VARCHAR), 6, '0')",
        "address_key": "w.n || ' street|' || lower(w.city)", "city": "w.city", "region": "w.region", "country": "w.country",
        "work_city": "w.city", "work_region": "w.region", "work_country": "w.country", "work_time_zone": "w.time_zone", "remote": "w.remote",
        "department": "w.department", "role": "w.role", "manager_account": "'workday:E' || lpad(CAST(w.n // 12 AS VARCHAR), 6, '0')",
        "hire_date": "CAST(CAST(w.hire AS VARCHAR) || ' 00:00:00Z' AS TIMESTAMPTZ)",
        "termination_date": "CASE WHEN w.left_company AND k <= 2 THEN CAST(CAST($end::DATE - 40 AS VARCHAR) || ' 00:00:00Z' AS TIMESTAMPTZ) END",
        "if": "w.hire <= $first::DATE - 30 * CAST(k - 1 AS INTEGER) + 330",
    }],
    "identifier": [{
        "time": "CAST(CAST(w.hire - 40 AS VARCHAR) || ' 09:00:00Z' AS TIMESTAMPTZ)", "copies": "2", "account": "w.applicant",
        "kind": "CASE WHEN k = 1 THEN 'mail' ELSE 'phone' END",
        "value": "CASE WHEN k = 1 THEN w.private_mail ELSE '+1202555' || lpad(CAST(w.n AS VARCHAR), 6, '0') END", "name": "w.name",
    }],
    "hiring_event": [{
        "time": "CAST(CAST(w.hire - 40 + CAST(k AS INTEGER) * 5 AS VARCHAR) || ' 09:00:00Z' AS TIMESTAMPTZ)", "copies": "5", "account": "w.applicant",
        "activity": "['applied', 'interview', 'interview', 'identity_check', 'offer_accepted'][k]", "name": "w.name", "mail": "w.private_mail",
        "job": "w.role", "outcome": "'completed'", "medium": "CASE WHEN k IN (2, 3) THEN 'video' END", "src_ip": "w.home_ip", "region": "w.region",
        "country": "w.country", "document_hash": "CASE WHEN k = 4 THEN sha256('doc' || w.n) END", "document_last": "CASE WHEN k = 4 THEN '12' END",
    }],
    "shipment_event": [{
        "time": "CAST(CAST(w.hire - 9 + CAST(k AS INTEGER) * 2 AS VARCHAR) || ' 12:00:00Z' AS TIMESTAMPTZ)", "copies": "4",
        "account": "CASE WHEN k = 1 THEN w.account END",
        "activity": "['ordered', 'dispatched', 'delivered', 'signed'][k]", "shipment_id": "'S' || w.n", "tracking_number": "'1Z' || w.n",
        "recipient": "w.name", "signed_by": "CASE WHEN k = 4 THEN w.name END", "address_key": "w.n || ' street|' || lower(w.city)", "city": "w.city",
        "region": "w.region", "country": "w.country", "place_kind": "'residence'", "device_serial": "w.serial",
    }],
    "payroll_event": [{
        "time": "CAST(CAST($first::DATE + 30 * CAST(k AS INTEGER) - 20 AS VARCHAR) || ' 12:00:00Z' AS TIMESTAMPTZ)", "copies": "12",
        "account": "w.account", "activity": "'payment'", "bank_hash": "sha256('bank' || w.n)", "bank_last": "'77'", "institution": "'Bank of Example'",
        "owner_name": "w.name", "amount": "5000", "currency": "'USD'", "if": "w.hire <= $first::DATE + 30 * CAST(k AS INTEGER) - 20",
    }],
    "device_state": [{
        "time": "CAST(CAST(w.hire AS VARCHAR) || ' 15:00:00Z' AS TIMESTAMPTZ)", "copies": "1", "account": "w.mail", "activity": "'enrolled'",
        "device_serial": "w.serial", "device_id": "w.device_id", "device_name": "w.device_name", "os_name": "'Windows'", "managed": "true",
        "corporate": "true", "src_ip": "w.home_ip",
    }],
}  # fmt: skip


def main() -> None:
    """Make the lake, or put one more day on top of it."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("home", type=Path)
    options.add_argument("--events", type=int, default=50_000_000)
    options.add_argument("--workers", type=int, default=10_000)
    options.add_argument("--day", action="store_true", help="one more day on top")
    options.add_argument("--late", action="store_true", help="with --day: some rows are of two months before")
    given = options.parse_args()
    about = given.home / "big-lake.json"
    if given.day:
        made = json.loads(about.read_text())
        start = date.fromisoformat(made["until"])
        spans = [(start, 1)]
    else:
        made = {"events": given.events, "workers": given.workers}
        start, spans = FIRST_DAY, _months()
    started = time.monotonic()
    make(given.home, made["events"], made["workers"], spans, stated=not given.day, late=given.late)
    made["until"] = (spans[-1][0] + timedelta(spans[-1][1])).isoformat()
    about.write_text(json.dumps(made))
    print(f"{time.monotonic() - started:.0f} s")


def _months() -> list[tuple[date, int]]:
    """List the first day and the number of days of each month within the time of the lake."""
    spans, day = [], FIRST_DAY
    while day < FIRST_DAY + timedelta(DAYS):
        after = (day.replace(day=1) + timedelta(32)).replace(day=1)
        until = min(after, FIRST_DAY + timedelta(DAYS))
        spans.append((day, (until - day).days))
        day = until
    return spans


def make(
    home: Path, events: int, workers: int, spans: list[tuple[date, int]], *, stated: bool, late: bool
) -> None:
    """Write the rows of the given spans as one batch, and put it in force."""
    settings = load_settings(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret_key(settings)
    settings.workspace.mkdir(parents=True, exist_ok=True)
    tables = Tables(settings.catalog_uri, Path(settings.warehouse))
    connection = connect("3GB", 2, settings.workspace)
    bound = {
        "$end": literal(str(FIRST_DAY + timedelta(DAYS))),
        "$first": literal(str(FIRST_DAY)),
        "$workers": str(workers),
        "$hired": str(HIRED_WITHIN),
    }
    connection.execute(
        f"CREATE TABLE reference_place AS SELECT * FROM read_csv({literal(str(reference_path('place')))}, header = true, all_varchar = true, nullstr = '\\N')"
    )
    connection.execute(_bound(WORKERS, bound))
    with open_store(settings) as store:
        load_id = ledger.begin_load(store, __version__)
        batch = ledger.begin_batch(store, load_id)
        for name in COLUMNS:
            for first, days in spans:
                count = round(events * SHARES[name] / 1_000_000 * days / DAYS)
                _write_events(connection, tables, name, batch, first, days, count)
            if late:
                count = round(events * SHARES[name] / 1_000_000 / DAYS / 10)
                _write_events(connection, tables, name, batch, spans[0][0] - timedelta(60), 1, count)
        if stated:
            for name, several in STATED.items():
                for number, one in enumerate(several):
                    _write_stated(connection, tables, name, batch, number, one, bound)
        _publish(tables, store, batch)
        ledger.finish_load(store, load_id)
    connection.close()
    tables.close()


def _bound(sql: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        sql = sql.replace(name, value)
    return sql


def _write_events(
    connection: Any,
    tables: Tables,
    name: str,
    batch: int,
    first: date,
    days: int,
    count: int,
) -> None:
    """Write one month of one table: each row a worker who was hired by then, at some second of a working day."""
    seed = literal(f"{name} {first} {batch}")
    given = {
        **COLUMNS[name],
        "time": "t",
        "known": "t + INTERVAL 10 MINUTE",
        "time_precision": "'instant'",
        "source": literal("big_" + name),
    }
    rows = (
        f"SELECT r.i, r.h, r.h % 100 AS p, r.h % 1009 = 0 AND w.n % 50 = 0 AS rare, CAST(floor(power(((r.h >> 12) % 10000) / 10000.0, 3) * 400) AS INTEGER) AS q, "
        f"TIMESTAMPTZ '{first} 00:00:00Z' + INTERVAL 1 SECOND * (86400 * (r.day + CASE WHEN isodow(DATE '{first}' + r.day) = 7 AND r.h % 8 < 7 "
        f"AND {days} > 7 THEN (CASE WHEN r.day >= 2 THEN -2 ELSE 1 END) ELSE 0 END) + 46800 + (r.h >> 33) % 36000) AS t, w "
        f"FROM (SELECT i, CAST(hash(i, {seed}) >> 2 AS BIGINT) AS h, CAST((hash(i, {seed}, 'day') >> 2) % {days} AS INTEGER) AS day, "
        f"CAST((hash(i, {seed}, 'who') >> 2) % (SELECT count(*) FROM staff) AS BIGINT) AS who FROM range({count}) t(i)) r "
        "JOIN staff w ON w.place = r.who"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE staff AS SELECT *, row_number() OVER (ORDER BY n) - 1 AS place FROM worker_fact WHERE hire <= DATE '{first}'"
    )
    _copy(connection, tables, name, batch, f"{first:%Y-%m-%d}", given, rows, seed)


def _write_stated(
    connection: Any,
    tables: Tables,
    name: str,
    batch: int,
    number: int,
    given: dict[str, str],
    bound: dict[str, str],
) -> None:
    """Write what a system states of each worker, some copies of it at different times."""
    values = {
        column: _bound(value, bound) for column, value in given.items() if column not in ("copies", "if")
    }
    values |= {"known": values["time"], "time_precision": "'instant'", "source": literal("big_" + name)}
    rows = f"SELECT w.n * 100 + k AS i, k, w FROM worker_fact w, range(1, {given['copies']} + 1) c(k) WHERE {_bound(given.get('if', 'true'), bound)}"
    _copy(
        connection, tables, name, batch, f"stated-{number}", values, rows, literal(f"{name} stated {number}")
    )


def _copy(
    connection: Any,
    tables: Tables,
    name: str,
    batch: int,
    part: str,
    given: dict[str, str],
    rows: str,
    seed: str,
) -> None:
    tables.ensure(name)
    folder = tables.data_folder(name, batch) / part
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        **given, "event_id": f"substr(md5(concat({seed}, i)), 1, 24)", "raw_file": f"sha256({seed})", "raw_record": "i + 1",
        "record_hash": f"sha256(concat({seed}, i))", "mapping_version": "'1'", "load_id": "1",
    }  # fmt: skip
    columns = ", ".join(
        f"CAST({values.get(column.name, 'NULL')} AS {column.duckdb_type}) AS {identifier(column.name)}"
        for column in schema().tables[name].columns.values()
    )
    order = "account, time" if schema().tables[name].has_account else "time"
    connection.execute(
        f"COPY (SELECT *, strftime(time, '%Y-%m') AS _month FROM (SELECT {columns} FROM ({rows})) ORDER BY {order}) TO {literal(str(folder))} "
        "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (_month), FILENAME_PATTERN 'part-{uuid}', OVERWRITE_OR_IGNORE true)"
    )


def _publish(tables: Tables, store: Any, batch: int) -> None:
    current = ledger.current_snapshots(store)
    written = {
        name: sorted(tables.data_folder(name, batch).rglob("*.parquet"))
        for name in (*COLUMNS, *STATED)
        if tables.data_folder(name, batch).exists()
    }
    snapshots = {
        name: tables.write_branch(name, batch, current.get(name), paths) for name, paths in written.items()
    }
    ledger.publish(
        store, batch, snapshots, based_on=current, data_files=fingerprints(written, tables, snapshots)
    )
    for name, snapshot in snapshots.items():
        tables.set_main(name, snapshot)


if __name__ == "__main__":
    main()
