"""The synthetic company: repeatable, complete in its cases, in its vendors' formats, about nobody real."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import mailbox
import re
from contextlib import closing
from email import message_from_bytes
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from pickglass.errors import InputError
from pickglass.simulate import Summary, simulate
from pickglass.simulate.draws import Draw
from pickglass.simulate.tables import rates, table
from pickglass.simulate.world.people import draw_name

WORKERS, DAYS, SEED = 40, 60, 11

# Product hosts that vendors' own exports name; everything else must be a reserved name.
PRODUCT_HOSTS = (
    "graph.microsoft.com",
    "github.com",
    "google.com",
    "googleapis.com",
    "anydesk.com",
    "teamviewer.com",
    "rustdesk.com",
    "screenconnect.com",
    "splashtop.com",
    "parsec.app",
    "tailscale.com",
    "ngrok.com",
    "proton.me",
    "nordvpn.com",
    "mullvad.net",
    "astrill.com",
)
RESERVED = re.compile(r"(^|\.)(example|example\.(com|net|org))$")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return simulate(tmp_path_factory.mktemp("sim") / "company", workers=WORKERS, days=DAYS, seed=SEED)


@pytest.fixture(scope="module")
def truth(written: Summary) -> dict[str, Any]:
    known: dict[str, Any] = json.loads(Path(written.out, "truth.json").read_text("utf-8"))
    return known


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            whole.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return whole.hexdigest()


def text(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")


def records(path: Path) -> list[Any]:
    """The records of an export, however its vendor lays them out."""
    if ".ndjson" in path.name:
        return [json.loads(line) for line in text(path).splitlines()]
    document = json.loads(text(path))
    if isinstance(document, list):
        return document
    return next(value for key, value in document.items() if key != "Schema" and isinstance(value, list))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(written: Summary, tmp_path: Path) -> None:
    again = simulate(tmp_path / "again", workers=WORKERS, days=DAYS, seed=SEED)
    other = simulate(tmp_path / "other", workers=WORKERS, days=DAYS, seed=SEED + 1)
    assert digest(Path(again.out)) == digest(Path(written.out))
    assert again.records == written.records
    assert digest(Path(other.out)) != digest(Path(written.out))


def test_the_truth_names_everybody_once_and_every_case_and_look_alike(truth: dict[str, Any]) -> None:
    subjects = truth["subjects"]
    refs = [tuple(sorted(one["refs"].items())) for one in subjects]
    assert len(refs) == len(set(refs))
    assert truth["company"]["workers"] == sum("workday" in one["refs"] for one in subjects) == WORKERS
    assert truth["company"]["applications"] == sum("greenhouse" in one["refs"] for one in subjects)
    parts = {one["part"]: one for one in subjects if one["part"]}
    assert set(parts) == set(table("parts"))
    for name, row in table("parts").items():
        assert parts[name]["hypothesis"] == row.get("hypothesis", "ordinary")
        assert parts[name]["lookalike"] == row.get("lookalike")
        assert (parts[name]["first_evidence"] is None) == ("case" not in row)
    assert sum(one["case"] == "H2" for one in subjects) == 4
    assert sum(one["case"] == "H4" for one in subjects) == 3
    assert sum(one["case"] == "applicant-ring" for one in subjects) >= 8
    assert {one["hypothesis"] for one in subjects} == {
        "ordinary", "operated", "elsewhere", "hijacked", "disloyal",
    }  # fmt: skip


def test_every_file_is_in_its_format_and_holds_what_the_summary_counts(written: Summary) -> None:
    out = Path(written.out)
    on_disk = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} - {"truth.json"}
    assert on_disk == set(written.records)
    assert written.events == sum(written.records.values())
    for name, count in written.records.items():
        path = out / name
        if path.suffix == ".csv":
            rows = list(csv.DictReader(text(path).splitlines()))
            assert len(rows) == count
            assert all(None not in row and None not in row.values() for row in rows), name
        elif path.suffix == ".eml":
            message = message_from_bytes(path.read_bytes())
            assert message["Message-ID"]
            assert not message.defects
        elif path.suffix == ".mbox":
            with closing(mailbox.mbox(path)) as box:
                assert len(box) == count
        elif "fedex" in name:
            assert len(json.loads(text(path))["output"]["completeTrackResults"]) == count
        else:
            assert len(records(path)) == count, name


def test_the_proof_archives_of_the_extortion_open(written: Summary, tmp_path: Path) -> None:
    names = []
    for path in Path(written.out, "mail").glob("*.eml"):
        for part in message_from_bytes(path.read_bytes()).walk():
            if part.get_content_type() == "application/zip":
                payload = part.get_payload(decode=True)
                assert isinstance(payload, bytes)
                archive = tmp_path / "proof.zip"
                archive.write_bytes(payload)
                with ZipFile(archive) as opened:
                    assert opened.testzip() is None
                    names += opened.namelist()
    assert any(name.endswith("README.md") for name in names)


def test_only_reserved_domains_and_addresses_appear(written: Summary) -> None:
    hosts: set[str] = set()
    addresses: set[str] = set()
    for name in written.records:
        if name.endswith((".eml", ".mbox")):
            continue
        content = text(Path(written.out) / name)
        hosts |= {host.lower() for host in re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", content)}
        hosts |= {host.lower() for host in re.findall(r"https?://([\w.-]+)", content)}
        hosts |= {host.lower() for host in re.findall(r'"RemoteUrl":"([^"]+)"', content)}
        addresses |= set(re.findall(r'"(?:ipAddress|actor_ip|ip_address|RemoteIP)":"([\d.]+)"', content))
    strange = [host for host in hosts if not RESERVED.search(host) and not host.endswith(PRODUCT_HOSTS)]
    assert strange == []
    reserved = re.compile(
        r"^(192\.0\.2|198\.51\.100|203\.0\.113|198\.1[89]\.\d+|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+)\."
    )
    assert [one for one in addresses if not reserved.match(one)] == []


def test_numbers_of_networks_are_documentations_or_well_known_hosting(written: Summary) -> None:
    hosting = {row["asn"] for key in ("vpn", "hosting") for row in table("networks")[key]}
    seen = set()
    for name in written.records:
        if "okta" in name:
            seen |= {event["securityContext"]["asNumber"] for event in records(Path(written.out) / name)}
    assert all(64496 <= asn <= 64511 or 65536 <= asn <= 65551 or asn in hosting for asn in seen)


def test_names_come_from_one_stream_in_the_order_of_employment(
    written: Summary, truth: dict[str, Any]
) -> None:
    """A part does not choose its name: each name is the next one of the common distribution."""
    rosters = sorted(name for name in written.records if "workday_workers" in name and name.endswith(".json"))
    names = {}
    for roster in rosters:
        for row in records(Path(written.out) / roster):
            names[row["Employee_ID"]] = row["Legal_Name"]
    played = {one["refs"]["workday"] for one in truth["subjects"] if one["part"]}
    assert played & set(names)
    for employee, name in names.items():
        index = int(employee[1:]) - 1001
        assert name == draw_name(Draw(SEED, "names", "worker", index)).full


def test_planted_and_honest_leave_the_same_kinds_of_records(written: Summary, truth: dict[str, Any]) -> None:
    """Nobody is recognised by a kind of record that only the planted have."""
    planted = {one["refs"]["workday"] for one in truth["subjects"]
               if "workday" in one["refs"] and one["hypothesis"] != "ordinary"}  # fmt: skip
    rows = records(Path(written.out) / "payroll/workday_payment_elections.json")
    assert {row["Bank_Name"] for row in rows if row["Employee_ID"] not in planted} & {
        "Payoneer",
        "Wise",
        "Quickwire Payout Services",
    }
    tickets = list(csv.DictReader(text(Path(written.out) / "service/tickets.csv").splitlines()))
    assert {ticket["category"] for ticket in tickets} >= {
        "address_change",
        "own_device",
        "performance_notice",
    }


def test_every_honest_rate_has_a_source_and_is_used() -> None:
    code = "".join(path.read_text("utf-8") for path in Path("src/pickglass/simulate").rglob("*.py"))
    for name, row in rates().items():
        assert row["value"] >= 0
        assert row["of"]
        assert row["source"]
        assert f'"{name}"' in code, f"{name} is not used"


def test_a_company_that_is_too_small_or_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too small"):
        simulate(tmp_path / "small", workers=10, days=60)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        simulate(tmp_path, workers=WORKERS, days=DAYS)
