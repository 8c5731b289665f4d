"""Two homes: one with a made-up assessment (fast), one into which every source's samples were loaded."""

import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.faces.made_up import TIME, VERSIONS, run_with_two

import pickglass
from pickglass.cases import open_for, save_run
from pickglass.faces.cli.main import main
from pickglass.faces.exports.run_document import run_document
from pickglass.pipeline import Run
from pickglass.settings import load_settings
from pickglass.store import open_store

SOURCES = Path(pickglass.__file__).parent / "sources"


@dataclass(frozen=True)
class Answer:
    """What a command printed, and the code that it ended with."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return orjson.loads(self.out)


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[..., Answer]]:
    """Run the command line as the process would, without its start-up."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.delenv("PICKGLASS_HOME", raising=False)

    # main() takes Ctrl-C over; pytest wants it back.
    before = signal.getsignal(signal.SIGINT)

    def call(*arguments: object) -> Answer:
        monkeypatch.setattr("sys.argv", ["pickglass", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Answer(int(stop.value.code or 0), printed.out, printed.err)

    yield call
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that holds the made-up run, with a case for the subject in band act."""
    folder = tmp_path / "home"
    run = run_with_two()
    with open_store(load_settings(folder, {})) as store:
        save_run(store, run.documents, as_of=TIME, scorecard="2026-11", versions=VERSIONS, actor="ada")
        open_for(store, run.assessments)
    return folder


@dataclass(frozen=True)
class Samples:
    """The samples of all sources, loaded together and assessed."""

    home: Path
    folder: Path
    run: Run
    document: dict[str, Any]


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    folder = tmp_path_factory.mktemp("samples")
    for source in sorted(SOURCES.iterdir()):
        for sample in sorted(source.glob("sample*")):
            shutil.copy(sample, folder / f"{source.name}.{sample.name}")
    home = tmp_path_factory.mktemp("home")
    run = pickglass.run(load_settings(home, {}), [folder])
    return Samples(home, folder, run, run_document(run))
