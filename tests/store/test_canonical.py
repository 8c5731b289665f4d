"""One value has one text, and reading the text gives the value back."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pickglass.store.canonical import canonical_text, plain, sha256_of


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    when: datetime


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=12,
)


@settings(deadline=None)  # a busy machine is no fault
@given(VALUES)
def test_writing_what_was_read_gives_the_same_text(value: Any) -> None:
    text = canonical_text(value)
    assert plain(value) == value
    assert canonical_text(plain(value)) == text


@settings(deadline=None)  # a busy machine is no fault
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 9)))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical_text(value) == canonical_text(dict(reversed(value.items())))


def test_records_and_times_are_written_plainly() -> None:
    noon = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    value = {
        "z": Thing("ü", noon),
        "a": (Decimal("1.50"), date(2026, 3, 1), MappingProxyType({"b": 1})),
    }
    assert (
        canonical_text(value)
        == '{"a":["1.50","2026-03-01",{"b":1}],"z":{"name":"ü","when":"2026-03-01T12:00:00Z"}}'
    )


@pytest.mark.parametrize("value", [datetime(2026, 3, 1), {1, 2}, b"x"])  # noqa: DTZ001 that is the point
def test_what_has_no_one_text_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical_text({"value": value})


def test_the_hash_is_that_of_the_bytes() -> None:
    assert sha256_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
