"""Work that ends itself by SIGKILL at a chosen moment; it runs in a process of its own."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pickglass.settings import Settings

# Importing takes longer than the loads, so one process imports and every victim is forked from it.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "tests.lake.killed",
        "pickglass.pipeline",
        "pickglass.lake.load",
        "pyiceberg.catalog.sql",
        "alembic.command",
    ]
)


def run(victim: Callable[..., None], *arguments: Any) -> int:
    """Run a function of this module in a process of its own; return its exit code, -9 for SIGKILL."""
    process = _CONTEXT.Process(target=victim, args=arguments)
    process.start()
    process.join(120)
    assert process.exitcode is not None, "the process hangs"
    code = process.exitcode
    process.close()
    return code


def load_until(settings: Settings, paths: Sequence[Path], moment: int) -> None:
    """Load, and die at the moment-th step that the load names."""
    from pickglass import pipeline
    from pickglass.lake import load

    vars(load)["step"] = _dying(moment)
    pipeline.load(settings, paths)


def care_until(settings: Settings, moment: int) -> None:
    """Compact and expire, and die at the moment-th step that the work names."""
    from pickglass import pipeline
    from pickglass.lake import load

    vars(load)["step"] = _dying(moment)
    pipeline.compact_lake(settings)
    pipeline.expire_lake(settings, now=True)


def erase_until(settings: Settings, reference: str, moment: str) -> None:
    """Erase a subject, and die at the step of this name."""
    from pickglass import pipeline

    _die_at(moment)
    pipeline.erase_subject(settings, reference, reason="request 2026-118")


def remap_until(settings: Settings, source: str, moment: str) -> None:
    """Map a source again, and die at the step of this name."""
    from pickglass import pipeline

    _die_at(moment)
    pipeline.remap_source(settings, source)


def load_until_original(settings: Settings, paths: Sequence[Path], method: str, moment: int) -> None:
    """Load, and die right before the moment-th call of a method by which an original is written."""
    from pickglass import pipeline
    from pickglass.lake import originals

    _die_before(originals._Part, method, moment)
    pipeline.load(settings, paths)


def open_until_migration(settings: Settings, moment: int) -> None:
    """Open a store for the first time, and die right before the moment-th statement that makes its tables."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    from pickglass.store import open_store

    die = _dying(moment)

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("CREATE", "INSERT", "UPDATE")):
            die("statement")

    event.listen(Engine, "before_cursor_execute", before)
    open_store(settings).close()


def hold_lock(settings: Settings, paths: Sequence[Path], ready: str) -> None:
    """Load, and stay in the middle of it for as long as the file `ready` is there, which this makes."""
    import time

    from pickglass import pipeline
    from pickglass.lake import load

    held = False

    def step(name: str) -> None:
        nonlocal held
        if name == "staged" and not held:
            held = True
            Path(ready).touch()
            while Path(ready).exists():
                time.sleep(0.02)

    load.step = step
    pipeline.load(settings, paths)


def start(victim: Callable[..., None], *arguments: Any) -> Any:
    """Start a function of this module in a process of its own, and return the process."""
    process = _CONTEXT.Process(target=victim, args=arguments)
    process.start()
    return process


def _die_at(moment: str) -> None:
    from pickglass.lake import load

    def step(name: str) -> None:
        if name == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    vars(load)["step"] = step


def _dying(moment: int) -> Callable[[str], None]:
    left = moment

    def step(_name: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def _die_before(owner: Any, method: str, moment: int) -> None:
    original, die = getattr(owner, method), _dying(moment)

    def replaced(*arguments: Any, **named: Any) -> Any:
        die(method)
        return original(*arguments, **named)

    setattr(owner, method, replaced)
