"""Rules of the house that no linter knows: names of modules, the lock file, versions, docstrings."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import pickglass

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "pickglass"
LOCK = ROOT / "requirements.lock"
NAMELESS = {"util", "utils", "helper", "helpers", "common", "base", "manager", "managers"}


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@cache
def locked() -> tuple[str, ...]:
    """Every requirement of the lock on one line, comments left out."""
    lines = [line for line in LOCK.read_text().splitlines() if not line.lstrip().startswith("#")]
    return tuple(line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip())


def canonical(requirement: str) -> str:
    """The normal form of the name that a requirement starts with."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match, f"a requirement without a name: {requirement!r}"
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def modules() -> list[Path]:
    return [path for folder in ("src", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]


def packages() -> list[Path]:
    return sorted(PACKAGE.rglob("__init__.py"))


def test_every_module_is_named_after_a_concept() -> None:
    nameless = [
        str(path.relative_to(ROOT))
        for path in modules()
        if any(
            part in NAMELESS or part.rpartition("_")[2] in NAMELESS
            for part in path.relative_to(ROOT).with_suffix("").parts
        )
    ]
    assert not nameless, "name these after what they hold, not after how they are used"


@pytest.mark.parametrize("path", packages(), ids=lambda path: str(path.parent.relative_to(PACKAGE.parent)))
def test_every_package_has_a_docstring(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, "explain the package as if to a new colleague"


def test_version_is_the_same_everywhere() -> None:
    assert project()["project"]["version"] == pickglass.__version__


def test_the_lock_names_no_address() -> None:
    text = LOCK.read_text()
    for word in ("://", "--index-url", "--extra-index-url", "--find-links", "--trusted-host", " @ "):
        assert word not in text, f"the lock must install from whichever registry is configured: {word}"


def test_the_lock_names_no_path() -> None:
    paths = re.findall(r"(?<![\w.-])(?:~|\.{1,2})?/[\w./-]+", LOCK.read_text())
    assert not paths, "the lock must read the same wherever it was made"


def test_the_lock_pins_and_hashes_every_requirement() -> None:
    for line in locked():
        requirement, *hashes = line.split("--hash=")
        assert re.match(r"[a-z0-9-]+==[^\s;]+\s", requirement), f"not pinned: {requirement}"
        assert hashes, f"not hashed: {requirement}"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", one) for one in hashes), f"odd hash: {requirement}"
    assert len(locked()) > 20


def test_the_lock_holds_every_dependency_that_the_project_names() -> None:
    named = [
        *project()["project"]["dependencies"],
        *project()["dependency-groups"]["dev"],
        *project()["build-system"]["requires"],
    ]
    missing = {canonical(one) for one in named} - {canonical(one) for one in locked()}
    assert not missing, "run `make lock`"
