"""pickglass finds workers who are not who they say they are, with evidence that stands.

The verbs of the command line are functions here:

>>> from pathlib import Path
>>> import pickglass
>>> settings = pickglass.load_settings(Path("home"))
>>> done = pickglass.run(settings, [Path("exports")])        # doctest: +SKIP
>>> done.documents[0]["assessment"]["band"]                  # doctest: +SKIP
'act'

`load` and `assess` are the two halves of `run`, and `watch` loads what appears in a folder; `show_subject`,
`health`, `detect` and `check_sources` answer questions about one person, the data, a file and the sources.
`simulate` in `pickglass.simulate` writes a synthetic company; it is no name of this module, because the package of
that name would hide it. Errors that a person can mend are `PickglassError`s, with what, where, why and a hint.
Names are imported when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pickglass.errors import ConfigError, InputError, NotAllowed, NotFound, PickglassError

if TYPE_CHECKING:
    from pickglass.pipeline import (
        LoadReport,
        Run,
        assess,
        check_sources,
        detect,
        health,
        load,
        run,
        show_subject,
    )
    from pickglass.settings import Settings, load_settings
    from pickglass.watching import watch

__version__ = "0.1.0"

_HOMES = {
    "LoadReport": "pipeline",
    "Run": "pipeline",
    "Settings": "settings",
    "assess": "pipeline",
    "check_sources": "pipeline",
    "detect": "pipeline",
    "health": "pipeline",
    "load": "pipeline",
    "load_settings": "settings",
    "run": "pipeline",
    "show_subject": "pipeline",
    "watch": "watching",
}

__all__ = [
    "ConfigError",
    "InputError",
    "LoadReport",
    "NotAllowed",
    "NotFound",
    "PickglassError",
    "Run",
    "Settings",
    "__version__",
    "assess",
    "check_sources",
    "detect",
    "health",
    "load",
    "load_settings",
    "run",
    "show_subject",
    "watch",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: start-up must not pay for what a command does not need."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pickglass' has no attribute {name!r}")
    return getattr(import_module(f"pickglass.{_HOMES[name]}"), name)
