"""Rollups: what a session makes of the big tables, kept below HOME/rollups so that only new files are read again.

A table's month is kept in pieces. A piece is made from some of the month's data files, which never change, and holds:

    facts.parquet      what the files alone tell: accounts, devices and who used them, addresses
    <who>/rows         the rows with the subject they belong to, without what only proves where a row is from
    <who>/coverage     for each subject the days on which it has rows
    <who>/things       what the subject was seen with, see `shared_thing`
    <who>/sources      from which addresses, networks and clients it signed in, see `signin_source`

`<who>` names what of the company's identities the piece depends on: the subjects of its accounts and devices, the places
that they claim, and what address databases say of its addresses. Where any of that changes the piece is made again.

A piece counts only if all of its files are still the table's, and the same of its rows are superseded. So whatever
rewrites the lake (late events, erasure, expiry, a new mapping, compaction) only has to write other files. Of a piece that
holds rows which became known after the moment of the session, a private one is made that ends with the session.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, groupby
from pathlib import Path
from typing import Any

from pickglass.lake.engine import identifier, literal
from pickglass.lake.snapshots import Part

ROLLUPS = "rollups"  # the folder below home
FORM = 2  # of what a piece holds; another number makes all pieces anew
LEAST_ROWS = 200_000  # a smaller table is read as a whole
MOST_PIECES = 6  # of a month; beyond that, all but the biggest are made one
_END = b"PAR1"  # of a Parquet file
UNUSED_SECONDS = 24 * 3600  # a piece that no session needs stays for one that may be reading it


@dataclass(frozen=True, slots=True)
class Keys:
    """Which columns of a table name devices, and which addresses."""

    devices: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


# The tables that grow with every day.
ROLLED: Mapping[str, Keys] = {
    "signin": Keys(addresses=("src_ip", "mfa_ip")),
    "network": Keys(devices=("device_id", "device_name")),
    "process": Keys(devices=("device_id", "device_name")),
    "data_access": Keys(addresses=("src_ip",)),
    "file_activity": Keys(devices=("device_id", "device_name")),
    "meeting": Keys(addresses=("src_ip",)),
    "device_state": Keys(devices=("device_id", "device_name", "device_serial"), addresses=("src_ip",)),
    "peripheral": Keys(devices=("device_id", "device_name")),
}
HOLDERS = ("device_state", "process")  # whose rows tell who used a device

# What proves where a row is from stays in the lake: no question is asked of it.
PROOF = ("raw_file", "raw_record", "record_hash", "mapping_version", "load_id", "revision")

# Who sat at a device. A log of logons names the computer that was logged on to: of a file server, a domain controller or a
# build machine, which many reach from elsewhere, that is nobody's own.
OWN_DEVICE = (
    "outcome = 'success' AND NOT regexp_matches(lower(coalesce(app, '')), "
    "'(network logon|remote desktop|remote shell|remote logon|other credentials)$')"
)

THINGS: Mapping[str, Sequence[tuple[str, str, str]]] = {  # table → kind, value, which rows
    "signin": (
        ("egress", "src_ip", "outcome = 'success' AND activity IN ('signin', 'session', 'app', 'token')"),
        ("device", "device_id", OWN_DEVICE),
        ("mfa_device", "mfa_device", "outcome = 'success'"),
    ),
    "device_state": (
        ("egress", "src_ip", "true"),
        ("gateway", "lower(gateway_mac)", "true"),
        ("gateway", "lower(wifi_bssid)", "true"),
    ),
}
SOURCE = ("subject_id", "src_ip", "asn", "as_org", "tunnel_operator", "os_name", "user_agent")

_MONTH = "CAST(date_trunc('month', time) AS DATE) AS month"
_DAYS = "bit_or(1 << (day(time) - 1)) AS days"  # a bit for each day of the month
EVIDENCE = 5  # events that prove a thing
# A version that only its load dates tells nothing of how long the company looked.
LATEST = "CASE WHEN starts_with(revision, 'given:') THEN least(known, time) ELSE known END"

Known = Callable[[str, Sequence[str], bool], str]  # table, files, cut → the question for its rows


def coverage_sql(rows: str) -> str:
    """Write the question on which days of which month each subject has rows."""
    return f"SELECT subject_id, {_MONTH}, {_DAYS}, min(time) AS first_time, max(time) AS last_time FROM {rows} GROUP BY ALL"


def things_sql(name: str, rows: str) -> str:
    """Write the question which things of a table each subject was seen with, month by month."""
    every = " UNION ALL ".join(
        f"SELECT {literal(kind)} AS kind, {value} AS value, subject_id, time, event_id FROM {rows} WHERE {value} <> '' AND {which}"
        for kind, value, which in THINGS.get(name, ())
    )
    return (
        f"SELECT kind, value, subject_id, {_MONTH}, {_DAYS}, min(time) AS first_time, max(time) AS last_time, "
        f"min({{'time': time, 'event_id': event_id}}, {EVIDENCE}) AS events FROM ({every}) GROUP BY ALL"
    )


def sources_sql(rows: str) -> str:
    """Write the question from which addresses, networks and clients each subject signed in."""
    return f"SELECT DISTINCT {', '.join(SOURCE)} FROM {rows}"


def device_run_sql(name: str, rows: str) -> str:
    """Write the question who used each device: the first and the last row of each stretch of one account.

    Of several accounts at one moment all stay, because whose they are is told later.
    """
    keys = ", ".join(_device_keys(name))
    return (
        f"SELECT device, account, time FROM (SELECT unnest([{keys}]) AS device, lower(account) AS account, time FROM {rows} "
        "WHERE account IS NOT NULL) WHERE device <> '' WINDOW by_time AS (PARTITION BY device ORDER BY time, account) "
        "QUALIFY account IS DISTINCT FROM lag(account) OVER by_time OR account IS DISTINCT FROM lead(account) OVER by_time "
        "OR time = lag(time) OVER by_time OR time = lead(time) OVER by_time"
    )


def device_row_sql(name: str, rows: str) -> str:
    """Write the question which account used each device, row by row."""
    # Key by key and not unnested, so that an engine which looks for few devices skips the rows of all others.
    return " UNION ALL ".join(
        f"SELECT {key} AS device, lower(account) AS account, time FROM {rows} WHERE account IS NOT NULL AND {key} <> ''"
        for key in _device_keys(name)
    )


def _files(name: str) -> tuple[str, ...]:
    """Name what is made of a table's rows with their subjects."""
    return (
        "rows",
        "coverage",
        *(("things",) if name in THINGS else ()),
        *(("sources",) if name == "signin" else ()),
    )


def _device_keys(name: str) -> list[str]:
    return [f"lower({key})" if key == "device_name" else key for key in ROLLED[name].devices]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some files of one table's month and what was made of them."""

    number: int
    table: str
    folder: Path
    files: tuple[str, ...]
    cut: bool  # only the rows that were known at the session's moment


@dataclass(frozen=True, slots=True)
class Rolling:
    """Where rollups are kept, and the files of the tables that they are made from."""

    folder: Path
    private: Path  # for pieces that end with the session
    parts: Mapping[str, Sequence[Part]]


@dataclass(frozen=True, slots=True)
class Rollups:
    """The pieces of one session, and what is read in their place of tables that have none."""

    connection: Any
    known: Known
    pieces: Mapping[str, Sequence[Piece]]
    made: dict[str, dict[str, list[Path]]]  # table → files of its rows, coverage, things and sources

    @staticmethod
    def choose(connection: Any, rolling: Rolling | None, known: Known, as_of: datetime | None) -> Rollups:
        """Choose the pieces that cover the files of the big tables, and make those that are missing.

        Reads `hidden_row`. `known` writes the question for a table's rows in some files. With `as_of`, rows that became
        known later do not count.
        """
        big = {
            name: parts
            for name, parts in (rolling.parts if rolling else {}).items()
            if name in ROLLED and sum(part.rows for part in parts) >= LEAST_ROWS
        }
        if rolling is None or not big:
            if rolling is not None:
                _sweep(rolling.folder, set())
            return Rollups(connection, known, {}, {})
        maker = _Maker(connection, known, _hidden_by_file(connection))
        place = rolling.folder if _is_writable(rolling.folder) else rolling.private
        number = count(1)
        pieces: dict[str, list[Piece]] = {}
        used: set[Path] = set()
        for name, parts in big.items():
            pieces[name] = []
            for month, files in groupby(sorted(parts, key=lambda part: part.month), lambda part: part.month):
                for made, about in maker.pieces(name, place / name / month, list(files)):
                    used.add(made)
                    cut = as_of is not None and _moment(about["known_last"]) > as_of
                    if cut and as_of is not None and _moment(about["known_first"]) > as_of:
                        continue
                    folder = made
                    if cut:
                        folder = maker.make(name, rolling.private / name / month, about["files"], cut=True)
                    pieces[name].append(Piece(next(number), name, folder, tuple(about["files"]), cut))
        _sweep(rolling.folder, used)
        return Rollups(connection, known, pieces, {})

    def tables(self) -> Iterable[str]:
        """Name the tables that are read from pieces."""
        return self.pieces

    def install_facts(self) -> None:
        """Make `piece_fact`: what the files of all pieces tell of accounts, devices and addresses."""
        self.connection.execute(
            "CREATE TEMP TABLE piece_fact (piece BIGINT, table_name VARCHAR, what VARCHAR, value VARCHAR, account VARCHAR, time TIMESTAMPTZ)"
        )
        for pieces in self.pieces.values():
            for piece in pieces:
                self.connection.execute(
                    f"INSERT INTO piece_fact SELECT {piece.number}, {literal(piece.table)}, * FROM {_read([piece.folder / 'facts.parquet'])}"
                )

    def addresses(self, name: str, column: str) -> str:
        """Write the question for the distinct addresses in a column."""
        if name not in self.pieces:
            return f"SELECT DISTINCT {column} AS address FROM {identifier('known_' + name)}"
        return (
            "SELECT DISTINCT value AS address FROM piece_fact "
            f"WHERE table_name = {literal(name)} AND what = {literal(column)}"
        )

    def device_runs(self, name: str) -> str:
        """Write the question who used each device, of a table that has pieces."""
        return (
            "SELECT value AS device, account, time, concat(table_name, '/', piece) AS part FROM piece_fact "
            f"WHERE table_name = {literal(name)} AND what = 'run'"
        )

    def coverage(self, name: str) -> str:
        """Write the question on which days of which month each subject has rows of a table."""
        if name not in self.pieces:
            return coverage_sql(identifier(name))
        return self._made(name, "coverage") or f"{coverage_sql(identifier(name))} LIMIT 0"

    def things(self, name: str) -> str:
        """Write the question which things of a table each subject was seen with, month by month."""
        return self._made(name, "things") or things_sql(name, identifier(name))

    def sources(self) -> str:
        """Write the question from which addresses, networks and clients each subject signed in."""
        return self._made("signin", "sources") or sources_sql("signin")

    def _made(self, name: str, what: str) -> str:
        paths = self.made.get(name, {}).get(what)
        return f"SELECT * FROM {_read(paths)}" if paths else ""

    def install(self, name: str, resolving: Callable[[str], str]) -> None:
        """Make the view that bears the table's name, and what is missing of its pieces.

        `resolving` writes the question for the subjects of some rows.
        """
        found: dict[str, list[Path]] = {"rows": [], "coverage": [], "things": [], "sources": []}
        digests = self._identities(name)
        for piece in self.pieces[name]:
            folder = piece.folder / _digest(
                [FORM, resolving(""), things_sql(name, ""), SOURCE, digests.get(piece.number)]
            )
            if not _is_whole(folder, *_files(name)):
                shutil.rmtree(folder, ignore_errors=True)
                self._make(piece, folder, resolving(f"({self.known(name, piece.files, piece.cut)})"))
            os.utime(folder)
            for other in piece.folder.iterdir():
                if other.is_dir() and other != folder:
                    _forget(other, other)
            for what in _files(name):
                found[what].append(folder / f"{what}.parquet")
        self.made[name] = found
        rows = self._made(name, "rows") or resolving(f"(SELECT * FROM {identifier('known_' + name)} LIMIT 0)")
        self.connection.execute(f"CREATE TEMP VIEW {identifier(name)} AS {rows}")

    def _make(self, piece: Piece, folder: Path, sql: str) -> None:
        building = _building(folder.parent)
        rows = building / "rows.parquet"
        _copy(self.connection, sql, rows)
        _copy(self.connection, coverage_sql(_read([rows])), building / "coverage.parquet")
        if "things" in _files(piece.table):
            _copy(self.connection, things_sql(piece.table, _read([rows])), building / "things.parquet")
        if "sources" in _files(piece.table):
            _copy(self.connection, sources_sql(_read([rows])), building / "sources.parquet")
        _settle(building, folder)

    def _identities(self, name: str) -> dict[int, list[str]]:
        """Digest, for each piece of a table, what of the identities and places its rows depend on."""
        facts = f"(SELECT * FROM piece_fact WHERE table_name = {literal(name)})"
        claimed = "c.claimed_latitude, c.claimed_longitude"
        parts = [
            (
                f"SELECT f.piece, hash('account', f.value, s.subject_id, {claimed}) AS digest FROM {facts} f "
                "JOIN account_subject s ON s.account = f.value LEFT JOIN claim c ON c.subject_id = s.subject_id "
                "WHERE f.what = 'account'"
            ),
            f"SELECT f.piece, hash('held', f.value) FROM {facts} f JOIN held_device h ON h.device = f.value WHERE f.what = 'device'",
            # Only as much of a holder's time as the piece has: who holds the device after it changes nothing in it.
            (
                "SELECT f.piece, hash('device', f.value, h.subject_id, greatest(h.from_time, p.first_time), "
                f"CASE WHEN h.until_time <= p.last_time THEN h.until_time END, {claimed}) FROM {facts} f "
                f"JOIN (SELECT piece, min(time) AS first_time, max(time) AS last_time FROM {facts} WHERE what = 'span' "
                "GROUP BY piece) p ON p.piece = f.piece "
                "JOIN device_holder h ON h.device = f.value AND h.from_time <= p.last_time AND h.until_time > p.first_time "
                "LEFT JOIN claim c ON c.subject_id = h.subject_id WHERE f.what = 'device'"
            ),
        ]
        if self.connection.execute(
            "SELECT 1 FROM duckdb_tables() WHERE table_name = 'address_fact'"
        ).fetchall():
            parts.append(
                f"SELECT f.piece, hash(a) FROM {facts} f JOIN address_fact a ON a.address = f.value WHERE f.what = 'src_ip'"
            )
        rows = self.connection.execute(
            f"SELECT piece, count(*), bit_xor(digest), sum(digest % 4294967291) FROM ({' UNION ALL '.join(parts)}) GROUP BY piece"
        ).fetchall()
        return {row[0]: [str(value) for value in row[1:]] for row in rows}


def latest_known(
    folder: Path, parts: Mapping[str, Sequence[Part]]
) -> tuple[list[datetime], dict[str, list[str]]]:
    """Tell the latest moments that pieces know of the tables' files, and name the files that are in none."""
    moments = []
    left = {name: {part.path for part in listed} for name, listed in parts.items()}
    for path in folder.glob("*/*/*/about.json"):
        about = _about(path.parent)
        name = path.parent.parent.parent.name
        if about and left.get(name, set()).issuperset(about["files"]):
            left[name] -= set(about["files"])
            moments.append(_moment(about["latest"]))
    return moments, {name: sorted(files) for name, files in left.items()}


def forget_rollups(folder: Path) -> None:
    """Remove everything that was made: the next session makes it again from what the lake holds now."""
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the pieces of one session; `hidden` digests the superseded rows of each original file."""

    connection: Any
    known: Known
    hidden: Mapping[str, str]

    def pieces(self, name: str, folder: Path, files: Sequence[Part]) -> list[tuple[Path, dict[str, Any]]]:
        """Choose the pieces of one month, and make one of the files that are in none."""
        left = {part.path for part in files}
        there = [
            (path.parent, about) for path in folder.glob("*/about.json") if (about := _about(path.parent))
        ]
        chosen = []
        for path, about in sorted(there, key=lambda pair: (-len(pair[1]["files"]), pair[0].name)):
            if left.issuperset(about["files"]) and about["hidden"] == self._hidden(about["raw_files"]):
                left -= set(about["files"])
                chosen.append((path, about))
        if left and len(chosen) >= MOST_PIECES:
            chosen.sort(key=lambda pair: -pair[1]["rows"])
            left.update(*(about["files"] for _, about in chosen[1:]))
            chosen = chosen[:1]
        if left:
            path = self.make(name, folder, sorted(left), cut=False)
            chosen.append((path, _about(path) or {}))
        for path, _ in chosen:
            os.utime(path / "about.json")
        return chosen

    def make(self, name: str, folder: Path, files: Sequence[str], *, cut: bool) -> Path:
        """Make a piece of some files: what they alone tell, and what the piece was made from."""
        building = _building(folder)
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW piece_row AS {self.known(name, files, cut)}")
        about = ROLLED[name]
        empty = "CAST(NULL AS VARCHAR) AS account, CAST(NULL AS TIMESTAMPTZ) AS time"
        parts = [
            f"SELECT DISTINCT 'account' AS what, lower(account) AS value, {empty} FROM piece_row WHERE account IS NOT NULL",
            "SELECT 'span', NULL, NULL, unnest([min(time), max(time)]) FROM piece_row",
        ]
        if about.devices:
            parts.append(
                f"SELECT DISTINCT 'device', value, {empty} FROM (SELECT unnest([{', '.join(_device_keys(name))}]) AS value "
                f"FROM (SELECT DISTINCT {', '.join(about.devices)} FROM piece_row)) WHERE value <> ''"
            )
        if name in HOLDERS:
            parts.append(f"SELECT 'run', device, account, time FROM ({device_run_sql(name, 'piece_row')})")
        parts += [
            f"SELECT DISTINCT {literal(column)}, {column}, {empty} FROM piece_row WHERE {column} IS NOT NULL"
            for column in about.addresses
        ]
        _copy(self.connection, " UNION ALL ".join(parts), building / "facts.parquet")
        raw_files, first, last, latest, rows = self.connection.execute(
            "SELECT coalesce(list(DISTINCT raw_file), []), min(known), max(known), "
            f"max({LATEST}), count(*) FROM {bare_rows(files)}"
        ).fetchone()
        made_from = {
            "form": _form(), "files": sorted(files), "raw_files": sorted(raw_files), "hidden": self._hidden(raw_files),
            "known_first": _iso(first), "known_last": _iso(last), "latest": _iso(latest), "rows": rows,
        }  # fmt: skip
        (building / "about.json").write_text(json.dumps(made_from), "utf-8")
        target = folder / _digest([made_from["form"], made_from["files"], made_from["hidden"]])
        if target.exists() and _about(target) is None:
            shutil.rmtree(target)
        _settle(building, target)
        return target

    def _hidden(self, raw_files: Iterable[str]) -> str:
        return _digest(sorted((name, self.hidden[name]) for name in raw_files if name in self.hidden))


def _hidden_by_file(connection: Any) -> dict[str, str]:
    rows = connection.execute(
        "SELECT raw_file, md5(string_agg(concat(event_id, '/', raw_record), ',' ORDER BY event_id, raw_record)) "
        "FROM hidden_row GROUP BY raw_file"
    ).fetchall()
    return dict(rows)


def bare_rows(files: Sequence[str]) -> str:
    """Write the relation of some files with what tells when their rows were known, also of files without revisions."""
    listed = ", ".join(literal(path) for path in files)
    return (
        "(SELECT CAST(NULL AS VARCHAR) AS raw_file, CAST(NULL AS TIMESTAMPTZ) AS known, CAST(NULL AS TIMESTAMPTZ) AS time, "
        "CAST(NULL AS VARCHAR) AS revision WHERE false UNION ALL BY NAME "
        f"SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false))"
    )


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _about(folder: Path) -> dict[str, Any] | None:
    """Read what a piece was made from; none where it is gone, damaged, or of another form."""
    try:
        about: dict[str, Any] = json.loads((folder / "about.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return about if about.get("form") == _form() and _is_whole(folder, "facts") else None


def _is_whole(folder: Path, *names: str) -> bool:
    """Say whether the files are there to their end: a machine that lost its power may have kept their names alone."""
    for name in names:
        try:
            with (folder / f"{name}.parquet").open("rb") as file:
                file.seek(-len(_END), os.SEEK_END)
                if file.read() != _END:
                    return False
        except OSError:
            return False
    return True


def _form() -> list[Any]:
    import duckdb

    return [FORM, duckdb.__version__]  # its hashes may differ from those of another version


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:24]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _read(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}], hive_partitioning = false)"


def _copy(connection: Any, sql: str, path: Path) -> None:
    connection.execute(f"COPY ({sql}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION lz4)")


def _building(folder: Path) -> Path:
    for left in folder.glob(".*"):  # of a session that was ended while it made it
        _forget(left, left)
    path = folder / f".{secrets.token_hex(8)}"
    path.mkdir(mode=0o700, parents=True)
    return path


def _settle(building: Path, target: Path) -> None:
    """Give a finished folder its name; where another session was first, theirs is the same."""
    try:
        building.rename(target)
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(building)


def _sweep(folder: Path, used: set[Path]) -> None:
    """Remove the pieces that no session needs any more: also of months and tables that are gone, and of an older form."""
    for path in folder.glob("*/*/*"):
        if path not in used:
            _forget(path, path / "about.json" if (path / "about.json").exists() else path)


def _forget(folder: Path, mark: Path) -> None:
    """Remove what no session needs any more, once nobody can be reading it; `mark` was touched at its last use."""
    try:
        if mark.stat().st_mtime < time.time() - UNUSED_SECONDS:
            shutil.rmtree(folder)
    except OSError:  # gone meanwhile, or not ours to remove
        return
