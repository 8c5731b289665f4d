"""What is compared between two subjects, in which levels, and what is known of each level before any training.

Of each level three chances are stated: among pairs that are one person (`one_person`, which training moves), among
strangers, and within a family or couple. All are assumptions where no data speaks; they stand here once. The family's
matter as much as the strangers': what a couple shares must not make it one person.
"""

from __future__ import annotations

from dataclasses import dataclass

from pickglass.linkage.kinds import Sameness, kind_of
from pickglass.linkage.people import AUTHENTICATOR


@dataclass(frozen=True, slots=True)
class Level:
    """One outcome of a comparison: a condition over the pair's columns, and its chances."""

    words: str
    condition: str
    one_person: float
    strangers: float
    family: float
    frequency: str | None = None  # the column whose frequency takes the place of `strangers` in each pair
    by_accident: float = (
        0.0  # strangers that a subject shares such a value with, whatever the number of subjects
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing compared, from the closest level to the last, which is «none of these»."""

    name: str
    columns: tuple[str, ...]
    unknown: str
    levels: tuple[Level, ...]


def _alike(column: str, least: float) -> str:
    left, right = f"{column}_l", f"{column}_r"
    return (
        f"(jaro_winkler_similarity({left}, {right}) >= {least}"
        f" OR (length({left}) > 2 AND starts_with({right}, {left}))"
        f" OR (length({right}) > 2 AND starts_with({left}, {right})))"
    )


def _initial(column: str) -> str:
    left, right = f"{column}_l", f"{column}_r"
    return f"((length({left}) = 1 OR length({right}) = 1) AND left({left}, 1) = left({right}, 1))"


def _share(column: str) -> str:
    return f"list_has_any({column}_l, {column}_r)"


_GIVEN, _FAMILY = "given_name_l = given_name_r", "family_name_l = family_name_r"
_GIVEN_ALIKE = f"({_alike('given_name', 0.87)} OR {_initial('given_name')})"
_FAMILY_ALIKE = _alike("family_name", 0.9)
_SWAPPED = "(given_name_l = family_name_r AND family_name_l = given_name_r)"

NAMES = Comparison(
    "names",
    ("given_name", "family_name", "full_name"),
    "full_name_l IS NULL OR full_name_r IS NULL",
    (
        Level("the same name", "full_name_l = full_name_r", 0.62, 1e-4, 0.01, "full_name"),
        Level("one family name and like given names", f"{_FAMILY} AND {_GIVEN_ALIKE}", 0.12, 1e-4, 0.02, "family_alike"),
        Level("one given name and like family names", f"{_SWAPPED} OR ({_GIVEN} AND {_FAMILY_ALIKE})", 0.12, 3e-5, 0.01,
              "given_alike"),
        Level("names that are spelt alike", f"{_GIVEN_ALIKE} AND {_FAMILY_ALIKE}", 0.03, 3e-5, 0.01),
        Level("one given name", _GIVEN, 0.04, 5e-3, 0.01, "given_name"),
        Level("one family name", _FAMILY, 0.02, 2e-3, 0.54, "family_name"),
        Level("other names", "ELSE", 0.05, 0.99, 0.4),
    ),
)  # fmt: skip

# A birth date is two or three digits of a key: one wrong digit, or day and month the other way round.
_DAY_AND_MONTH = "substr(birth_date_l, 1, 5) || substr(birth_date_l, 9, 2) || '-' || substr(birth_date_l, 6, 2) = birth_date_r"
BIRTH = Comparison(
    "birth date",
    ("birth_date",),
    "birth_date_l IS NULL OR birth_date_r IS NULL",
    (
        Level("the same birth date", "birth_date_l = birth_date_r", 0.85, 7e-5, 0.004),
        Level("birth dates one slip apart",
              f"levenshtein(birth_date_l, birth_date_r) <= 1 OR {_DAY_AND_MONTH}", 0.1, 1.5e-3, 0.006),
        Level("other birth dates", "ELSE", 0.05, 0.998, 0.99),
    ),
)  # fmt: skip

_MAILBOX = "split_part(mails_{side}[1], '@', 1)"


def _both(text: str) -> str:
    return " = ".join(text.format(side=side) for side in ("l", "r"))


_MAIL_ALIKE = (
    f"{_both(_MAILBOX)} OR (damerau_levenshtein(mails_l[1], mails_r[1]) <= 2"
    f""" AND {_both("regexp_replace(mails_{side}[1], '[^0-9]', '', 'g')")})"""
)
# Providers number namesakes: al.moss2 is hardly al.moss.
_OTHER_NUMBER = _both(f"regexp_replace({_MAILBOX}, '[0-9]+', '', 'g')")
_PHONE_ALIKE = "damerau_levenshtein(phones_l[1], phones_r[1]) <= 1"
POSTAL_CODE = 0.002  # chance that strangers share one, at the least: in a town where many live it is more
_BUILDING = _both("regexp_replace(address_keys_{side}[1], ' unit [^|]*', '')")


def _strong(kind: str, of_strangers: float) -> Level:
    known: Sameness | None = kind_of(kind).sameness
    if known is None:
        raise LookupError(kind)
    words = f"one {kind_of(kind).words}"
    column = {"mail": "mails", "phone": "phones", "bank": "banks", "document": "documents", "device": "devices",
              "code_host": "code_hosts"}[kind]  # fmt: skip
    return Level(
        words, _share(column), known.one_person, known.strangers, known.household, by_accident=of_strangers
    )


def _listed(name: str, column: str, *levels: Level, otherwise: tuple[float, float, float]) -> Comparison:
    """Compare two lists; who has none says nothing."""
    unknown = f"len({column}_l) = 0 OR len({column}_r) = 0"
    return Comparison(name, (column,), unknown, (*levels, Level(f"other {name}", "ELSE", *otherwise)))


_AUTHENTICATOR_SHARED = (
    f"len(list_filter(list_intersect(devices_l, devices_r), lambda d: starts_with(d, '{AUTHENTICATOR}'))) > 0"
)
_SHARED_TEXT = "len(list_intersect(text_sketch_l, text_sketch_r))"
_SHORTER_TEXT = "least(len(text_sketch_l), len(text_sketch_r))"

COMPARISONS: tuple[Comparison, ...] = (
    NAMES,
    BIRTH,
    _listed(
        "mail addresses",
        "mails",
        _strong("mail", 0.005),
        # Namesakes spell their addresses alike too, so that this level may say only a little.
        Level("mail addresses spelt alike", _MAIL_ALIKE, 0.1, 0.006, 0.01),
        Level("mail addresses that differ in their number", _OTHER_NUMBER, 0.02, 0.05, 0.1),
        otherwise=(0.58, 0.94, 0.87),
    ),
    _listed(
        "phone numbers",
        "phones",
        _strong("phone", 0.03),
        Level("phone numbers one slip apart", _PHONE_ALIKE, 0.02, 2e-4, 0.002),
        otherwise=(0.58, 0.999, 0.798),
    ),
    Comparison(
        "addresses",
        ("address_keys", "postal_codes"),
        "(len(address_keys_l) = 0 OR len(address_keys_r) = 0) AND (len(postal_codes_l) = 0 OR len(postal_codes_r) = 0)",
        (
            Level("one address", _share("address_keys"), 0.5, 1e-6, 0.85, by_accident=0.1),
            Level("one building", _BUILDING, 0.05, 1e-5, 0.05, by_accident=0.3),
            Level("one postal code", _share("postal_codes"), 0.12, POSTAL_CODE, 0.03, "postal_code"),
            Level("other addresses", "ELSE", 0.33, 0.998, 0.07),
        ),
    ),
    _listed("accounts", "banks", _strong("bank", 0.005), otherwise=(0.5, 0.999, 0.75)),
    _listed("documents", "documents", _strong("document", 0.002), otherwise=(0.3, 0.999, 0.999)),
    _listed(
        "devices",
        "devices",
        Level("one authenticator", _AUTHENTICATOR_SHARED, 0.3, 1e-7, 0.003, by_accident=0.002),
        _strong("device", 0.1),
        otherwise=(0.4, 0.999, 0.85),
    ),
    _listed("code-host accounts", "code_hosts", _strong("code_host", 0.005), otherwise=(0.3, 0.999, 0.997)),
    _listed(
        "photographs",
        "photos",
        Level("one photograph", _share("photos"), 0.4, 1e-6, 0.001, by_accident=0.02),
        otherwise=(0.6, 0.999, 0.999),
    ),
    _listed(
        "referees",
        "referees",
        Level("one referee", _share("referees"), 0.3, 1e-5, 0.05, by_accident=0.3),
        otherwise=(0.7, 0.999, 0.95),
    ),
    _listed(
        "résumé texts",
        "text_sketch",
        Level("nearly one résumé text", f"{_SHARED_TEXT} * 2 >= {_SHORTER_TEXT}", 0.4, 1e-5, 0.005, by_accident=0.05),
        Level("much of one résumé text", f"{_SHARED_TEXT} * 8 >= {_SHORTER_TEXT}", 0.2, 1e-4, 0.02, by_accident=0.3),
        otherwise=(0.4, 0.999, 0.97),
    ),
)  # fmt: skip
