"""People whose duplicates are known, by the million: what linkage is measured on.

Each person has one subject or a few (an application of last year, a roster, a second persona), and each subject
states some of the person's values, in one of three degrees of mess (`populations.yaml`):

* `clean`: as they are;
* `corrupted`: with typing errors, nicknames, new addresses and numbers, swapped and missing fields; a few persons
  appear under another name and mail each time;
* `namesakes`: with common names, families in one flat, recycled numbers, agency mails, halls of residence and
  placeholders besides, so that strangers share values.

Every value is a function of a key, and the keys are drawn as arrays: a million subjects take seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pickglass.errors import InputError
from pickglass.simulate.clock import LAST_DAY
from pickglass.simulate.draws import Draws
from pickglass.simulate.tables import table
from pickglass.simulate.world.people import WEBMAIL

Mess = Literal["clean", "corrupted", "namesakes"]
MESSES: tuple[Mess, ...] = get_args(Mess)

IDENTIFIERS = pa.schema(
    [("subject_id", pa.string()), ("kind", pa.string()), ("value", pa.string()), ("name", pa.string())]
)
SUBJECTS = pa.schema(
    [
        ("subject_id", pa.string()),
        ("name", pa.string()),
        ("birth_date", pa.date32()),
        ("text_sketch", pa.list_(pa.string())),
    ]
)
TRUTH = pa.schema([("subject_id", pa.string()), ("person", pa.int64())])

_SKETCH = 16  # hashes of a résumé: a short one
_HOUSEHOLD = 3
_KEYED = ("bank", "device", "document", "code_host")

_ACCENTS = {"ö": "o", "ğ": "g", "é": "e", "ü": "u"}
_PLAIN = str.maketrans("".join(_ACCENTS), "".join(_ACCENTS.values()))
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Population:
    """Subjects and their identifiers as the lake holds them, and which person each subject is."""

    identifiers: pa.Table
    subjects: pa.Table
    truth: pa.Table


def invent_people(count: int, mess: Mess, seed: int = 7, *, birth_dates: bool = False) -> Population:
    """Invent `count` subjects; the same seed gives the same ones, in the order of their ids."""
    if mess not in MESSES or count < 1:
        raise InputError(
            f"no population of {count} subjects of the kind {mess!r} can be made",
            hint=f"ask for one subject or more of {', '.join(MESSES)}",
        )
    crowd = _Crowd(count, mess, seed)
    order = pa.array(np.argsort(crowd.ids, kind="stable"))
    subject_ids = _hex(crowd.ids)
    names = crowd.names()
    births = crowd.births() if birth_dates else pa.nulls(count, pa.date32())
    subjects = pa.Table.from_arrays([subject_ids, names, births, crowd.sketches()], schema=SUBJECTS)
    truth = pa.Table.from_arrays([subject_ids, pa.array(crowd.person)], schema=TRUTH)
    tables = []
    for kind in ("mail", "phone", "address", *_KEYED, "recovery_mail"):
        values = crowd.values(kind)
        held = pc.is_valid(values)
        columns = [
            subject_ids.filter(held),
            pa.repeat(pa.scalar(kind), pc.sum(held).as_py()),
            values.filter(held),
        ]
        tables.append(pa.Table.from_arrays([*columns, names.filter(held)], schema=IDENTIFIERS))
    identifiers = pa.concat_tables(tables)
    by_subject = pc.sort_indices(identifiers, [("subject_id", "ascending"), ("kind", "ascending")])
    return Population(identifiers.take(by_subject).combine_chunks(), subjects.take(order), truth.take(order))


class _Crowd:
    """The keys of all subjects of one population, and the texts that they stand for."""

    def __init__(self, count: int, mess: Mess, seed: int) -> None:
        self._seed = seed
        self._table = table("populations")
        self._rates: dict[str, int] = self._table["kinds"][mess]
        self.count = count
        self.ids = np.unique(self._draws("ids").raw(count + count // 2))
        # np.unique sorts; the ids must tell nothing of the persons, so they are dealt out at random.
        self.ids = self.ids[np.argsort(self._draws("deal").raw(len(self.ids)), kind="stable")][:count]
        sizes = np.searchsorted(
            np.cumsum(self._table["records"]), self._draws("records").below(1000, count), side="right"
        )
        self.person: Whole = np.repeat(np.arange(count), sizes + 1)[:count]
        self.first: Mask = np.concatenate(([True], self.person[1:] != self.person[:-1]))
        self.persons = int(self.person[-1]) + 1
        several = np.bincount(self.person) > 1
        self.persona: Mask = (several & self._chance("persona", self.persons))[self.person] & ~self.first
        self.of_persona = (
            np.bincount(self.person, weights=self.persona, minlength=self.persons)[self.person] > 0
        )
        blocks = np.arange(self.persons) // _HOUSEHOLD
        self.together: Mask = self._chance("household", self.persons)[blocks]
        self.household: Whole = np.where(self.together, blocks * _HOUSEHOLD, np.arange(self.persons))
        self._given, self._family = self._name_keys()

    def _draws(self, *name: str | int) -> Draws:
        return Draws(self._seed, "people", *name)

    def _chance(self, rate: str, size: int, *more: str) -> Mask:
        """Drawn at a rate of this population; never where it has none."""
        return self._draws(rate, *more).chance(self._rates.get(rate, 0), size)

    def _name_keys(self) -> tuple[Whole, Whole]:
        """Given and family name of each subject, before anything happens to their spelling."""
        givens, families = len(_given_names()), len(_family_names())
        power = self._rates["name_power"]
        given = self._draws("given").falling(givens, power, self.persons)
        family = self._draws("family").falling(families, power, self.persons)[self.household]
        junior = self.together & self._chance("junior", self.persons)
        # Nobody gives two children one name; a few bear their father's.
        child = self.household != np.arange(self.persons)
        given = np.where(child & (given == given[self.household]), (given + 1) % givens, given)
        given = np.where(junior, given[self.household], given)[self.person]
        family = family[self.person]
        other = self.persona | self._chance("new_name", self.count)
        family = np.where(other, self._draws("family again").falling(families, power, self.count), family)
        given = np.where(self.persona, self._draws("given again").falling(givens, power, self.count), given)
        return given, family

    def names(self) -> pa.Array:
        """The full names as they are stated."""
        given, short, family = self._words()
        nickname = self._chance("nickname", self.count)
        given = pc.if_else(pa.array(nickname), short, given)
        letters = pa.array([chr(code) for code in range(65, 91)]).take(
            pa.array(self._draws("letters").below(26, self.count))
        )
        initial = pa.array(self._chance("initial", self.count))
        given = pc.if_else(initial, pc.binary_join_element_wise(given, letters, " "), given)
        swapped = pa.array(self._chance("swapped", self.count))
        names = pc.if_else(
            swapped,
            pc.binary_join_element_wise(family, given, " "),
            pc.binary_join_element_wise(given, family, " "),
        )
        names = _spoil(names, self._chance("plain", self.count), self._draws("plainly"), _plain)
        return _spoil(names, self._chance("typo", self.count), self._draws("typos"), _mistype)

    def _words(self) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Given name, nickname and family name of each subject, well spelt."""
        names, family = _given_names(), _family_names()
        # Common names have nothing in common: the order of frequency is not the order of the words.
        given_key = pa.array(_spread(self._given, len(names)))
        family_key = pa.array(_spread(self._family, len(family)))
        return (
            pa.array(list(names)).take(given_key),
            pa.array(list(names.values())).take(given_key),
            pa.array(family).take(family_key),
        )

    def births(self) -> pa.Array:
        """The dates of birth, one for each person."""
        days = LAST_DAY - 22 * 365 - self._draws("births").below(39 * 365, self.persons)
        return pa.array(days[self.person].astype(np.int32)).cast(pa.date32())

    def values(self, kind: str) -> pa.Array:
        """What each subject states of one kind; null where it states nothing."""
        held = self._held(kind)
        if kind == "mail":
            values = self._mails()
        elif kind == "phone":
            values = self._phones()
        elif kind == "address":
            values = self._addresses()
        elif kind == "recovery_mail":
            values = self._second_mails(self.person, "recovery")
        else:
            values = self._keyed(kind)
        nothing = self._chance("placeholder", self.count, kind)
        words = pa.array(self._table["placeholders"][kind])
        which = words.take(pa.array(self._draws("placeholders", kind).below(len(words), self.count)))
        values = pc.if_else(pa.array(nothing), which, values)
        return pc.if_else(pa.array(held), values, None)

    def _held(self, kind: str) -> Mask:
        draw = self._draws("held", kind).below(1000, self.count)
        share = np.where(self.of_persona, self._table["persona_held"][kind], self._table["held"][kind])
        held: Mask = (draw < share) & ~self._chance("missing", self.count, kind)
        return held

    def _version(self, rate: str) -> Whole:
        """The key of each subject's value: the person's own, or the one that came after it."""
        changed = self._chance(rate, self.count) & ~self.of_persona
        return self.person * 2 + changed

    def _mails(self) -> pa.Array:
        given, _, family = self._words()
        # Namesakes get numbers, far apart so that a slip seldom meets another's: al.moss, al.moss61803 …; a persona
        # has a mail of its own.
        owner = np.where(self.persona, self.persons + np.arange(self.count), self.person)
        key = (self._given * 100_000 + self._family).astype(np.int64)
        by_owner = np.full(self.persons + self.count, -1, dtype=np.int64)
        by_owner[owner[::-1]] = key[::-1]  # the first subject of a person names the mail
        known = np.flatnonzero(by_owner >= 0)
        rank = np.zeros(len(by_owner), dtype=np.int64)
        rank[known] = _rank(by_owner[known])
        place = np.zeros(len(by_owner), dtype=np.int64)
        place[owner[::-1]] = np.arange(self.count)[::-1]
        number = pc.if_else(
            pa.array(rank[owner] > 0), pa.array(_spread(rank[owner], 99_991)).cast(pa.string()), ""
        )
        local = pc.binary_join_element_wise(given, family, ".").take(pa.array(place[owner]))
        local = _plain_all(local)
        domain = pa.array(WEBMAIL).take(pa.array(_mixed(owner) % len(WEBMAIL)))
        mails = pc.binary_join_element_wise(pc.binary_join_element_wise(local, number, ""), domain, "@")
        changed = self._chance("new_mail", self.count) & ~self.of_persona
        mails = pc.if_else(pa.array(changed), self._second_mails(self.person, "second"), mails)
        family_mail = (self.together & self._chance("family_mail", self.persons))[self.person]
        shared = self._second_mails(self.household[self.person], "family")
        mails = pc.if_else(pa.array(family_mail), shared, mails)
        mails = _spoil(mails, self._chance("mail_typo", self.count), self._draws("mail typos"), _mistype)
        mails = _spoil(mails, self._chance("tag", self.count), self._draws("tags"), _tagged)
        mails = _spoil(mails, self._chance("form", self.count, "mail"), self._draws("mail forms"), _titled)
        size = min(self._table["agency_candidates"], max(2, self.count // 40))
        agencies = max(1, self.count * self._rates.get("agency", 0) // 1000 // size)
        agency = pc.binary_join_element_wise(
            "jobs@agency",
            pc.binary_join_element_wise(
                pa.array(self._draws("agencies").below(agencies, self.count)).cast(pa.string()),
                ".example",
                "",
            ),
            "",
        )
        return pc.if_else(pa.array(self._chance("agency", self.count)), agency, mails)

    def _second_mails(self, owner: Whole, use: str) -> pa.Array:
        words = [word.lower() for word in table("places")["streets"]]
        key = _spread(owner, 9_000_000)
        word = pa.array(words).take(pa.array(key % len(words)))
        local = pc.binary_join_element_wise(word, pa.array(key + 1_000_000).cast(pa.string()), ".")
        return pc.binary_join_element_wise(pc.binary_join_element_wise(local, use[0], ""), WEBMAIL[0], "@")

    def _phones(self) -> pa.Array:
        key = self._version("new_phone")
        family = (self.together & self._chance("family_phone", self.persons))[self.person]
        key = np.where(family, self.household[self.person] * 2, key)
        stranger = self._draws("strangers").below(self.persons, self.count) * 2
        key = np.where(self._chance("recycled", self.count), stranger, key)
        number = _spread(key, 8_000_000)
        area, line = pa.array(number // 10_000 + 200), pa.array(number % 10_000 + 10_000)
        phones = pc.binary_join_element_wise(
            "+1", area.cast(pa.string()), "555", pc.utf8_slice_codeunits(line.cast(pa.string()), 1), ""
        )
        phones = _spoil(phones, self._chance("phone_typo", self.count), self._draws("phone typos"), _misdial)
        return _spoil(phones, self._chance("form", self.count, "phone"), self._draws("forms"), _dashed)

    def _addresses(self) -> pa.Array:
        key = self._version("moved")
        key = np.where(key % 2 == 0, self.household[self.person] * 2, key)
        halls = max(1, self.persons * self._rates.get("campus", 0) // 1000 // self._table["campus_people"])
        hall = self._draws("halls").below(halls, self.persons)[self.person] + 2 * self.persons
        key = np.where(self._chance("campus", self.persons)[self.person], hall, key)
        data = table("places")
        kinds = ("st", "rd", "ln", "ave", "close", "dr", "way", "ct")
        streets = [f"{name.lower()} {kind}" for name in data["streets"] for kind in kinds]
        cities = [(row[0].lower(), row[9]) for row in data["rows"]]
        left = _spread(key, 940 * 48 * len(streets) * len(cities))
        left, unit = np.divmod(left, 48)
        left, number = np.divmod(left, 940)
        city, street = np.divmod(left, len(streets))
        units = pc.binary_join_element_wise(" unit ", pa.array(unit + 1).cast(pa.string()), "")
        bare = self._chance("no_unit", self.count)
        units = pc.if_else(pa.array(bare), "", units)
        postal = pc.binary_join_element_wise(
            pa.array([prefix for _, prefix in cities]).take(pa.array(city)),
            pc.utf8_lpad(pa.array((_mixed(key) >> 20) % 100).cast(pa.string()), 2, "0"),
            "",
        )
        line = pc.binary_join_element_wise(
            pa.array(number + 1).cast(pa.string()), pa.array(streets).take(pa.array(street)), " "
        )
        return pc.binary_join_element_wise(
            pc.binary_join_element_wise(line, units, ""),
            pa.array([name for name, _ in cities]).take(pa.array(city)),
            postal,
            "|",
        )

    def _keyed(self, kind: str) -> pa.Array:
        """Accounts, machines and papers: texts that say nothing by themselves."""
        key = self._version(f"new_{kind}") if kind in {"bank", "device"} else self.person * 2
        if kind == "bank":
            family = (self.together & self._chance("family_bank", self.persons))[self.person]
            key = np.where(family, self.household[self.person] * 2, key)
        if kind == "device":
            before = self._draws("holders").below(self.persons, self.count) * 2
            key = np.where(self._chance("passed_on", self.count), before, key)
        if kind == "document":  # a persona brings papers of its own
            key = np.where(self.persona, 2 * (self.persons + np.arange(self.count)), key)
        salt = int(self._draws("salt", kind).raw(1)[0] >> np.uint64(1))
        text = _hex(_mixed(key ^ np.int64(salt)).astype(np.uint64))
        return pc.binary_join_element_wise("github:octo", text, "") if kind == "code_host" else text

    def sketches(self) -> pa.Array:
        """Sketches of the résumés, null for who gave none."""
        size = self.count * _SKETCH
        own = self._draws("texts").raw(self.persons * _SKETCH).reshape(self.persons, _SKETCH)[self.person]
        edited = self._chance("edited", self.count)
        touched = self._draws("touched").chance(250, size).reshape(self.count, _SKETCH) & edited[:, None]
        fresh = self._draws("fresh").raw(size).reshape(self.count, _SKETCH)
        sketch = np.where(touched, fresh, own)
        templates = self._draws("templates").raw(40 * _SKETCH).reshape(40, _SKETCH)
        chosen = templates[self._draws("chosen").below(40, self.persons)][self.person]
        borrowed = self._chance("template", self.persons)[self.person]
        third = np.arange(_SKETCH) < _SKETCH // 3
        sketch = np.where(borrowed[:, None] & third, chosen, sketch) >> np.uint64(16)
        held = self._held("resume")
        sketch = np.sort(sketch[held], axis=1)
        texts = pc.utf8_slice_codeunits(_hex(sketch.ravel()), 4)
        ends = np.concatenate(([0], np.cumsum(held * _SKETCH)))
        return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), texts, mask=pa.array(~held))


def _given_names() -> dict[str, str]:
    """Every given name, once, with its nickname."""
    parts = table("names")
    return {first + last: first for last in parts["given_last"] for first in parts["given_first"]}


def _family_names() -> list[str]:
    """Every family name, once, however many ways there are to make it."""
    parts = table("names")
    every = product(parts["family_last"], parts["family_middle"], parts["family_first"])
    return list(dict.fromkeys(first + middle + last for last, middle, first in every))


def _hex(numbers: NDArray[np.uint64]) -> pa.Array:
    """Sixteen digits for each number."""
    text = numbers.astype(">u8").tobytes().hex().encode()
    offsets = np.arange(0, len(text) + 1, 16, dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(numbers), [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(text)]
    )


def _mixed(keys: Whole) -> Whole:
    """Numbers that look drawn, each always the same for its key."""
    value = keys.astype(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        value = (value ^ (value >> np.uint64(shift))) * np.uint64(factor)
    return ((value ^ (value >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


def _spread(keys: Whole, size: int) -> Whole:
    """Different numbers below `size` for different keys below `size`, neighbours far apart."""
    factor = int(size * 0.618) | 1
    while np.gcd(factor, size) != 1:
        factor += 2
    # Both stay below 2**31 or so in use, and their product below 2**63.
    spread: Whole = (keys * factor + 12_345) % size
    return spread


def _rank(keys: Whole) -> Whole:
    """How many earlier ones have the same key."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    lengths = np.diff(np.append(starts, len(keys)))
    rank = np.empty(len(keys), dtype=np.int64)
    rank[order] = np.arange(len(keys)) - np.repeat(starts, lengths)
    return rank


def _spoil(texts: pa.Array, mask: Mask, draws: Draws, change: Callable[[str, int], str]) -> pa.Array:
    """Change those of the mask one by one: they are few."""
    where = pa.array(mask)
    drawn = draws.raw(len(mask))[mask].tolist()
    new = [change(text, number) for text, number in zip(texts.filter(where).to_pylist(), drawn, strict=True)]
    return pc.replace_with_mask(texts, where, pa.array(new, pa.string()))


def _mistype(text: str, drawn: int) -> str:
    """One letter gone, twice, changed for another, or in its neighbour's place."""
    drawn, kind = divmod(drawn, 4)
    letter, place = divmod(drawn, max(1, len(text) - 1))
    new = chr(97 + letter % 26)
    middle = (text[place + 1 : place + 2] + text[place : place + 1], "", text[place] * 2, new)[kind]
    return text[:place] + middle + text[place + (2 if kind == 0 else 1) :]


def _misdial(text: str, drawn: int) -> str:
    """One of the last six digits is another."""
    place = len(text) - 1 - drawn % 6
    return f"{text[:place]}{(int(text[place]) + 1 + drawn // 6 % 9) % 10}{text[place + 1 :]}"


def _dashed(text: str, drawn: int) -> str:
    """The same number as people write it."""
    country, area, middle, line = text[:2], text[2:5], text[5:8], text[8:]
    forms = ("{0} ({1}) {2}-{3}", "{0} {1} {2} {3}", "{0}-{1}-{2}-{3}", "{0}.{1}.{2}.{3}")
    return forms[drawn % len(forms)].format(country, area, middle, line)


def _tagged(text: str, drawn: int) -> str:
    local, _, domain = text.partition("@")
    return f"{local}+{('jobs', 'work', 'apply')[drawn % 3]}@{domain}"


def _titled(text: str, drawn: int) -> str:
    return text.upper() if drawn % 4 == 0 else text.title()


def _plain(text: str, drawn: int) -> str:
    """As somebody types it who cares for neither accents nor capitals."""
    plain = text.translate(_PLAIN)
    return plain.lower() if drawn % 2 else plain


def _plain_all(texts: pa.Array) -> pa.Array:
    for accented, letter in _ACCENTS.items():
        texts = pc.replace_substring(texts, accented, letter)
    return pc.utf8_lower(texts)
