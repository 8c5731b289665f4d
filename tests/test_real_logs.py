"""On logs of real machines nothing fires beyond what really happened there: docs/real-logs.md says why each is right.

The logs themselves are no part of the project: the folder that PICKGLASS_CORPUS names holds them. They know accounts,
computers and addresses and no people, and about nobody nothing can fire; so each account, computer and address is made
somebody's first, hired on the day before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pickglass import pipeline
from pickglass.indicators.run import Outcomes
from pickglass.indicators.run import run as ask
from pickglass.indicators.testing import complete
from pickglass.lake.reading import open_lake
from pickglass.lake.session import rows_as_tables, session
from pickglass.settings import load_settings
from pickglass.store import open_store

pytestmark = [pytest.mark.corpus, pytest.mark.xdist_group("real logs")]

TABLES = ("signin", "process", "network", "peripheral", "file_activity", "data_access")
KEY = b"the key of the tests on real logs"


def _folder(name: str) -> Path:
    corpus = os.environ.get("PICKGLASS_CORPUS")
    if not corpus:
        pytest.skip("PICKGLASS_CORPUS names no folder")
    found = sorted(path for path in Path(corpus).rglob(name) if path.is_dir())
    if not found:
        pytest.skip(f"PICKGLASS_CORPUS holds no {name}")
    return found[0]


def rows(folder: Path, home: Path) -> dict[str, pa.Table]:
    """Load a folder, and return the rows of the tables that machines fill."""
    settings = load_settings(home, {})
    pipeline.load(settings, [folder])
    with open_store(settings) as store, open_lake(settings, store) as lake:
        return {name: lake.query(f"SELECT * FROM known_{name}") for name in TABLES}


def owned(tables: Mapping[str, pa.Table]) -> tuple[dict[str, pa.Table], datetime]:
    """Give every row somebody: the account that it names, or else who holds its computer or its address."""
    given: dict[str, pa.Table] = {}
    accounts: set[str] = set()
    times: list[datetime] = []
    for name, table in tables.items():
        if not table.num_rows:
            continue
        names = [_owner(row) for row in table.to_pylist()]
        accounts.update(names)
        times += table.column("time").to_pylist() + table.column("known").to_pylist()
        place = table.column_names.index("account")
        given[name] = table.set_column(place, "account", pa.array(names, pa.string()))
    start = min(times) - timedelta(days=1)
    roster = [
        {"account": f"roster:{number}", "kind": "employee", "name": f"Holder {number}", "time": start,
         "hire_date": start, "user_name": account, "work_country": "GB", "work_time_zone": "Europe/London"}
        for number, account in enumerate(sorted(accounts))
    ]  # fmt: skip
    return given | rows_as_tables(complete({"worker": roster})), max(times) + timedelta(days=1)


def _owner(row: Mapping[str, Any]) -> str:
    if row["account"]:
        return str(row["account"]).lower()
    return str(row.get("device_name") or row.get("src_ip") or "nobody")


def asked(tables: Mapping[str, pa.Table]) -> Outcomes:
    """Ask every indicator, once it is sure that the rows are somebody's."""
    given, as_of = owned(tables)
    with session(given, as_of, KEY) as lake:
        for name, table in tables.items():
            known = lake.query(f"SELECT count(*) AS n FROM {name}").to_pylist()[0]["n"]
            assert known == table.num_rows, f"{table.num_rows - known} rows of {name} are nobody's"
        return ask(lake)


def fired(outcomes: Outcomes) -> dict[str, int]:
    """Count the people for whom each indicator fired."""
    found: dict[str, int] = {}
    for findings in outcomes.fired.values():
        for finding in findings:
            found[finding.indicator] = found.get(finding.indicator, 0) + 1
    return dict(sorted(found.items()))


SETS: dict[str, tuple[int, dict[str, int]]] = {
    # set: the rows that must be somebody's, and what fires with the number of people
    "currentis_synthetic": (12_000, {}),
    "zeek_apt29": (2_000, {}),
    "evtx_rdp_remote": (200, {}),
    "m365_goldensaml": (25, {}),
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, pa.Table]]:
    """Load each set once."""

    @cache
    def load(name: str) -> dict[str, pa.Table]:
        return rows(_folder(name), tmp_path_factory.mktemp("home"))

    return load


@pytest.mark.parametrize("name", SETS)
def test_nothing_fires_that_did_not_happen(name: str, loaded: Callable[[str], dict[str, pa.Table]]) -> None:
    least, expected = SETS[name]
    tables = loaded(name)
    assert sum(table.num_rows for table in tables.values()) >= least
    outcomes = asked(tables)
    assert outcomes.problems == ()
    assert fired(outcomes) == expected


# What the same computers would have left had a tool been there: the proof that silence is no deafness.
PLANTED = {
    "currentis_synthetic": ("network", {"activity": "dns", "domain": "relay-7f2a.net.anydesk.com"}),
    "zeek_apt29": ("network", {"activity": "dns", "domain": "relay-7f2a.net.anydesk.com"}),
    "evtx_rdp_remote": ("peripheral", {"vendor_id": "1d6b", "product_id": "0104", "usb_serial": "CAFEBABE"}),
    "m365_goldensaml": (
        "signin",
        {"activity": "signin", "outcome": "success", "tunnel_operator": "MULLVAD_VPN"},
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_on_the_same_computers_a_tool_would_have_been_seen(
    name: str, loaded: Callable[[str], dict[str, pa.Table]]
) -> None:
    table, change = PLANTED[name]
    tables = dict(loaded(name))
    planted = []
    for number, row in enumerate(tables[table].to_pylist()[:1] * 3):
        time = row["time"] + timedelta(days=number)
        own = {"event_id": f"planted{number}", "record_hash": f"planted{number}", "time": time, "known": time}
        planted.append({**row, **change, **own})
    tables[table] = pa.concat_tables([tables[table], pa.Table.from_pylist(planted, tables[table].schema)])
    assert fired(asked(tables))
