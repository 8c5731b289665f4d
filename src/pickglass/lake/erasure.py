"""Erasing a person: what is known of them here goes, and nothing that is loaded later brings them back.

The steps, in this order, so that a crash in any of them leaves enough to do it again:

    suppress   keyed hashes of the person's accounts go to the suppression list
    store      cases, notes, verdicts, assessments, and mentions in those of others (the pipeline does that)
    originals  the bytes of every record of theirs, or that names them, go; the hashes stay
    rows       one batch takes their rows out of every table and their values out of the rows of others
    purge      past snapshots, replaced files and free pages go, now

Whose value is it? One that others state of themselves too (a flat, a namesake's name) is theirs as well, and stays.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from pickglass.errors import InputError, NotAllowed, NotFound
from pickglass.lake import load
from pickglass.lake.care import Carer, Changes, forget_past, rows_of, write_rows
from pickglass.lake.engine import connect, identifier, literal
from pickglass.lake.erasing import erase_records, erased_records
from pickglass.lake.mentions import ERASED_TEXT, Mentions, is_packed
from pickglass.lake.originals import Original, list_originals
from pickglass.lake.reading import open_lake
from pickglass.lake.session import Session
from pickglass.lake.snapshots import Part, parts
from pickglass.lake.suppression import suppression_keys
from pickglass.model.schema import Table, schema
from pickglass.settings import Settings, derived_key
from pickglass.store import Store, audit, keeping, ledger

# What people state of themselves: the kinds of values that name a person, by table.
_STATED = {
    "account": (
        ("worker", "account"), ("worker", "applicant_account"), ("worker", "work_mail"), ("worker", "user_name"),
        ("worker", "personal_mail"), ("hiring_event", "account"), ("hiring_event", "mail"), ("identifier", "account"),
    ),
    "phone": (("worker", "phone"),),
    "name": (("worker", "name"), ("worker", "preferred_name"), ("hiring_event", "name"), ("identifier", "name")),
}  # fmt: skip
_KINDS = {"account": ("mail", "recovery_mail", "account", "code_host"), "phone": ("phone",)}


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go: the person's events by table, the records behind them, and what names the person."""

    subject_id: str
    accounts: tuple[str, ...]
    mentions: Mentions
    events: Mapping[str, frozenset[str]]
    records: Mapping[str, frozenset[int]]
    hashes: frozenset[str]

    def document(
        self, settings: Settings, rows: Mapping[str, int], records: int, originals: int, *, erased: bool
    ) -> dict[str, Any]:
        """Say what went, or would go, without a value, and which files below home must be looked at by hand."""
        return {
            "version": 1,
            "subject": self.subject_id,
            "rows": {name: count for name, count in sorted(rows.items()) if count},
            "records": records,
            "originals": originals,
            "by_hand": files_by_hand(settings, self.mentions),
            "erased": erased,
        }


def find_subject(settings: Settings, store: Store, reference: str) -> str:
    """Name the subject that a reference means: its id, the beginning of it, or a vendor's own id.

    NotFound where nobody fits, InputError where several do.
    """
    with open_lake(settings, store) as session:
        return subject_of(session, reference)


def subject_of(session: Session, reference: str) -> str:
    """Name the subject that a reference means, in a lake that is open; as `find_subject` does."""
    rows = session.query(
        "SELECT DISTINCT subject_id FROM subject_account WHERE subject_id = upper($given) OR lower(account) = lower($given) "
        "OR lower(split_part(account, ':', 2)) = lower($given) OR (length($given) >= 6 AND starts_with(subject_id, upper($given)))",
        {"given": reference.strip()},
    ).to_pylist()
    found = sorted(row["subject_id"] for row in rows)
    if not found:
        raise NotFound("there is no such subject", "`pickglass assess --json` lists all of them", reference)
    if len(found) > 1:
        raise InputError(
            f"{reference} fits {len(found)} subjects", hint=f"give more of the id: {', '.join(found[:5])}"
        )
    return str(found[0])


def plan(carer: Carer, reference: str) -> Plan:
    """Find everything that an erasure of the subject would remove; NotAllowed under a legal hold."""
    with open_lake(carer.settings, carer.store) as session:
        subject_id = subject_of(session, reference)
        for hold in keeping.holds(carer.store):
            if hold.subject_id == subject_id:
                raise NotAllowed(
                    f"a legal hold forbids it, since {hold.placed:%Y-%m-%d} by {hold.placed_by}: {hold.reason}",
                    "`pickglass subject hold --release` ends it, once the matter allows",
                    subject_id,
                )
        accounts, events = _events_of(session, subject_id)
        return Plan(
            subject_id,
            tuple(accounts),
            _mentions(session, accounts),
            events,
            *_records(carer, session, events),
        )


def originals_of(carer: Carer, subject_id: str) -> set[str]:
    """Name the originals that hold a record of the subject, in any of its versions."""
    with open_lake(carer.settings, carer.store) as session:
        _, events = _events_of(session, subject_id)
        records, _ = _records(carer, session, events)
    return set(records)


def _events_of(session: Session, subject_id: str) -> tuple[list[str], dict[str, frozenset[str]]]:
    """List the subject's accounts, and its events by table; the accounts stay in the session as `erased_account`."""
    accounts = _column(
        session,
        "SELECT account FROM account_subject WHERE subject_id = $subject UNION "
        "SELECT lower(account) FROM subject_account WHERE subject_id = $subject",
        subject_id,
    )
    session.register("erased_account", pa.table({"account": pa.array(accounts, pa.string())}))
    events = {name: frozenset(_events(session, table, subject_id)) for name, table in schema().tables.items()}
    return accounts, {name: found for name, found in events.items() if found}


def _column(session: Session, sql: str, subject_id: str) -> list[str]:
    found = session.query(sql, {"subject": subject_id}).to_pydict()
    (values,) = found.values()
    return sorted({str(value) for value in values if value})


def _events(session: Session, table: Table, subject_id: str) -> list[str]:
    """List the events of a table that are the subject's; what views derive carries its row's id before a slash."""
    if table.name in ("rejects", "superseded", "intelligence"):
        return []
    known = identifier("known_" + table.name)
    queries = []
    if table.name != "attestation":
        queries.append(
            f"SELECT split_part(event_id, '/', 1) AS e FROM {identifier(table.name)} WHERE subject_id = $subject"
        )
    column = "sender" if table.name == "mail" else "account"
    queries.append(
        f"SELECT event_id AS e FROM {known} WHERE lower({column}) IN (SELECT account FROM erased_account)"
    )
    return _column(session, " UNION ".join(queries), subject_id)


def _mentions(session: Session, accounts: Sequence[str]) -> Mentions:
    """Collect what the subject states of itself and nobody else does."""
    found: dict[str, list[str]] = {}
    for kind, columns in _STATED.items():
        parts_of = [f"SELECT {column} AS value, account FROM known_{table}" for table, column in columns]
        if kind in _KINDS:
            kinds = ", ".join(literal(one) for one in _KINDS[kind])
            parts_of.append(f"SELECT value, account FROM known_identifier WHERE kind IN ({kinds})")
        rows = session.query(
            "SELECT any_value(value) AS value, lower(trim(value)) AS folded FROM "
            f"(SELECT value, lower(account) IN (SELECT account FROM erased_account) AS own FROM ({' UNION ALL '.join(parts_of)})) "
            "WHERE value IS NOT NULL GROUP BY folded HAVING bool_and(own)"
        ).to_pylist()
        found[kind] = [row["value"] for row in rows]
    return Mentions.of([*found["account"], *accounts], found["phone"], found["name"])


def _records(
    carer: Carer, session: Session, events: Mapping[str, frozenset[str]]
) -> tuple[dict[str, frozenset[int]], frozenset[str]]:
    """Name the records behind events by file and number, and their hashes; of every version, also of older ones."""
    current = carer.current()
    places: dict[str, set[int]] = {}
    hashes: set[str] = set()
    for name, ids in events.items():
        session.register("erased_event", pa.table({"event_id": pa.array(sorted(ids), pa.string())}))
        files = [part.path for part in parts(carer.tables, name, current[name])]
        rows = session.query(
            f"SELECT DISTINCT raw_file, raw_record, record_hash FROM {rows_of(name, files)} SEMI JOIN erased_event USING (event_id)"
        )
        for row in rows.to_pylist():
            places.setdefault(row["raw_file"], set()).add(row["raw_record"])
            hashes.add(row["record_hash"])
    return {raw_file: frozenset(numbers) for raw_file, numbers in places.items()}, frozenset(hashes)


def suppress(carer: Carer, planned: Plan) -> None:
    """Put the person's accounts on the suppression list."""
    key = derived_key(carer.settings, "identifiers")
    keeping.suppress(
        carer.store,
        planned.subject_id,
        suppression_keys(key, {*planned.accounts, *planned.mentions.accounts}),
    )
    load.step("suppressed")


def foretell(carer: Carer, planned: Plan) -> dict[str, Any]:
    """Count what `erase` would erase, and change nothing."""
    settings = carer.settings
    found = [len(numbers) for _, numbers, _ in _marked(carer, planned)]
    rows: Counter[str] = Counter()
    with closing(
        connect(settings.memory_limit, settings.threads, settings.workspace / "spill-erasure")
    ) as engine:
        _make_erased_event(engine, planned)
        for name, snapshot in carer.current().items():
            files = rows_of(name, [part.path for part in parts(carer.tables, name, snapshot)])
            rows[name] = engine.execute(
                f"SELECT count(*) FROM {files} WHERE event_id IN (SELECT event_id FROM erased_event)"
            ).fetchone()[0]
    return planned.document(settings, rows, sum(found), len(found), erased=False)


def erase(carer: Carer, planned: Plan) -> dict[str, Any]:
    """Erase original records, rows and files; what the operational store holds of the person is gone by now."""
    records, files = _erase_originals(carer, planned)
    rows = _erase_rows(carer, planned)
    purge(carer)
    return planned.document(carer.settings, rows, records, files, erased=True)


def purge(carer: Carer) -> None:
    """Remove, now, every file and free page that still holds what is out of force."""
    forget_past(carer, kept=0, days=0, grace=timedelta(0))
    keeping.forget_deleted(carer.store)


def files_by_hand(settings: Settings, mentions: Mentions) -> list[dict[str, str]]:
    """Name the files of a home's own sources that name the person, or cannot be searched: a sample is not ours to change."""
    found = []
    for path in sorted((settings.home / "sources").rglob("*")):
        if not path.is_file():
            continue
        if mentions.in_text(path.name) or mentions.in_file(path):
            found.append({"file": str(path), "why": "it names the person"})
        elif is_packed(path):
            found.append({"file": str(path), "why": "it is compressed, and was not searched"})
    return found


def _marked(carer: Carer, planned: Plan) -> Iterator[tuple[str, set[int], dict[str, Any]]]:
    """Find the originals that are not free of the person: the records to erase, and what the file may say of itself."""
    settings = carer.settings
    key = derived_key(settings, "originals")
    for raw_file in list_originals(settings.originals):
        with Original(settings.originals, raw_file, key) as original:
            numbers = set(planned.records.get(raw_file, ()))
            for number, raw in original.records():
                if hashlib.sha256(raw).hexdigest() in planned.hashes or planned.mentions.in_bytes(raw):
                    numbers.add(number)
            numbers -= erased_records(original)
            about = planned.mentions.redacted(dict(original.about))
            changed = about != original.about
        if numbers or changed:
            yield raw_file, numbers, about


def _erase_originals(carer: Carer, planned: Plan) -> tuple[int, int]:
    """Erase from all originals the records that are the person's or name them; return records and files."""
    settings = carer.settings
    key = derived_key(settings, "originals")
    records = files = 0
    for raw_file, numbers, about in _marked(carer, planned):
        records += erase_records(settings.originals, raw_file, key, numbers, about)
        files += 1
        load.step("original erased")
    ledger.rename_files(
        carer.store,
        {
            file.name: planned.mentions.redacted(file.name)
            for file in ledger.files_of(carer.store)
            if planned.mentions.in_text(file.name)
        },
    )
    return records, files


def _make_erased_event(connection: Any, planned: Plan) -> None:
    every = sorted({event for ids in planned.events.values() for event in ids})
    connection.register("given", pa.table({"event_id": pa.array(every, pa.string())}))
    connection.execute("CREATE TEMP TABLE erased_event AS SELECT * FROM given")
    connection.unregister("given")


def _erase_rows(carer: Carer, planned: Plan) -> Counter[str]:
    """Take the person's rows out of every table, and their values out of the rows of others; count by table."""
    batch = carer.begin()
    stage = carer.stage(batch)
    connection = carer.connect(stage)
    removed: dict[str, set[str]] = {}
    added: dict[str, list[Path]] = {}
    counts: Counter[str] = Counter()
    try:
        _make_erased_event(connection, planned)
        for name, snapshot in sorted(carer.current().items()):
            for month, listed in _affected(
                connection, name, parts(carer.tables, name, snapshot), planned
            ).items():
                paths = [part.path for part in listed]
                kept = _without(name, rows_of(name, paths), planned)
                before = sum(part.rows for part in listed)
                folder = carer.tables.data_folder(name, batch) / f"_month={month}"
                written = write_rows(connection, name, kept, folder)
                after = connection.execute(f"SELECT count(*) FROM {rows_of(name, written)}").fetchone()[0]
                counts[name] += before - after
                removed.setdefault(name, set()).update(paths)
                added.setdefault(name, []).extend(written)
            load.step(f"written {name}")
    finally:
        connection.close()
        shutil.rmtree(stage, ignore_errors=True)
    carer.publish(batch, Changes(removed, added))
    return counts


def _affected(connection: Any, name: str, listed: Iterable[Part], planned: Plan) -> dict[str, list[Part]]:
    """Find the files that hold a row of the person or a mention, by month."""
    by_month: dict[str, list[Part]] = {}
    for part in listed:
        told = _told(name, planned)
        found = connection.execute(
            f"SELECT 1 FROM {rows_of(name, [part.path])} WHERE event_id IN (SELECT event_id FROM erased_event) OR {told} LIMIT 1"
        ).fetchall()
        if found:
            by_month.setdefault(part.month, []).append(part)
    return by_month


def _texts(name: str) -> list[tuple[str, str]]:
    """List the columns that may name a person, with their types."""
    table = schema().tables[name]
    return [
        (column, table.columns[column].type)
        for column in table.own
        if table.columns[column].type in ("text", "texts")
    ]


def _told(name: str, planned: Plan) -> str:
    """Write the condition that some column names the person."""
    if not planned.mentions.pattern or not _texts(name):
        return "false"
    values = ", ".join(
        identifier(column) if kind == "text" else f"array_to_string({identifier(column)}, ' ')"
        for column, kind in _texts(name)
    )
    # A space on either side of each value, so that none runs into the next.
    return f"regexp_matches(concat_ws(' ', {values}), {literal(_pattern(name, planned))})"


def _pattern(name: str, planned: Plan) -> str:
    """Write the expression that finds the person in a table; rejects have their digits hidden."""
    pattern = planned.mentions.pattern
    if name != "rejects":
        return pattern
    mails = {re.sub(r"\d", "#", one) for one in planned.mentions.accounts if "@" in one}
    return "|".join([pattern, *(re.sub(r"([^\w#])", r"\\\1", one) for one in sorted(mails) if "#" in one)])


def _without(name: str, rows: str, planned: Plan) -> str:
    """Write the relation of the rows that stay, with the person's values taken out of them."""
    columns = []
    pattern = literal(_pattern(name, planned))
    changed = dict(_texts(name)) if planned.mentions.pattern else {}
    for column in schema().tables[name].columns:
        quoted, kind = identifier(column), changed.get(column)
        if kind == "text":
            columns.append(f"regexp_replace({quoted}, {pattern}, '{ERASED_TEXT}', 'g') AS {quoted}")
        elif kind == "texts":
            columns.append(
                f"list_transform({quoted}, lambda one: regexp_replace(one, {pattern}, '{ERASED_TEXT}', 'g')) AS {quoted}"
            )
        else:
            columns.append(quoted)
    return (
        f"(SELECT {', '.join(columns)} FROM {rows} WHERE event_id NOT IN (SELECT event_id FROM erased_event))"
    )


def refuse_a_name_in(reason: str, planned: Plan) -> None:
    """Refuse a reason that names the person: the audit log is never erased."""
    if not reason.strip():
        raise InputError("an erasure needs a reason", "name the request that it answers", planned.subject_id)
    if planned.mentions.in_text(reason):
        raise InputError(
            "the reason names the person, and the audit log is never erased",
            "name the request by its number",
            planned.subject_id,
        )


def audit_mentions(store: Store, planned: Plan) -> int:
    """Count the entries of the audit log that name the person in what somebody typed; they cannot be changed."""
    return sum(planned.mentions.in_text(f"{entry.reason} {entry.details}") for entry in audit.entries(store))
