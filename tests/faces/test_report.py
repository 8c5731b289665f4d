"""The HTML report: self-contained, silent, harmless whatever the data holds, readable by all."""

from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from tests.faces import golden
from tests.faces.made_up import ADDRESS, MAIL, MARKUP, NAME, PHONE, VERSIONS, run_with_two

from pickglass.faces.exports.report import render_report, write_report
from pickglass.faces.exports.run_document import stored_links, subject_document
from pickglass.faces.exports.text import WIDTH, subject_text

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Outline(HTMLParser):
    """Reads the report strictly: every tag is closed in order; keeps what the tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> out of order at {self.getpos()}"

    def named(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def text() -> str:
    return render_report(run_with_two())


@pytest.fixture(scope="module")
def outline(text: str) -> Outline:
    return Outline(text)


def test_it_is_the_golden_report(text: str) -> None:
    golden.matches("report.html", text)


def test_nothing_can_run_or_call_out(text: str, outline: Outline) -> None:
    tags = {tag for tag, _ in outline.tags}
    assert not tags & {
        "script",
        "img",
        "link",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "svg",
        "video",
        "audio",
    }
    for tag, attributes in outline.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "srcset", "action", "data", "poster", "background"):
            assert name not in attributes, tag
        assert (attributes.get("href") or "#").startswith("#"), "only anchors within the page"
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    (policy,) = [one["content"] for one in outline.named("meta") if "http-equiv" in one]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy


def test_data_is_escaped_and_made_harmless(text: str) -> None:
    assert MARKUP not in text
    assert "&lt;img src=http://evil.example/x" in text
    assert not any(code in text for code in ("\x1b", "\u202e", "\x07"))
    assert len(text) < 60_000, "a megabyte in one value is cut short"


def test_values_of_people_are_masked(text: str) -> None:
    assert [one for one in (NAME, "Verylongname", MAIL, PHONE, ADDRESS, "Alderbrook") if one in text] == []


def test_headings_and_tables_can_be_read_aloud(outline: Outline) -> None:
    levels = [int(tag[1]) for tag, _ in outline.tags if tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all("scope" in attributes for attributes in outline.named("th"))
    assert outline.named("html") == [{"lang": "en"}]
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    anchors = {(one["href"] or "")[1:] for one in outline.named("a")}
    assert anchors <= set(ids)


def test_a_reader_never_sees_half_a_report(tmp_path: Path) -> None:
    path = write_report(run_with_two(), tmp_path / "new" / "report.html")
    assert [one.name for one in path.parent.iterdir()] == ["report.html"]


def test_the_text_of_a_subject_is_the_golden_one() -> None:
    document = run_with_two().documents[0]
    text = subject_text(subject_document(document), stored_links(document), VERSIONS)
    assert max(map(len, text.splitlines())) <= WIDTH
    golden.matches("subject.txt", text + "\n")
