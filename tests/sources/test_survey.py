"""Many files are looked at in several processes as if it were one: same answers, same order, bounded."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lake.exports import ndjson, okta, worker

from pickglass.sources import survey
from pickglass.sources.definitions import definitions
from pickglass.sources.survey import Chunk, Looked, Task, chunks, surveyed


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    paths = [
        ndjson(tmp_path / "in" / f"{number:03d}.json", [okta(f"e{number}") if number % 3 else worker("E1")])
        for number in range(150)
    ]
    (tmp_path / "in" / "040.json").write_bytes(b"\x00" * 2000)
    paths.append(tmp_path / "in" / "missing.json")
    return [Task(path, 300) for path in paths]


def answers(given: list[Task], workspace: Path, processes: int) -> list[tuple[Path, list[Looked]]]:
    found = []
    for chunk, looked in surveyed(chunks(iter(given)), definitions(), workspace, processes):
        found += [(task.path, one) for task, one in zip(chunk, looked, strict=True)]
    return found


def test_two_processes_answer_what_one_does_in_the_same_order(tasks: list[Task], tmp_path: Path) -> None:
    alone, together = answers(tasks, tmp_path, 1), answers(tasks, tmp_path, 2)
    assert alone == together
    assert [path for path, _ in together] == [task.path for task in tasks]
    assert together[1][1][0].source == "okta_system_log"
    assert together[40][1][0].source is None
    assert "no such file" in together[-1][1][0].why


def test_no_more_is_taken_than_a_few_chunks_ahead(tasks: list[Task], tmp_path: Path) -> None:
    """Memory does not grow with the folder: what is given is drawn as answers are taken."""
    drawn = 0

    def counted() -> Iterator[Chunk]:
        nonlocal drawn
        for task in tasks:
            drawn += 1
            yield [task]

    found = surveyed(counted(), definitions(), tmp_path, 2)
    for taken in range(1, 40):
        next(found)
        assert drawn <= taken + survey.AHEAD * 2
    found.close()


def test_a_chunk_fits_into_a_message_and_is_not_too_large(tmp_path: Path) -> None:
    small = [Task(tmp_path / str(number), 10) for number in range(200)]
    assert [len(chunk) for chunk in chunks(iter(small))] == [64, 64, 64, 8]
    large = [Task(tmp_path / str(number), 40 * 1024 * 1024) for number in range(3)]
    assert [len(chunk) for chunk in chunks(iter(large))] == [1, 1, 1]
    long = [Task(tmp_path / ("x" * 4000), 10) for _ in range(10)]
    assert max(len(chunk) for chunk in chunks(iter(long))) <= 4


def test_a_file_that_ends_its_process_is_told_and_the_others_go_on(
    tasks: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that looks dies by a signal at one file, as the kernel ends one that asks for too much memory."""
    deadly = tasks[70].path.name
    start = subprocess.Popen

    def dying(command: list[str], **more: object) -> object:
        program = (
            "import os\n"
            "from pickglass.sources import survey\n"
            "look = survey.look\n"
            "def lethal(task, known, workspace):\n"
            f"    if task.path.name == {deadly!r}:\n"
            "        os.kill(os.getpid(), 9)\n"
            "    return look(task, known, workspace)\n"
            "survey.look = lethal\n"
        )
        before, _, after = command[2].partition("from pickglass.sources.survey import serve;")
        run = f"{before}exec({program!r}); from pickglass.sources.survey import serve;{after}"
        return start([command[0], "-c", run], **more)  # type: ignore[call-overload]

    expected = answers(tasks, tmp_path, 1)
    monkeypatch.setattr("pickglass.sources.survey.subprocess.Popen", dying)
    found = answers(tasks, tmp_path, 2)
    assert signal.Signals.SIGKILL.name in found[70][1][0].why
    assert found[:70] + found[71:] == expected[:70] + expected[71:]


def test_a_mistake_of_ours_is_seen_and_not_hidden_in_a_process(
    tasks: list[Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails in a process of the survey fails again in ours, where it is told as the bug that it is."""

    def failing(_task: Task, _known: object, _workspace: object) -> list[Looked]:
        raise ZeroDivisionError

    monkeypatch.setattr("pickglass.sources.survey.sys.executable", "/bin/false")
    monkeypatch.setattr("pickglass.sources.survey.look", failing)
    with pytest.raises(ZeroDivisionError):
        answers(tasks, tmp_path, 2)
