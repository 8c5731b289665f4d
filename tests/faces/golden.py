"""Golden files: what people see, word for word, kept beside the tests.

A difference says that what people see has changed. Read it as a user would: is it better? Then run the
tests once with PICKGLASS_UPDATE_GOLDEN=1 and put the new file into the same commit. If you did not mean to
change it, it is a fault.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
UPDATE = "PICKGLASS_UPDATE_GOLDEN"


def matches(name: str, text: str) -> None:
    """Assert that a text is the one that is kept under this name, or keep it if that is wished."""
    path = FOLDER / name
    if os.environ.get(UPDATE):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"there is no golden file {name}: run once with {UPDATE}=1"
    assert text == path.read_text(encoding="utf-8"), f"{name} differs: see tests/faces/golden.py"
