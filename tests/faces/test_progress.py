"""How far a load is: one line now and then in a log, one that is drawn on a terminal, and never on stdout."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.faces.conftest import Answer
from tests.lake.exports import ndjson, okta

from pickglass.faces.cli import output
from pickglass.faces.cli.output import standing_line
from pickglass.loading import Standing

Call = Callable[..., Answer]
ROOT = Path(__file__).parents[2]
START = Standing(
    files=20_000,
    files_done=0,
    bytes=1000,
    bytes_done=0,
    looked=0,
    before=0,
    records=0,
    record_bytes=0,
    rejected=0,
)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    for number in range(3):
        ndjson(tmp_path / "in" / f"{number}.json", [okta(f"e{number}")])
    return tmp_path / "in"


def test_a_line_says_what_is_done_how_fast_and_what_is_left() -> None:
    half = replace(
        START,
        files_done=5000,
        bytes_done=250,
        looked=9000,
        before=1200,
        records=1_000_000,
        record_bytes=500_000_000,
        rejected=12,
    )
    assert standing_line(half, 100.0) == (
        "5,000 of 20,000 files, 9,000 recognised, 1,200 loaded before, 1,000,000 records, 10,000 records/s, "
        "5.0 MB/s, 12 rejected, 0:05:00 left"
    )


@pytest.mark.parametrize(
    ("standing", "seconds"),
    [(START, 100.0), (replace(START, bytes_done=500), 1.0), (replace(START, bytes_done=5), 100.0)],
    ids=["nothing done", "too soon", "too little"],
)
def test_nothing_is_said_of_the_time_left_while_nobody_can_know(standing: Standing, seconds: float) -> None:
    assert "left" not in standing_line(standing, seconds)


def test_files_without_bytes_are_counted() -> None:
    empty = replace(START, bytes=0, files=4, files_done=1)
    assert standing_line(empty, 30.0).endswith("0:01:30 left")
    assert output.share_done(replace(empty, files=0, files_done=0)) == 1.0


def test_a_log_gets_a_line_now_and_then_on_stderr(
    call: Call, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "PLAIN_EVERY", 0.0)
    often = call("load", exports, "--home", tmp_path / "h", "--json")
    lines = [line for line in often.err.splitlines() if line.startswith("loading: ")]
    assert lines[-1].startswith("loading: 3 of 3 files, 3 records, ")
    assert often.json()["load"]["files"] == 3, "stdout is data alone"
    monkeypatch.setattr(output, "PLAIN_EVERY", 3600.0)
    seldom = call("load", exports, "--home", tmp_path / "h")
    assert "loading: " not in seldom.err
    assert "files loaded before: 3" in seldom.err


def test_a_terminal_gets_a_drawn_line_and_stdout_none_of_it(exports: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "pickglass.faces.cli.main"),
            *("load", str(exports), "--home", str(tmp_path / "h"), "--json"),
        ],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm", "COLUMNS": "160"},
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        drawn = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            drawn += data
        out = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0, drawn
    assert json.loads(out)["load"]["rows"] == {"signin": 3}
    assert b"of 3 files" in drawn
    assert b"\x1b[" in drawn


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--since", "yesterday"], 3, "'yesterday' is not a date"),
        (["https://example.com/x"], 3, "addresses of this kind are not read"),
        (["s3://"], 3, "names no bucket"),
        (["s3://key:secret@bucket/x"], 3, "credentials do not belong in an address"),
        (["nothing-*.json"], 3, "no file fits this pattern"),
    ],
)
def test_mistakes_of_a_load_say_what_to_do(
    call: Call, exports: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    answer = call("load", exports, *arguments, "--home", tmp_path / "h")
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
    assert not (tmp_path / "h").exists()


def test_since_leaves_older_files_out_and_says_so(call: Call, exports: Path, tmp_path: Path) -> None:
    os.utime(exports / "0.json", (0, 0))
    answer = call("load", exports, "--since", "2026-01-01", "--home", tmp_path / "h", "--json")
    assert answer.json()["load"]["older"] == 1
    assert "files left out as last modified before --since: 1" in answer.err


def test_a_watch_of_nothing_is_refused(call: Call, tmp_path: Path) -> None:
    answer = call("watch", tmp_path / "nowhere", "--home", tmp_path / "h")
    assert (answer.code, answer.out) == (3, "")
    assert "there is no such folder" in answer.err


def test_a_watch_once_ends_with_3_if_a_file_is_quarantined(call: Call, tmp_path: Path) -> None:
    ndjson(tmp_path / "in" / "bad.json", [okta(f"b{number}", "never") for number in range(30)])
    answer = call("watch", tmp_path / "in", "--once", "--settle", 0, "--json", "--home", tmp_path / "h")
    assert answer.code == 3
    (line,) = answer.out.splitlines()
    assert json.loads(line)["load"]["quarantined"][0]["file"] == "bad.json"
