"""Masks: whoever may not see a value cannot put it together again from what is shown."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pickglass.faces.masking import HIDDEN, mask, sentence_mask, swept
from pickglass.faces.printable import LIMIT, STRANGE, printable, printable_lines, printable_tree

WORD = st.text(string.ascii_letters, min_size=6, max_size=20)
DIGITS = st.permutations(string.digits).map("".join)


def middle(text: str) -> str:
    return text[len(text) // 3 : -(len(text) // 3)]


@given(st.lists(WORD, min_size=1, max_size=5))
def test_a_masked_name_or_address_never_holds_the_middle_of_a_word(words: list[str]) -> None:
    masked = mask(" ".join(words), "contact")
    assert all(middle(word) not in masked for word in words)


@given(WORD, WORD)
def test_a_masked_mail_address_keeps_its_domain_only(local: str, host: str) -> None:
    assume(local[1:] not in host)
    address = f"{local}@{host}.example"
    for masked in (
        mask(address, "contact"),
        swept(f"written by {address}, they say"),
        mask(address, "pseudonym"),
    ):
        assert local not in masked
        assert local[1:] not in masked
        assert f"@{host}.example" in masked


@given(DIGITS)
def test_a_masked_number_never_holds_its_middle(digits: str) -> None:
    for personal_data in ("contact", "financial", "content", "protected"):
        assert middle(digits) not in str(mask(digits, personal_data)), personal_data
    assert middle(digits) not in mask("+" + digits, "contact")
    assert middle(digits) not in swept(f"call +{digits} now")


@given(st.text(min_size=1), st.sampled_from(("content", "protected")))
def test_content_and_protected_values_are_hidden_whole(text: str, personal_data: str) -> None:
    assert mask(text, personal_data) == HIDDEN  # type: ignore[arg-type] # a literal


@pytest.mark.parametrize("value", [None, True, False])
def test_what_is_not_there_stays_so(value: bool | None) -> None:
    assert mask(value, "content") is value


def test_lists_are_masked_element_by_element() -> None:
    assert mask(["Ada Lovelace", None], "contact") == ["A… L…", None]


def test_the_last_characters_of_an_account_are_shown_and_an_amount_is_not() -> None:
    assert mask("DE89370400440532013000", "financial") == "…3000"
    assert mask("6819", "financial") == "…6819"
    assert mask("123456", "financial") == HIDDEN
    assert mask(5200.5, "financial") == HIDDEN


@pytest.mark.parametrize(
    "text",
    [
        "203.0.113.7",
        "2026-03-02 14:05 UTC",
        "tt-m00020",
        "S-D23B2F9014F76D",
        "1,281 rows (2 files)",
        "+12.6 bits",
    ],
)
def test_what_is_no_contact_stays_readable(text: str) -> None:
    assert swept(text) == text


def test_fields_without_a_class_are_swept_and_made_harmless() -> None:
    shown = sentence_mask({"place": "contact"}, reveal=False)
    assert shown("account", "upn:ada.lovelace@example.org") == "upn:a…@example.org"
    assert shown("tool", "a\x1b[31mb") == f"a{STRANGE}[31mb"
    assert shown("place", "12 Main Street") == "1… M… S…"
    assert shown("days", 3) == 3
    assert sentence_mask({"place": "contact"}, reveal=True)("place", "12 Main Street") == "12 Main Street"


@given(st.text())
def test_printable_text_can_always_be_shown_on_one_line(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) <= LIMIT + 1
    shown.encode()


def test_lines_are_kept_and_everything_else_is_not() -> None:
    assert printable_lines("a\tb\n\u202ec\x07") == f"a b\n{STRANGE}c{STRANGE}"
    assert printable_tree({"a\ud800": ["\ud800", 1, None]}) == {f"a{STRANGE}": [STRANGE, 1, None]}
