"""Rollups never change an answer: not by late events, new identities, superseded rows, erasure or an earlier moment."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.lake.views import KEY, _engine, _filled, worker

from pickglass.lake import care, rollups
from pickglass.lake.rollups import Rolling
from pickglass.lake.session import Session, rows_as_tables, session
from pickglass.lake.snapshots import Part

START = datetime(2026, 2, 12, tzinfo=UTC)
DAYS = 30
VIEWS = (
    *rollups.ROLLED, "coverage", "device_holder", "shared_thing", "subject", "roster_change", "mail_message", "intelligence",
)  # fmt: skip
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _every_table_is_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollups, "LEAST_ROWS", 1)
    monkeypatch.setattr(rollups, "MOST_PIECES", 3)


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - rows of a test, no secret


def company(chance: random.Random) -> dict[str, list[Row]]:
    """Invent rows of six people on five devices, some without an account, some handed on."""
    found: dict[str, list[Row]] = {name: [] for name in (*rollups.ROLLED, "worker", "hiring_event")}
    for number in range(6):
        place = {"work_city": "Reno", "work_region": "NV", "work_country": "US"} if number % 2 else {}
        for roster in range(3):
            if number < 4 + roster:  # later rosters know more people
                time = START + timedelta(days=10 * roster)
                found["worker"].append(worker(f"workday:E{number}", str(time), hire_date=START, **place))
    activities = {"signin": ["signin", "mfa"], "network": ["dns"], "process": ["start"], "data_access": ["view"],
                  "file_activity": ["read"], "device_state": ["checkin"], "peripheral": ["seen"]}  # fmt: skip
    addresses = ["192.0.2.1", "192.0.2.2", "198.51.100.7", None]
    for name, keys in rollups.ROLLED.items():
        for number in range(40):
            account = chance.choice([f"e{chance.randrange(6)}@example.com", "nobody@example.com", None])
            row: Row = {
                "event_id": f"{name}-{number}",
                "time": START + timedelta(minutes=chance.randrange(DAYS * 24 * 6) * 10),
                "account": account or ("e1@example.com" if not keys.devices else None),
                "src_ip": chance.choice(addresses),
                "device_id": chance.choice(["d1", "d2", None]),
                "device_name": chance.choice(["Host-1", "host-2", None]),
                "outcome": "success", "service": "drive", "meeting_id": "m", "latitude": 39.0, "longitude": -119.0,
                "gateway_mac": chance.choice(["02:00:00:00:00:01", None]),
            }  # fmt: skip
            if name in activities:
                row["activity"] = chance.choice(activities[name])
            row["known"] = row["time"] + timedelta(
                hours=chance.choice([0, 0, 0, 200])
            )  # some became known late
            found[name].append(row)
    return found


class Lake:
    """Files of a lake as loads leave them, and sessions over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: dict[str, list[Part]] = {}
        self.written = 0

    def load(self, tables: Mapping[str, Sequence[Row]]) -> None:
        """Write rows to files of their months."""
        for name, rows in tables.items():
            by_month: dict[str, list[Row]] = {}
            for row in _filled({name: rows})[name]:
                by_month.setdefault(str(row["time"])[:7], []).append(row)
            for month, listed in by_month.items():
                self.written += 1
                path = self.folder / f"part-{self.written}.parquet"
                pq.write_table(rows_as_tables({name: listed})[name], path)
                self.parts.setdefault(name, []).append(Part(str(path), month, len(listed), 0))

    @contextmanager
    def session(self, as_of: datetime | None, *, rolled: bool) -> Iterator[Session]:
        """Open the lake, with or without rollups."""
        files = {name: [part.path for part in parts] for name, parts in self.parts.items()}
        rolling = Rolling(self.folder / "rollups", self.folder / "private", self.parts) if rolled else None
        moment = as_of or START + timedelta(days=400)
        with session(
            files, moment, KEY, engine=_engine(), rolling=rolling, uncut=() if as_of else tuple(files)
        ) as opened:
            yield opened

    def answers(self, as_of: datetime | None = None, *, rolled: bool) -> dict[str, list[str]]:
        """Give the rows of every view, in an order of their own."""
        with self.session(as_of, rolled=rolled) as opened:
            if rolled:
                assert (
                    opened.query("SELECT count(DISTINCT table_name) AS n FROM piece_fact").to_pylist()[0]["n"]
                    > 0
                )
            return {view: _rows(opened.query(f"SELECT * FROM {view}")) for view in VIEWS}


def _rows(table: pa.Table) -> list[str]:
    ordered = table.select(sorted(table.column_names))
    return sorted(map(str, ordered.to_pylist()))


def _deal(chance: random.Random, rows: Mapping[str, Sequence[Row]], loads: int) -> list[dict[str, list[Row]]]:
    """Deal rows to loads: roughly by their time, some of them late."""
    dealt: list[dict[str, list[Row]]] = [{} for _ in range(loads)]
    for name, listed in rows.items():
        for row in listed:
            time = row["time"] if isinstance(row["time"], datetime) else datetime.fromisoformat(row["time"])
            on_time = int((time - START) / timedelta(days=DAYS) * loads)
            place = chance.randrange(loads) if chance.random() < 0.2 else on_time
            dealt[max(0, min(place, loads - 1))].setdefault(name, []).append(row)
    return dealt


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 30))])
def test_after_each_load_the_answers_are_those_without_rollups(tmp_path: Path, seed: int) -> None:
    chance = _chance(seed)
    lake = Lake(tmp_path)
    rows = company(chance)
    for number, load in enumerate(_deal(chance, rows, 5)):
        lake.load(load)
        if number == 3:  # a version was given anew: the row before it no longer counts
            old = chance.choice(load.get("signin") or rows["signin"])
            lake.load({"superseded": [{**old, "raw_file": "f" * 64, "raw_record": 1}]})
        if number in (1, 4):
            assert lake.answers(rolled=True) == lake.answers(rolled=False)
    moment = START + timedelta(days=chance.randrange(5, DAYS))
    assert lake.answers(moment, rolled=True) == lake.answers(moment, rolled=False)


def _used(day: int, number: int | None, **other: Any) -> Row:
    return {
        "time": START + timedelta(days=day), "account": number and f"e{number}@example.com", "device_id": "d1",
        "activity": "start", "outcome": "success", **other,
    }  # fmt: skip


def _holders(lake: Lake, *, rolled: bool) -> list[int]:
    """Give the days of the rows without an account that belong to the first of two people."""
    with lake.session(None, rolled=rolled) as opened:
        rows = opened.query(
            "SELECT p.time FROM process p JOIN account_subject a ON a.subject_id = p.subject_id "
            "WHERE a.account = 'e1@example.com' AND p.account IS NULL ORDER BY p.time"
        ).to_pylist()
    return [(row["time"] - START).days for row in rows]


def test_who_used_a_device_between_has_it_only_until_its_holder_is_back(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    people = [worker("workday:E1", "2026-01-01"), worker("workday:E2", "2026-01-01")]
    days = [_used(day, 1) for day in range(1, 8)]
    lake.load(
        {"worker": people, "process": [*days, *(_used(day, None, cmd_line="x") for day in range(1, 10))]}
    )
    assert _holders(lake, rolled=True) == list(range(1, 10))
    late = START + timedelta(days=3, hours=12)
    lake.load({"process": [_used(3, 2, time=late), _used(3, None, time=late + timedelta(hours=1))]})
    assert _holders(lake, rolled=True) == _holders(lake, rolled=False) == list(range(1, 10))


def test_a_holder_whom_another_log_sees_again_is_the_holder_again(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    people = [worker("workday:E1", "2026-01-01"), worker("workday:E2", "2026-01-01")]
    checks = [_used(day, 1, activity="checkin") for day in range(1, 10)]
    lake.load({"worker": people, "device_state": checks, "process": [_used(3, 2), _used(8, None)]})
    for rolled in (True, False):
        assert _holders(lake, rolled=rolled) == [8]


def test_only_the_files_that_came_are_read_again(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    people = [worker("workday:E1", "2026-01-01"), worker("workday:E2", "2026-01-01")]
    events = [
        {"time": START + timedelta(days=day), "account": f"e{day % 2 + 1}@example.com", "activity": "signin", "outcome": "success"}
        for day in range(20)
    ]  # fmt: skip
    lake.load({"worker": people, "signin": events[:10]})
    lake.answers(rolled=True)
    before = {path: path.stat().st_ino for path in tmp_path.glob("rollups/**/*.parquet")}
    lake.load({"signin": events[10:]})
    assert lake.answers(rolled=True) == lake.answers(rolled=False)
    after = {path: path.stat().st_ino for path in tmp_path.glob("rollups/**/*.parquet")}
    assert before
    assert before.items() <= after.items()
    assert len(after) > len(before)


def test_a_file_that_is_gone_takes_its_piece_out_of_force(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    rows = [
        {"time": START, "account": f"e{number}@example.com", "activity": "signin", "outcome": "success"}
        for number in (1, 2)
    ]
    people = [worker("workday:E1", "2026-01-01"), worker("workday:E2", "2026-01-01")]
    lake.load({"worker": people, "signin": rows})
    assert len(lake.answers(rolled=True)["signin"]) == 2
    lake.parts["signin"] = []
    lake.load({"signin": rows[1:]})  # as an erasure writes a month anew
    assert len(lake.answers(rolled=True)["signin"]) == 1


def test_a_damaged_note_is_as_good_as_none(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.load(company(_chance(7)))
    expected = lake.answers(rolled=True)
    for path in tmp_path.glob("rollups/*/*/*/about.json"):
        path.write_text("{", "utf-8")
    assert lake.answers(rolled=True) == expected


@pytest.mark.parametrize("which", ["*/*/*/facts.parquet", "*/*/*/*/rows.parquet", "*/*/*/*/things.parquet"])
def test_a_damaged_file_is_made_again(tmp_path: Path, which: str) -> None:
    lake = Lake(tmp_path)
    lake.load(company(_chance(7)))
    expected = lake.answers(rolled=True)
    found = sorted(tmp_path.glob(f"rollups/{which}"))
    assert found
    for number, path in enumerate(found):
        path.write_bytes(path.read_bytes()[: 20 * (number % 2)])
    assert lake.answers(rolled=True) == expected


def _age(folder: Path) -> None:
    """Let everything have been used last two days ago."""
    past = time.time() - 2 * rollups.UNUSED_SECONDS
    for path in folder.rglob("*"):
        os.utime(path, (past, past))


def test_pieces_of_months_and_tables_that_are_gone_go_too(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.load(company(_chance(7)))
    lake.answers(rolled=True)
    _age(tmp_path / "rollups")
    lake.parts = {"worker": lake.parts["worker"], "signin": lake.parts["signin"][:1]}
    lake.answers(rolled=True)
    assert [path.parent.parent.name for path in tmp_path.glob("rollups/*/*/*")] == ["signin"]


def test_pieces_of_an_older_form_go_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path)
    lake.load(company(_chance(7)))
    lake.answers(rolled=True)
    before = set(tmp_path.glob("rollups/*/*/*"))
    _age(tmp_path / "rollups")
    monkeypatch.setattr(rollups, "FORM", rollups.FORM + 1)
    lake.answers(rolled=True)
    assert before.isdisjoint(tmp_path.glob("rollups/*/*/*"))


def test_a_home_that_cannot_be_written_to_is_read_all_the_same(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.load(company(_chance(8)))
    (tmp_path / "rollups").write_text("in the way", "utf-8")
    assert lake.answers(rolled=True) == lake.answers(rolled=False)


def test_what_forgets_the_past_at_once_forgets_the_rollups(tmp_path: Path) -> None:
    (tmp_path / "rollups" / "signin").mkdir(parents=True)
    carer: Any = SimpleNamespace(current=dict, settings=SimpleNamespace(home=tmp_path))
    care.forget_past(carer, kept=1, days=1, grace=timedelta(hours=1))
    assert (tmp_path / "rollups").exists()
    care.forget_past(carer, kept=0, days=0, grace=timedelta(0))
    assert not (tmp_path / "rollups").exists()
