"""The pages of the catalogue are as written by `python -m pickglass.faces.indicator_pages docs`, and nothing else is there."""

from pathlib import Path

from tests.faces import golden

from pickglass.faces.indicator_pages import pages

DOCS = Path(__file__).parents[2] / "docs"


def test_the_pages_are_up_to_date() -> None:
    written = pages()
    for name, text in written.items():
        golden.matches(f"../../../docs/{name}", text)
    assert {f"indicators/{path.name}" for path in (DOCS / "indicators").iterdir()} | {"coverage.md"} == set(
        written
    )
