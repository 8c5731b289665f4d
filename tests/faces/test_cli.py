"""The command line: exit codes, stdout and stderr, masks, and mistakes that people make."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.faces import golden
from tests.faces.conftest import SOURCES, Answer, Samples
from tests.faces.made_up import ADDRESS, MAIL, NAME, PHONE, run_with_two

from pickglass import pipeline
from pickglass.faces.cli.reference import reference
from pickglass.faces.exports.report import render_report
from pickglass.model.schema import schema
from pickglass.settings import load_settings
from pickglass.store import audit, open_store

Call = Callable[..., Answer]
SUBJECT = "S-AAAA1111BB"
ROOT = Path(__file__).parents[2]


def process(*arguments: object, **more: Any) -> subprocess.Popen[str]:
    """Start the command line as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "pickglass.faces.cli.main", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        **more,
    )


def case_of(home: Path) -> str:
    with open_store(load_settings(home, {})) as store:
        (opened,) = audit.entries(store, action="case.open")
    return opened.object


# -- what help says ------------------------------------------------------------------------------------------


def test_every_help_page_is_as_documented() -> None:
    """docs/cli.md is the golden file of all help pages."""
    golden.matches("../../../docs/cli.md", reference())


def test_no_verb_shows_the_help_and_is_wrong_use(call: Call) -> None:
    answer = call()
    assert (answer.code, answer.out) == (2, "")
    assert "Commands:" in answer.err


def test_the_version_is_the_package_s(call: Call) -> None:
    assert call("--version").out == "pickglass, version 0.1.0\n"


def test_start_up_imports_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from pickglass.faces.cli.main import main\n"
        "sys.argv = ['pickglass', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    heavy = {
        "duckdb",
        "pyarrow",
        "pyiceberg",
        "sqlalchemy",
        "sqlglot",
        "numpy",
        "jinja2",
        "rich",
        "yaml",
        "orjson",
    }
    assert heavy & set(done.stderr.split()) == set()


# -- mistakes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["rnu"], 2, "Did you mean 'run'?"),
        (["subject", "shwo"], 2, "Did you mean 'show'?"),
        (["run"], 5, "nothing has been loaded here yet"),
        (["case", "list", "--stat", "all"], 2, "--state"),
        (["case", "verdict", "C-1", "guilty", "--reason", "x"], 2, "'cleared'"),
        (["subject", "show", SUBJECT, "--reveal", "  "], 2, "give a reason"),
        (["simulate", "x", "--workers", "1"], 2, "is not in the range"),
        (["indicator", "show", "dev-jigler"], 5, "hint: did you mean dev-jiggler?"),
        (["indicator", "show", "qqqqqqqq"], 5, "hint: `pickglass indicator list` names them all"),
        (["indicator", "check"], 2, "--all"),
        (["indicator", "check", "jiggler"], 5, "hint: did you mean dev-jiggler?"),
        (["source", "check", "fedex_trak"], 5, "hint: did you mean fedex_track?"),
        (["source", "check", "okta"], 5, "hint: did you mean okta_system_log or okta_system_log_csv?"),
        (["source", "detect", "nothing.json"], 3, "nothing.json: there is no such file or folder"),
        (["source", "detect", "nothing*.json"], 3, "nothing*.json: no file fits this pattern"),
        (["run", "nothing", "nowhere"], 3, "nowhere: there is no such file or folder"),
        (["load", "nothing"], 3, "hint: check the path"),
        (["assess"], 5, "nothing has been loaded here yet"),
        (["doctor"], 5, "hint: `pickglass run PATH --home"),
        (["case", "list"], 5, "nothing has been loaded here yet"),
        (["case", "show", "C-1"], 5, "nothing has been loaded here yet"),
        (["subject", "show", "S-1"], 5, "nothing has been loaded here yet"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_has_its_code_and_says_what_to_do(
    *, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = call(*arguments)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
    assert not (tmp_path / "person" / ".pickglass" / "pickglass.db").exists(), "a mistake makes no home"


def test_what_is_missing_in_a_filled_home(call: Call, home: Path) -> None:
    for arguments in (
        ["case", "show", "C-1"],
        ["subject", "show", "S-QQQQ"],
        ["subject", "show", "workday:E9"],
    ):
        answer = call(*arguments, "--home", home)
        assert (answer.code, answer.out) == (5, ""), arguments
        assert "hint:" in answer.err


def test_an_unclear_beginning_names_those_that_fit(call: Call, home: Path) -> None:
    assert call("subject", "show", "S-AA", "--home", home).code == 0
    assert call("subject", "show", "88123", "--home", home).code == 0
    assert call("subject", "show", "workday:E1042", "--home", home).code == 0


def test_wrong_settings_are_told_with_their_line(call: Call, home: Path) -> None:
    (home / "settings.yaml").write_text("threads: 2\nmemory_limt: 1GB\n")
    answer = call("case", "list", "--home", home)
    assert (answer.code, answer.out) == (4, "")
    assert "settings.yaml:2: memory_limt is no setting" in answer.err
    assert "did you mean memory_limit?" in answer.err


def test_a_home_that_is_a_file_is_a_wrong_configuration(call: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for arguments in (["case", "list"], ["load", tmp_path / "file"], ["doctor"]):
        answer = call("--home", tmp_path / "file", *arguments)
        assert (answer.code, answer.out) == (4, ""), arguments


def test_a_store_that_is_none_is_a_wrong_configuration(call: Call, home: Path) -> None:
    for leftover in home.glob("pickglass.db-*"):
        leftover.unlink()
    (home / "pickglass.db").write_bytes(b"this is no database, but it is long enough to look at" * 100)
    answer = call("case", "list", "--home", home)
    assert (answer.code, answer.out) == (4, "")
    assert "hint:" in answer.err


def test_a_home_that_another_load_holds_is_refused(call: Call, tmp_path: Path) -> None:
    import fcntl

    home, export = tmp_path / "home", tmp_path / "export.ndjson"
    home.mkdir()
    export.write_text("{}\n")
    with (home / "load.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        answer = call("load", export, "--home", home)
    assert answer.code == 4, answer.err
    assert "hint:" in answer.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_home_that_may_not_be_read_is_a_wrong_configuration(call: Call, home: Path) -> None:
    home.chmod(0)
    try:
        assert call("case", "list", "--home", home).code == 4
    finally:
        home.chmod(0o700)


def test_control_codes_in_an_argument_do_not_reach_the_terminal(call: Call, home: Path) -> None:
    for arguments in (
        ["\x1b[31mrun"],
        ["subject", "show", "S-\x1b[31m", "--home", home],
        ["load", "\x1b[31m"],
    ):
        answer = call(*arguments)
        assert answer.code != 0
        assert "\x1b" not in answer.err


def test_a_bug_has_an_id_and_no_trace_or_value(
    call: Call, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"cannot cast {NAME}")

    monkeypatch.setattr(pipeline, "assess", broken)
    answer = call("assess", "--home", home)
    assert (answer.code, answer.out) == (1, "")
    number = answer.err.split("id ")[1][:8]
    log = (tmp_path / "state" / "pickglass" / "bugs.log").read_text()
    assert number in log
    assert "test_cli.py" in log
    assert NAME not in log + answer.err


@pytest.mark.parametrize("becomes", [KeyboardInterrupt, RuntimeError])
def test_ctrl_c_ends_quietly_whatever_the_engine_makes_of_it(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch, becomes: type[BaseException]
) -> None:
    def stopped(*_: object) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as stop:
            raise becomes from stop

    monkeypatch.setattr(pipeline, "assess", stopped)
    answer = call("assess", "--home", home)
    assert (answer.code, answer.out) == (130, "")
    assert answer.err.endswith("stopped\n")


# -- home ----------------------------------------------------------------------------------------------------


def test_home_is_taken_before_the_verb_after_it_and_from_the_environment(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [call("--home", home, "case", "list"), call("case", "list", "--home", home)]
    monkeypatch.setenv("PICKGLASS_HOME", str(home))
    answers.append(call("case", "list"))
    assert [answer.code for answer in answers] == [0, 0, 0]
    assert len({answer.out for answer in answers}) == 1
    assert call("case", "list", "--home", home / "other").code == 5, "what is typed wins"


# -- cases and subjects --------------------------------------------------------------------------------------


def test_a_case_goes_from_the_list_to_its_verdict(call: Call, home: Path) -> None:
    listed = call("case", "list", "--home", home)
    header, row = listed.out.splitlines()
    assert header.split("\t")[:3] == ["case", "subject", "band"]
    case = row.split("\t")[0]
    assert row.split("\t")[1:3] == [SUBJECT, "act"]
    assert "cases" in listed.err

    assert call("case", "note", case, f"called {MAIL}", "--home", home).code == 0
    noted = call("case", "note", case, "asked the manager", "--home", home, "--json").json()
    assert (noted["case"], noted["text"]) == (case, "asked the manager")

    shown = call("case", "show", case, "--home", home).out
    assert "asked the manager" in shown
    assert MAIL not in shown
    assert "What was found, strongest first (2)" in shown

    alone = call("case", "verdict", case, "confirmed", "--reason", "seen", "--home", home)
    assert (alone.code, alone.out) == (6, "")
    assert "second person" in alone.err
    done = call(
        "case", "verdict", case, "cleared", "--reason", "moved house", "--home", home, "--json"
    ).json()
    assert (done["case"], done["verdict"]) == (case, "cleared")
    assert call("case", "verdict", case, "cleared", "--reason", "again", "--home", home).code == 6

    document = call("case", "show", case.lower(), "--home", home, "--json").json()
    assert document["version"] == 1
    assert document["case"]["state"] == "closed"
    assert [one["verdict"] for one in document["verdicts"]] == ["cleared"]
    assert len(document["notes"]) == 2
    assert call("case", "list", "--home", home, "--json").json() == []
    assert len(call("case", "list", "--state", "all", "--home", home, "--json").json()) == 1


def test_a_subject_is_shown_masked_and_the_view_is_logged(call: Call, home: Path) -> None:
    shown = call("subject", "show", SUBJECT, "--home", home)
    assert (shown.code, shown.err) == (0, "")
    document = call("subject", "show", "E1042", "--home", home, "--json").json()
    assert document["subject"]["id"] == SUBJECT
    assert document.keys() == {"version", "subject", "links", "versions", "attestations"}
    for text in (shown.out, json.dumps(document, ensure_ascii=False)):
        assert [
            one for one in (NAME, "Verylongname", MAIL, PHONE, ADDRESS, "Alderbrook") if one in text
        ] == []
        assert not any(code in text for code in ("\x1b", "\u202e", "\x07"))
    with open_store(load_settings(home, {})) as store:
        assert [entry.object for entry in audit.entries(store, action="view")] == [SUBJECT, SUBJECT]
        assert audit.entries(store, action="reveal") == []


def test_a_reveal_is_in_the_log_under_the_pseudonym_before_anything_is_shown(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "asked by counsel, matter 12"
    for arguments in (["subject", "show", "E1042"], ["case", "show", case_of(home)]):
        assert NAME in call(*arguments, "--home", home, "--reveal", reason).out
    with open_store(load_settings(home, {})) as store:
        logged = audit.entries(store, action="reveal")
        assert [(entry.object, entry.reason) for entry in logged] == [
            (case_of(home), reason),
            (SUBJECT, reason),
        ]
        assert audit.verify(store).whole

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "pickglass.db")

    monkeypatch.setattr(audit, "record", full)
    refused = call("subject", "show", SUBJECT, "--home", home, "--reveal", reason)
    assert (refused.code, refused.out) == (4, "")
    assert "No space left on device" in refused.err


# -- run, assess ---------------------------------------------------------------------------------------------


def test_findings_at_or_above_the_band_end_with_ten(
    call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "assess", lambda *_: run_with_two())
    codes = {
        band: call("assess", "--home", home, "--fail-on", band).code for band in ("act", "review", "watch")
    }
    assert codes == {"act": 10, "review": 10, "watch": 10}
    quiet = call("assess", "--home", home)
    assert quiet.code == 0
    header, row = quiet.out.splitlines()
    assert header.split("\t")[:3] == ["subject", "name", "band"]
    assert row.split("\t")[:3] == [SUBJECT, "R… V…", "act"]
    assert "warning: made-up-broken could not be asked" in quiet.err
    assert MAIL not in quiet.err


def test_a_revealed_queue_is_logged(call: Call, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "assess", lambda *_: run_with_two())
    assert NAME in call("assess", "--home", home, "--reveal", "weekly review").out
    with open_store(load_settings(home, {})) as store:
        (entry,) = audit.entries(store, action="reveal")
    assert (entry.object, entry.reason) == ("queue", "weekly review")


def test_a_date_that_is_none_is_bad_input(call: Call, home: Path) -> None:
    answer = call("assess", "--home", home, "--as-of", "last week")
    assert (answer.code, answer.out) == (3, "")
    assert "2026-03-31" in answer.err


def test_a_quarantined_file_is_named_and_ends_with_three(call: Call, tmp_path: Path) -> None:
    good = (SOURCES / "github_audit" / "sample.ndjson").read_text().splitlines()[:2] * 3
    export = tmp_path / "audit.ndjson"
    export.write_text("\n".join([*good, *['{"broken": '] * 20]) + "\n")
    answer = call("load", export, "--home", tmp_path / "home", "--json")
    load = answer.json()["load"]
    assert answer.code == 3, load
    assert [one["file"] for one in load["quarantined"]] == ["audit.ndjson"]
    assert load["records"]["rejected"] >= 20
    assert "quarantined: audit.ndjson" in answer.err


# -- everybody's samples -------------------------------------------------------------------------------------


# Words of ours that somebody's record holds as well: a name on a call, a team, an employment, what a carrier says.
OUR_WORDS = {
    "Candidate",
    "Contact",
    "Delivered",
    "Platform",
    "Senior Backend Engineer",
    "full-time",
    "terminated",
}


def personal_values() -> Iterator[str]:
    """Give every value that the sources' expected rows hold in a column that is to be masked."""
    for path in SOURCES.glob("*/expected.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = orjson.loads(line)
            columns = schema().tables[row["table"]].columns
            for name, value in row.items():
                if name not in columns or columns[name].personal_data in ("none", "pseudonym"):
                    continue
                if isinstance(value, str) and len(value) > 6 and value not in OUR_WORDS:
                    yield value


@pytest.fixture(scope="module")
def people() -> set[str]:
    found = set(personal_values())
    assert len(found) > 50
    return found


def test_the_samples_are_accounted_for_and_everybody_is_listed(samples: Samples) -> None:
    records = samples.document["load"]["records"]
    assert records["read"] == sum(count for fate, count in records.items() if fate != "read")
    assert samples.document["load"]["unrecognised"] == []
    assert len(samples.document["subjects"]) >= 6
    ordinary = [1 - one["posterior"]["ordinary"] for one in samples.document["subjects"]]
    assert ordinary == sorted(ordinary, reverse=True)


def test_no_value_of_a_person_in_the_samples_leaves_unmasked(
    call: Call, samples: Samples, people: set[str]
) -> None:
    home = samples.home
    subjects = [one["id"] for one in samples.document["subjects"]]
    answers = [
        call("doctor", "--home", home),
        call("doctor", "--home", home, "--json"),
        call("case", "list", "--state", "all", "--home", home),
        *(call("subject", "show", one, "--home", home) for one in subjects),
        *(call("subject", "show", one, "--home", home, "--json") for one in subjects[:3]),
        call("source", "detect", samples.folder),
    ]
    assert {answer.code for answer in answers} == {0}
    texts = [answer.out + answer.err for answer in answers]
    texts += [json.dumps(samples.document, ensure_ascii=False), render_report(samples.run)]
    found = sorted({value for value in people for text in texts if value in text})
    assert not found, str(found)


def test_loading_again_changes_nothing_and_tells_the_fates(call: Call, samples: Samples) -> None:
    again = call("load", samples.folder, "--home", samples.home)
    assert (again.code, again.out) == (0, "")
    assert "rows: none new" in again.err
    read = samples.document["load"]["records"]["read"]
    assert f"{read:,} records read" in again.err


def test_what_a_file_is_and_why(call: Call, samples: Samples) -> None:
    found = call("source", "detect", samples.folder / "fedex_track.sample.json", "--json").json()
    assert [one["source"] for one in found] == ["fedex_track"]
    assert found[0]["why"]


@pytest.mark.parametrize("noun", ["indicator", "source"])
def test_lists_are_arrays_with_id_and_status(call: Call, noun: str) -> None:
    listed = call(noun, "list", "--json").json()
    assert len(listed) > 10
    assert all(one["id"] and one["status"] for one in listed)
    plain = call(noun, "list").out.splitlines()
    assert [line.split("\t")[0] for line in plain] == ["id", *(one["id"] for one in listed)]


def test_one_indicator_and_one_source(call: Call) -> None:
    shown = call("indicator", "show", "dev-jiggler")
    assert "Innocent causes: " in shown.out
    assert "SELECT" in call("indicator", "show", "dev-jiggler", "--json").json()["sql"]
    (checked,) = call("source", "check", "github_audit", "--json").json()
    assert (checked["id"], checked["problems"]) == ("github_audit", [])


# -- as a process --------------------------------------------------------------------------------------------


def test_a_reader_that_goes_away_is_no_error() -> None:
    with process("indicator", "list", "--json") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 0
