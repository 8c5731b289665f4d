"""Lists that somebody has become entries of the lake: one edition at a time, with date, confidence and end; none in clear."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.lake.address_databases import address_database
from tests.lake.exports import ndjson, okta, worker

from pickglass import pipeline
from pickglass.errors import InputError, NotFound
from pickglass.lake.reading import database_path, open_lake
from pickglass.settings import Settings, load_settings
from pickglass.store import audit, open_store
from pickglass.store.address_databases import databases_in_force

DAY = datetime(2026, 3, 1, tzinfo=UTC)
WALLET = "12SyntheticWalletForTests00000000A"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A home with a roster of one and her sign-in from 192.0.2.17."""
    settings = load_settings(tmp_path / "home", {"PICKGLASS_THREADS": "2"})
    signin = okta("a1")
    signin["actor"]["alternateId"] = "e1@example.com"
    ndjson(tmp_path / "log" / "okta.json", [signin])
    ndjson(tmp_path / "log" / "roster.json", [worker("E1")])
    pipeline.load(settings, [tmp_path / "log"])
    return settings


def written(folder: Path, text: str, name: str = "partner.txt") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def entries(settings: Settings, as_of: datetime | None = None) -> list[tuple[str, str, str]]:
    with open_store(settings) as store, open_lake(settings, store, as_of) as session:
        rows = session.query("SELECT list_name, kind, value FROM intelligence ORDER BY ALL").to_pylist()
    return [(row["list_name"], row["kind"], row["value"]) for row in rows]


def test_a_network_on_a_list_is_found_in_the_sign_ins(home: Settings, tmp_path: Path) -> None:
    done = pipeline.add_intelligence(home, "ip", written(tmp_path, "192.0.2.0/24\n192.0.2.1/24\n"), dated=DAY)
    assert (done["list"], done["entries"], done["state"]) == ("partner", 1, "added")
    assert done["skipped"] == {"a network with host bits set": 1}
    assert ("partner", "ip", "192.0.2.17") in entries(home)
    fired = [finding for one in pipeline.assess(home).documents for finding in one["evidence"]["fired"]]
    found = next(finding for finding in fired if finding["indicator"] == "net-intel-ip-hit")
    assert (found["values"]["list_name"], found["values"]["shown"]) == ("partner", "192.0.2.17")


def test_a_new_edition_takes_the_place_of_the_old_and_the_same_one_changes_nothing(
    home: Settings, tmp_path: Path
) -> None:
    path = written(tmp_path, "a.example\nb.example\n")
    assert pipeline.add_intelligence(home, "any", path, dated=DAY)["state"] == "added"
    assert pipeline.add_intelligence(home, "any", path, dated=DAY)["state"] == "in force already"
    written(tmp_path, "b.example\nc.example\n")
    assert pipeline.add_intelligence(home, "any", path, dated=DAY)["state"] == "replaced"
    assert entries(home) == [("partner", "domain", "b.example"), ("partner", "domain", "c.example")]
    written(tmp_path, "a.example\nb.example\n")  # and back: the rows of the first edition are not in the way
    assert pipeline.add_intelligence(home, "any", path, dated=DAY)["state"] == "replaced"
    assert entries(home) == [("partner", "domain", "a.example"), ("partner", "domain", "b.example")]


def test_a_list_that_is_expired_counts_no_more_and_still_does_for_the_past(
    home: Settings, tmp_path: Path
) -> None:
    pipeline.add_intelligence(home, "any", written(tmp_path, "a.example\n"), dated=DAY)
    pipeline.add_intelligence(home, "any", written(tmp_path, "b.example\n", "other.txt"), dated=DAY)
    pipeline.expire_intelligence(home, "partner", reason="no longer kept")
    assert entries(home) == [("other", "domain", "b.example")]
    assert [one["list"] for one in pipeline.intelligence_lists(home)] == ["other"]
    assert ("partner", "domain", "a.example") in entries(home, DAY + timedelta(days=30))
    with pytest.raises(NotFound):
        pipeline.expire_intelligence(home, "partner")


def test_wallets_are_stored_as_keyed_hashes_and_seal_their_original(home: Settings, tmp_path: Path) -> None:
    pipeline.add_intelligence(home, "wallet", written(tmp_path, f"{WALLET}\n"), confidence="high")
    ((_, kind, value),) = entries(home)
    assert kind == "wallet"
    assert WALLET not in value
    assert len(value) == 64
    for path in home.home.rglob("*"):
        assert not path.is_file() or WALLET.encode() not in path.read_bytes(), path


def test_what_a_list_does_not_say_is_told_by_the_options(home: Settings, tmp_path: Path) -> None:
    end = datetime.now(UTC) + timedelta(days=30)
    table = "value,confidence,valid_until\na.example,high,2027-01-01\nb.example,,\n"
    pipeline.add_intelligence(
        home, "any", written(tmp_path, table), name="n", confidence="low", valid_until=end, dated=DAY
    )
    with open_store(home) as store, open_lake(home, store) as session:
        rows = session.query("SELECT * FROM intelligence ORDER BY value").to_pylist()
    assert [row["confidence"] for row in rows] == ["high", "low"]
    assert [row["time"] for row in rows] == [DAY, DAY]
    assert [row["valid_until"] == end for row in rows] == [datetime(2027, 1, 1, tzinfo=UTC) > end, True]
    (told,) = pipeline.intelligence_lists(home)
    assert (told["entries"], told["kinds"], told["confidence"]) == (2, "domain", "high, low")


def test_adding_is_in_the_audit_log_and_a_bad_list_changes_nothing(home: Settings, tmp_path: Path) -> None:
    pipeline.add_intelligence(home, "any", written(tmp_path, "a.example\n"))
    with pytest.raises(InputError):
        pipeline.add_intelligence(home, "any", written(tmp_path, "only words here\n"))
    with pytest.raises(InputError, match="past"):
        pipeline.add_intelligence(home, "any", written(tmp_path, "b.example\n"), valid_until=DAY)
    assert entries(home) == [("partner", "domain", "a.example")]
    with open_store(home) as store:
        assert [one.object for one in audit.entries(store, action="intel.add")] == ["partner"]


def test_a_list_may_come_before_anything_else(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "new" / "home", {})
    assert pipeline.add_intelligence(settings, "any", written(tmp_path, "a.example\n"))["state"] == "added"
    assert entries(settings) == [("partner", "domain", "a.example")]


def test_an_address_database_is_kept_under_its_hash_and_fills_places(home: Settings, tmp_path: Path) -> None:
    record = {"city": {"names": {"en": "Lisbon"}}, "country": {"iso_code": "PT"}}
    path = address_database(tmp_path / "city.mmdb", "Made-City", DAY, {"192.0.2.0/24": record})
    assert pipeline.add_intelligence(home, "any", path)["state"] == "added"
    assert pipeline.add_intelligence(home, "any", path)["state"] == "in force already"
    path.unlink()

    def city() -> str | None:
        with open_store(home) as store, open_lake(home, store) as session:
            found: str | None = session.query("SELECT city FROM signin").to_pylist()[0]["city"]
            return found

    assert city() == "Lisbon"
    with open_store(home) as store:
        (noted,) = databases_in_force(store)
    kept = database_path(home, noted["sha256"])
    assert (kept.stat().st_mode & 0o777, noted["built"]) == (0o600, DAY)
    pipeline.expire_intelligence(home, "city")
    assert city() is None
