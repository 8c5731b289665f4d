"""Rules of the faces: every verb explains itself, has a function behind it, and shows nothing unescaped."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

import pickglass
from pickglass.faces.cli.main import COMMANDS, cli
from pickglass.faces.cli.reference import pages

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "pickglass"
FACES = PACKAGE / "faces"

# What a verb does can be done from Python as well. `demo` is simulate and run in a row.
FUNCTIONS = {
    "run": "pickglass:run",
    "load": "pickglass:load",
    "watch": "pickglass:watch",
    "assess": "pickglass:assess",
    "simulate": "pickglass.simulate:simulate",
    "doctor": "pickglass:health",
    "subject show": "pickglass:show_subject",
    "subject erase": "pickglass.pipeline:erase_subject",
    "subject hold": "pickglass.pipeline:hold_subject",
    "lake compact": "pickglass.pipeline:compact_lake",
    "lake expire": "pickglass.pipeline:expire_lake",
    "lake verify": "pickglass.pipeline:verify_lake",
    "lake status": "pickglass.pipeline:lake_status",
    "attest": "pickglass.pipeline:attest",
    "intel add": "pickglass.pipeline:add_intelligence",
    "intel list": "pickglass.pipeline:intelligence_lists",
    "intel expire": "pickglass.pipeline:expire_intelligence",
    "link list": "pickglass.linking:kept_links",
    "link show": "pickglass.linking:show_link",
    "link why": "pickglass.linking:why",
    "link confirm": "pickglass.linking:decide",
    "link reject": "pickglass.linking:decide",
    "case list": "pickglass.cases:list_cases",
    "case show": "pickglass.cases:show_case",
    "case note": "pickglass.cases:add_note",
    "case verdict": "pickglass.cases:set_verdict",
    "indicator list": "pickglass.indicators.catalogue:catalogue",
    "indicator show": "pickglass.indicators.catalogue:catalogue",
    "indicator check": "pickglass.indicators.lint:check",
    "indicator explain": "pickglass.pipeline:explain_indicator",
    "indicator coverage": "pickglass.coverage:coverage",
    "indicator new": "pickglass.pipeline:new_indicator",
    "source list": "pickglass.sources.definitions:definitions",
    "source detect": "pickglass:detect",
    "source check": "pickglass:check_sources",
    "source new": "pickglass.pipeline:new_source",
    "bench fairness": "pickglass.benchmark.fairness:fairness",
    "demo": "pickglass.simulate:simulate",
    "bench linkage": "pickglass.benchmark.linkage:measure_linkage",
}

# The places where a bug may meet somebody other than a developer.
BROAD = {
    "src/pickglass/faces/cli/main.py": 1,
    # It takes the panics of the library, which are no exceptions, and raises everything else again.
    "src/pickglass/sources/windows_events/parse.py": 1,
    "src/pickglass/sources/resume_file/apart.py": 1,  # a process of its own, which answers whatever happens
}


def commands(group: click.Group = cli, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield f"{path}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")


VERBS = dict(commands())
LEAVES = {path: command for path, command in VERBS.items() if not isinstance(command, click.Group)}


@pytest.mark.parametrize("path", VERBS)
def test_every_verb_explains_itself(path: str) -> None:
    command = VERBS[path]
    assert command.help, "it needs a docstring"
    assert re.match(r"[A-Z][^\n]*[.:]", command.help), "its first line is a sentence"
    if path in LEAVES:
        assert f"pickglass {path}" in command.help, "it shows an example of itself"
        assert "as_json" in {one.name for one in command.params}, "it can print JSON"


@pytest.mark.parametrize("path", VERBS)
def test_every_verb_is_documented(path: str) -> None:
    assert f"\n## pickglass {path}\n" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_short_help_of_the_lazy_verbs_is_all_there() -> None:
    assert set(COMMANDS) == {path.split()[0] for path in VERBS}
    assert len(list(pages(cli, "pickglass", None))) == len(VERBS) + 1


@pytest.mark.parametrize("path", LEAVES)
def test_every_verb_has_a_function_behind_it(path: str) -> None:
    module, _, name = FUNCTIONS[path].partition(":")
    assert callable(getattr(import_module(module), name))


def test_the_public_functions_are_named_and_there() -> None:
    assert all(getattr(pickglass, name) is not None for name in pickglass.__all__)


def trees(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_every_template_escapes() -> None:
    found = 0
    for path, tree in trees(FACES):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert name not in {"Markup", "Template"}, f"{path}:{node.lineno} gets past the escape"
            if name == "Environment":
                found += 1
                given = {one.arg: ast.unparse(one.value) for one in node.keywords}
                assert given.get("autoescape") == "True", f"{path}:{node.lineno} does not escape"
                assert "finalize" in given, f"{path}:{node.lineno} lets control codes through"
    assert found


def test_no_template_opens_a_hole() -> None:
    templates = sorted(FACES.rglob("*.html"))
    assert templates
    for path in templates:
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"\|\s*safe\b|autoescape\s+false|<script|javascript:|\bon[a-z]+\s*=\s*[\"']", text
        ), path
        assert not re.search(r"(href|src)=[\"'](?!#)", text), f"{path} asks for something elsewhere"


def broad_handlers(tree: ast.Module) -> list[int]:
    """Give the lines of handlers that take every exception and do not raise it again."""
    lines = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        types = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        names = {"" if one is None else ast.unparse(one) for one in types}
        last = node.body[-1]
        if names & {"", "Exception", "BaseException"} and not isinstance(last, ast.Raise):
            lines.append(node.lineno)
    return lines


def test_only_the_entry_takes_every_exception() -> None:
    found = {str(path.relative_to(ROOT)): broad_handlers(tree) for path, tree in trees(PACKAGE)}
    assert {path: len(lines) for path, lines in found.items() if lines} == BROAD
