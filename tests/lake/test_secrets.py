"""Account, document and national numbers lie nowhere in clear below the home, however one looks."""

import gzip
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import zstandard
from tests.lake.exports import ndjson, worker

from pickglass import pipeline
from pickglass.settings import load_settings
from pickglass.sources.definitions import shipped_folder

# Numbers that stand for themselves: every one is given in some export below, in one spelling or another.
SECRETS = {
    "GB29NWBK60161331926819": "the IBAN of a payment election",
    "880019312207": "the account number of another",
    "DE89370400440532013000": "an IBAN in groups, in a rejected record",
    "078051120": "a social security number in a rejected record",
    "987654320": "one in an unknown column of a roster",
    "C01X00T478": "a passport number of an identity check",
    "4556737586899855": "a card number in the text of a mail",
    "219099999": "a social security number in a résumé",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq": "a wallet in a payroll export",
    "5500112233445566": "a bank account given as an identifier, its kind in capitals",
    "731264509182": "an account number in a record that is not JSON",
    "660011223399": "an account number in an archive within an archive",
}


def spaced(number: str, by: str = " ") -> str:
    return by.join(re.findall(".{1,4}", number))


def write_exports(folder: Path) -> None:
    """Write each number where it may come in: read columns, unknown ones, rejects, mails, archives."""
    first = {"Employee_ID": "E1", "Election_Moment": "2026-03-20T11:00:00Z", "Bank_Name": "B"}
    payments: list[dict[str, str] | str] = [
        {
            "Employee_ID": "E1",
            "Election_Moment": "2026-03-20T11:00:00Z",
            "Account_Number": "8800 1931 2207",
            "Bank_Name": "B",
        },
        {
            "Employee_ID": "E2",
            "Election_Moment": "2026-03-20T11:00:00Z",
            "IBAN": "GB29 NWBK 6016 1331 9268 19",
            "Bank_Name": "B",
        },
        {
            "Employee_ID": "E3",
            "Election_Moment": "20 March, 11:00",
            "IBAN": spaced("DE89370400440532013000"),
            "Bank_Name": "B",
        },
        '{"Employee_ID": "E4", "Election_Moment": "2026-03-20T11:00:00Z", "Account_Number": "731264509182", ',
    ]
    ndjson(folder / "payments.json", payments)
    ndjson(
        folder / "roster.json",
        [
            worker("E1", National_ID="987-65-4320", Social_Security_Number="987654320"),
            worker("E2", Hire_Date="soon", Social_Security_Number="078-05-1120"),
        ],
    )
    ndjson(
        folder / "checks.json",
        [
            {
                "time": "2026-03-01T10:00:00Z",
                "account": "greenhouse:1",
                "activity": "identity_check",
                "document_kind": "passport",
                "document_number": "C01X 00T 478",
            },
            {
                "time": "2026-03-01T10:00:00Z",
                "account": "greenhouse:1",
                "activity": "resume",
                "resume_text": "Dana Whitfield, engineer. SSN 219-09-9999. "
                + "Built and ran payment systems of all sizes. " * 9,
            },
        ],
    )
    ndjson(
        folder / "pay.json",
        [
            {
                "time": "2026-03-01T10:00:00Z",
                "account": "workday:E1",
                "activity": "account_added",
                "wallet": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            },
        ],
    )
    ndjson(
        folder / "identifiers.json",
        [
            {
                "time": "2026-03-01T10:00:00Z",
                "account": "workday:E1",
                "kind": "Bank",
                "value": "5500-1122-3344-5566",
            },
            {
                "time": "2026-03-01T10:00:00Z",
                "account": "workday:E1",
                "kind": "credit card",
                "value": "4556737586899855",
            },
        ],
    )
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.com", "Pay"
    message["Date"], message["Message-ID"] = "Sun, 01 Mar 2026 10:00:00 +0000", "<1@example.org>"
    message.set_content("Pay to card 4556 7375 8689 9855 or to SSN 078-05-1120.")
    (folder / "demand.eml").write_bytes(bytes(message))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("payments.json", json.dumps({**first, "Account_Number": "660011223399"}))
    with zipfile.ZipFile(folder / "outer.zip", "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("secrets")
    folder = base / "exports"
    folder.mkdir()
    write_exports(folder)
    settings = load_settings(base / "home", {"PICKGLASS_THREADS": "2"})
    run = pipeline.run(
        settings, [folder, *sorted(shipped_folder().glob("workday_payment_elections/sample*"))]
    )
    assert run.load is not None
    assert run.load.records["rejected"] >= 3
    assert run.load.unrecognised == ()
    return settings.home


def contents(path: Path) -> Iterator[tuple[str, str]]:
    """Give everything that can be made of a file: its bytes, what they decompress to, tables as text."""
    raw = path.read_bytes()
    yield "bytes", raw.decode("latin-1")
    yield "utf-16", raw.decode("utf-16-le", "ignore")
    if raw[:4] == b"PAR1":
        table = pq.ParquetFile(path).read()
        for name in table.column_names:
            yield f"column {name}", "\n".join(map(str, table[name].to_pylist()))
    if raw[:16] == b"SQLite format 3\0":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            yield "dump", "\n".join(connection.iterdump())
        connection.close()
    for start in (found.start() for found in re.finditer(re.escape(b"\x1f\x8b\x08"), raw)):
        try:
            yield "gzip", gzip.GzipFile(fileobj=io.BytesIO(raw[start:])).read().decode("latin-1")
        except (OSError, EOFError):
            continue
    for start in (found.start() for found in re.finditer(re.escape(b"\x28\xb5\x2f\xfd"), raw)):
        try:
            yield (
                "zstd",
                zstandard.ZstdDecompressor().decompressobj().decompress(raw[start:]).decode("latin-1"),
            )
        except zstandard.ZstdError:
            continue


def bare(text: str) -> str:
    """Leave only letters and digits, so that no grouping hides a number."""
    return re.sub(r"[^0-9a-z]", "", text.lower())


def findings(home: Path) -> list[tuple[str, str, str]]:
    found = []
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        for way, text in contents(path):
            plain = bare(text)
            found += [
                (why, str(path.relative_to(home)), way)
                for secret, why in SECRETS.items()
                if bare(secret) in plain
            ]
    return found


def test_no_number_lies_in_clear_below_the_home(home: Path) -> None:
    """Not in tables, rejects, originals, stores, logs or left-over files; with or without separators."""
    assert findings(home) == []


def test_the_search_finds_what_is_there(home: Path, tmp_path: Path) -> None:
    """Each way of looking proves that it works, so that finding nothing means something."""
    import pyarrow as pa

    secret = "8800-1931-2207"
    (tmp_path / "plain").write_text(secret)
    (tmp_path / "wide").write_bytes(secret.encode("utf-16-le"))
    (tmp_path / "packed").write_bytes(b"head" + gzip.compress(secret.encode()))
    (tmp_path / "other").write_bytes(b"head" + zstandard.compress(secret.encode() * 50))
    pq.write_table(pa.table({"x": [secret] * 3}), tmp_path / "table", compression="zstd")
    with sqlite3.connect(tmp_path / "store") as connection:
        connection.execute("CREATE TABLE t (x TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", (secret,))
    connection.close()
    assert {name for _, name, _ in findings(tmp_path)} == {
        "plain",
        "wide",
        "packed",
        "other",
        "table",
        "store",
    }
    assert sum(path.stat().st_size for path in (home / "originals").rglob("*") if path.is_file()) > 1000


def test_known_numbers_can_still_be_matched(home: Path) -> None:
    """A number in groups and the bare one have the same keyed hash and last characters."""
    kept = {
        row["bank_last"]: row["bank_hash"]
        for path in (home / "lake").rglob("payroll_event/data/**/*.parquet")
        for row in pq.ParquetFile(path).read(["bank_hash", "bank_last"]).to_pylist()
        if row["bank_hash"]
    }
    assert kept["2207"] != kept["6819"]
    hashes = [
        row["bank_hash"]
        for path in (home / "lake").rglob("payroll_event/data/**/*.parquet")
        for row in pq.ParquetFile(path).read(["bank_hash", "bank_last"]).to_pylist()
        if row["bank_last"] == "2207"
    ]
    assert len(hashes) >= 2
    assert len(set(hashes)) == 1
