"""One row per subject with everything that tells persons apart, canonical and without placeholders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pickglass.errors import InputError
from pickglass.lake.engine import connect, install_macros, literal
from pickglass.linkage.kinds import kind_of

_TEXTS = pa.list_(pa.string())

Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

PEOPLE: pa.Schema = pa.schema(
    [
        ("subject_id", pa.string()),
        ("given_name", pa.string()),
        ("family_name", pa.string()),
        ("full_name", pa.string()),
        ("mails", _TEXTS),
        ("phones", _TEXTS),
        ("address_keys", _TEXTS),
        ("postal_codes", _TEXTS),
        ("birth_date", pa.string()),  # YYYY-MM-DD as text, so that one wrong digit stays one wrong digit
        ("banks", _TEXTS),
        ("documents", _TEXTS),
        ("devices", _TEXTS),
        ("code_hosts", _TEXTS),
        ("photos", _TEXTS),
        ("referees", _TEXTS),
        ("text_sketch", pa.list_(pa.uint64())),
    ]
)

AUTHENTICATOR = "mfa_device:"  # marks authenticators among the devices: nobody passes one on

# Which kinds of identifier rows fill which column.
_COLUMN_OF = {
    "mail": "mails",
    "recovery_mail": "mails",
    "phone": "phones",
    "address": "address_keys",
    "postal_code": "postal_codes",
    "birth_date": "birth_date",
    "bank": "banks",
    "wallet": "banks",
    "document": "documents",
    "device": "devices",
    "mfa_device": "devices",
    "code_host": "code_hosts",
    "photo": "photos",
    "referee": "referees",
    "given_name": "given_name",
    "family_name": "family_name",
    "name": "full_name",
}
# How a kind is spelt in one way; what is not named here is put in small letters.
_MAIL = "mail_identity(value)"
_NAME = "name_key(value)"
_FULL_NAME = (
    "name_key(CASE WHEN value LIKE '%_,_%' THEN split_part(value, ',', 2) || ' ' || split_part(value, ',', 1)"
    " ELSE value END)"
)
_PLAIN = "lower(value)"
_SPELT = {
    "mail": _MAIL,
    "recovery_mail": _MAIL,
    "phone": "CASE WHEN value NOT LIKE '+%' AND length(digits) = 10 THEN '1' ELSE '' END || ltrim(digits, '0')",
    "given_name": _NAME,
    "family_name": _NAME,
    "name": _FULL_NAME,
    "mfa_device": f"'{AUTHENTICATOR}' || value",
    # Hashes, and what large letters tell apart.
    **dict.fromkeys(("bank", "wallet", "photo", "document"), "value"),
}
_FROM = {"phone": "(SELECT *, phone_digits(value) AS digits FROM asked)"}  # once, not wherever it is read

_NEVER_COMMON = ("postal_code", "birth_date", "given_name", "family_name", "name")  # weighed by frequency
_CONTACTS = ("mail", "recovery_mail", "phone")
# That come with one person's own contact: slips and nicknames change some, an agency's has all.
_MOST_INITIALS = 3
_SKETCH_DIGITS = 12
_LENGTH = 256  # characters; how alike two longer values are takes the square of their length to tell
_ROWS = 100_000  # of one batch: what one thread takes at a time
_VALUES = 20  # of one kind for one subject that are kept, the first in order

_EMPTY_WORDS = (
    "", "0", "-", ".", "n/a", "na", "n.a.", "nil", "no", "none", "null", "not provided", "not applicable", "tbd",
    "test", "unknown", "undefined", "anonymous", "x", "xx", "xxx", "n a", "test test", "first last", "no name",
)  # fmt: skip
_EMPTY_MAILBOXES = (
    "abc", "admin", "asdf", "email", "example", "info", "mail", "me", "na", "nil", "no", "nomail", "noemail", "none",
    "noreply", "no-reply", "donotreply", "null", "test", "test1", "tester", "testing", "unknown", "user", "xxx",
)  # fmt: skip
_EMPTY_DATES = ("1900-01-01", "1901-01-01", "1970-01-01", "0001-01-01", "9999-12-31", "2000-01-01")
_HONORIFICS = (
    "dr",
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "prof",
    "sir",
    "jr",
    "sr",
    "ii",
    "iii",
    "iv",
    "phd",
    "md",
)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Values of one kind that were left out, why, and how many subjects had them; shown in data health."""

    kind: str
    reason: str
    values: int
    subjects: int


@dataclass(frozen=True, slots=True)
class _Held:
    """Who holds which value of one kind, each once, by subject; `codes` are places in the different `values`."""

    owners: Whole
    codes: Whole
    values: pa.Array

    def texts(self) -> pa.Array:
        return self.values.take(pa.array(self.codes))


def people(identifiers: pa.Table, subjects: pa.Table) -> tuple[pa.Table, tuple[Dropped, ...]]:
    """Bring the lake's identifier rows together by subject, in the order of their ids; tell what was left out.

    `identifiers` has the columns subject_id, kind and value. Beside the lake's kinds it may hold rows of the kinds
    postal_code, referee, name, given_name and family_name. `subjects` has subject_id and, where known, name,
    birth_date and text_sketch (hashes of 12 hexadecimal digits in order).
    """
    subjects = _one_row_each(subjects)
    stated = _stated(identifiers, subjects)
    spelt: dict[str, tuple[_Held, Mask]] = {}
    connection = connect("4GB")
    try:
        install_macros(connection, b"")  # no value is hashed here: the lake did it
        for kind in sorted(_COLUMN_OF):  # the address before the postal code in it
            spelt[kind] = _spell(connection, kind, *stated.pop(kind))
            if kind == "address":
                stated["postal_code"] = _with_postal_codes(connection, spelt[kind][0], *stated["postal_code"])
        initials = _initials(connection, spelt["name"][0], subjects.num_rows)
        held: dict[str, _Held] = {}
        dropped: list[Dropped] = []
        for kind, (stating, empty) in spelt.items():
            held[kind], lost = _drop(kind, stating, empty, initials)
            dropped += lost
        names = _names(connection, held, subjects.num_rows)
    finally:
        connection.close()
    columns = {
        "subject_id": subjects["subject_id"],
        **names,
        **_lists(held, subjects.num_rows),
        "text_sketch": _sketches(subjects),
    }
    return pa.table({name: columns[name] for name in PEOPLE.names}).cast(PEOPLE), tuple(dropped)


def _joined(parts: pa.Array) -> str:
    """The texts one after the other, from the memory that they lie in; ValueError where one is of another length."""
    _, ends, texts = parts.buffers()
    bounds = np.frombuffer(ends, np.int32)[parts.offset : parts.offset + len(parts) + 1]
    if not np.all(np.diff(bounds) == _SKETCH_DIGITS):
        raise ValueError
    return str(texts[bounds[0] : bounds[-1]].to_pybytes(), "ascii")


def _one_row_each(subjects: pa.Table) -> pa.Table:
    """The subjects in the order of their ids, each once."""
    subjects = subjects.filter(pc.is_valid(subjects["subject_id"])).combine_chunks()
    if are_rising(subjects["subject_id"]):
        return subjects
    order = [
        (name, "ascending") for name in ("subject_id", "name", "birth_date") if name in subjects.column_names
    ]
    subjects = subjects.take(pc.sort_indices(subjects, order)).combine_chunks()
    ids = subjects["subject_id"].combine_chunks()
    return subjects.filter(pa.concat_arrays([pa.array([True]), pc.not_equal(ids[1:], ids[:-1])]))


def are_rising(ids: pa.ChunkedArray) -> bool:
    """Tell whether each id comes after the one before it: then nothing needs to be sorted."""
    return len(ids) < 2 or bool(pc.all(pc.greater(ids[1:], ids[:-1])).as_py())


def _stated(identifiers: pa.Table, subjects: pa.Table) -> dict[str, tuple[Whole, pa.Array]]:
    """Who states which value, as it is written, for each kind."""
    ids = _whole(identifiers["subject_id"]).fill_null("")
    starts = np.flatnonzero(
        np.append(True, pc.not_equal(ids[1:], ids[:-1]))[: len(ids)]
    )  # looked up once in a row
    found = pc.index_in(ids.take(pa.array(starts)), value_set=_whole(subjects["subject_id"]))
    owners = np.repeat(_numbers(found), np.diff(np.append(starts, len(ids))))
    kinds = _numbers(pc.index_in(identifiers["kind"], value_set=pa.array(list(_COLUMN_OF))))
    values = _whole(identifiers["value"])
    known = (owners >= 0) & values.is_valid().to_numpy(zero_copy_only=False)
    stated = {}
    for number, kind in enumerate(_COLUMN_OF):
        rows = np.flatnonzero(known & (kinds == number))
        stated[kind] = (owners[rows], values.take(pa.array(rows)))
    for column, kind in (("name", "name"), ("birth_date", "birth_date")):
        if column in subjects.column_names:
            texts = pc.utf8_slice_codeunits(_whole(subjects[column]), 0, 10 if kind == "birth_date" else None)
            rows = np.flatnonzero(texts.is_valid().to_numpy(zero_copy_only=False))
            stated[kind] = _and(stated[kind], rows, texts.take(pa.array(rows)))
    return stated


def _and(stated: tuple[Whole, pa.Array], owners: Whole, values: pa.Array) -> tuple[Whole, pa.Array]:
    return np.concatenate([stated[0], owners]), pa.concat_arrays([stated[1], values])


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """The column as texts in one piece."""
    texts = column.cast(pa.string()).combine_chunks()
    return pa.concat_arrays(texts.chunks) if isinstance(texts, pa.ChunkedArray) else texts


def _numbers(found: pa.Array | pa.ChunkedArray) -> Whole:
    """The places found, −1 where there is none."""
    return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)


def _spell(connection: Any, kind: str, owners: Whole, stated: pa.Array) -> tuple[_Held, Mask]:
    """Bring what is stated into one spelling; tell also which of the different values stand for «nothing»."""
    spelt = _ask(
        connection,
        f"SELECT place, value, coalesce({_EMPTY.get(kind, _EMPTY_WORD)}, false) AS empty "
        f"FROM (SELECT place, {_SPELT.get(kind, _PLAIN)} AS value FROM {_FROM.get(kind, 'asked')})",
        pc.utf8_trim_whitespace(stated),
    )
    codes = _whole(spelt["value"]).dictionary_encode()
    place = _numbers(codes.indices)
    empty = np.zeros(len(codes.dictionary), dtype=np.bool_)
    empty[place[place >= 0]] = spelt["empty"].to_numpy()[place >= 0]
    owners, place = owners[place >= 0], place[place >= 0]
    size = max(len(empty), 1)
    each = _each(owners * size + place)
    return _Held(each // size, each % size, codes.dictionary), empty


def _each(numbers: Whole) -> Whole:
    """The different numbers in order; NumPy's own way is slow with millions that hardly repeat."""
    numbers = np.sort(numbers)
    return numbers[np.append(True, numbers[1:] != numbers[:-1])] if len(numbers) else numbers


def _ask(connection: Any, query: str, values: pa.Array) -> pa.Table:
    """Ask for `place` and more of the table `asked` of these values, by several threads; the rows are in their order."""
    asked = pa.table({"place": pa.array(np.arange(len(values), dtype=np.int32)), "value": values})
    connection.register("asked", pa.Table.from_batches(asked.to_batches(max_chunksize=_ROWS), asked.schema))
    found = connection.sql(query).to_arrow_table()
    place = found["place"].to_numpy()
    return found if np.all(place[1:] > place[:-1]) else found.take(pa.array(np.argsort(place)))


def _with_postal_codes(
    connection: Any, addresses: _Held, owners: Whole, values: pa.Array
) -> tuple[Whole, pa.Array]:
    """What is stated as a postal code, and those of the addresses."""
    codes = _ask(
        connection, "SELECT place, nullif(split_part(value, '|', 3), '') AS code FROM asked", addresses.values
    )
    return _and((owners, values), addresses.owners, _whole(codes["code"]).take(pa.array(addresses.codes)))


def _initials(connection: Any, names: _Held, count: int) -> Whole:
    """Number the initials of each subject's name, whichever of them comes first; −1 where there is no name."""
    letters = _ask(
        connection,
        "SELECT place, CASE WHEN value <> '' THEN array_to_string(list_sort("
        "[left(value, 1), left(split_part(value, ' ', -1), 1)]), ' ') END AS letters FROM asked",
        names.values,
    )
    of_names = _whole(letters["letters"]).dictionary_encode()
    both = _numbers(_first(_Held(names.owners, names.codes, of_names.cast(pa.string())), count, _RISING))
    return np.append(_numbers(of_names.indices), -1)[both]


def _drop(kind: str, spelt: _Held, empty: Mask, initials: Whole) -> tuple[_Held, list[Dropped]]:
    """Keep what is no word for «nothing», not too long and not shared by too many; count the rest by reason."""
    long = pc.greater(pc.utf8_length(spelt.values), _LENGTH).to_numpy(zero_copy_only=False)
    empty = empty & ~long
    common = agents = np.zeros(len(empty), dtype=np.bool_)
    most = kind_of(kind).limit
    if kind not in _NEVER_COMMON:
        common = (np.bincount(spelt.codes, minlength=len(empty)) > most) & ~empty & ~long
    if kind in _CONTACTS and len(initials):
        named = initials[spelt.owners]
        size = int(initials.max()) + 1
        each = _each(spelt.codes[named >= 0] * size + named[named >= 0])
        several = np.bincount(each // max(size, 1), minlength=len(empty)) > _MOST_INITIALS
        agents = several & ~empty & ~long & ~common
    reasons = {
        "a placeholder": empty,
        f"given with the names of more than {_MOST_INITIALS} people": agents,
        f"longer than {_LENGTH} characters": long,
        f"shared by more than {most} subjects": common,
    }
    lost = [
        Dropped(kind, reason, int(values.sum()), len(_each(spelt.owners[values[spelt.codes]])))
        for reason, values in reasons.items()
        if values.any()
    ]
    nothing = pc.equal(spelt.values, "").to_numpy(zero_copy_only=False)
    kept = ~np.logical_or.reduce([nothing, *reasons.values()])[spelt.codes]
    return _Held(spelt.owners[kept], spelt.codes[kept], spelt.values), lost


def _lists(held: Mapping[str, _Held], count: int) -> dict[str, pa.Array]:
    """One list of values in order for each subject and column, of the kinds that fill it."""
    found = {}
    for column in _TEXT_COLUMNS:
        parts = [held[kind] for kind, name in _COLUMN_OF.items() if name == column]
        owners = np.concatenate([part.owners for part in parts])
        texts = pa.concat_arrays([part.texts() for part in parts])
        alone = np.bincount(owners, minlength=count)[owners] == 1
        if not alone.all():
            # Only what stands beside another value needs an order.
            words = texts.filter(pa.array(~alone)).dictionary_encode()
            order = pc.sort_indices(words.dictionary)
            rank = np.argsort(order.to_numpy())
            size = len(rank)
            each = _each(owners[~alone] * size + rank[words.indices.to_numpy()])
            several, ranks = each // size, each % size
            few = np.arange(len(each)) - np.searchsorted(several, several) < _VALUES
            sorted_words = words.dictionary.take(order).take(pa.array(ranks[few]))
            owners = np.concatenate([owners[alone], several[few]])
            texts = pa.concat_arrays([texts.filter(pa.array(alone)), sorted_words])
        if np.any(owners[1:] < owners[:-1]):
            by_owner = np.argsort(owners, kind="stable")
            owners, texts = owners[by_owner], texts.take(pa.array(by_owner))
        bounds = np.searchsorted(owners, np.arange(count + 1))
        found[column] = pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), texts)
    return found


def _names(connection: Any, held: Mapping[str, _Held], count: int) -> dict[str, pa.Array]:
    """Given, family and full name and birth date of each subject; a name alone is split into its words."""
    parts = _ask(
        connection,
        "SELECT place, CASE WHEN len(words) > 1 THEN words[1] END AS given_name, words[-1] AS family_name "
        "FROM (SELECT place, list_filter(string_split(value, ' '), "
        f"lambda word: word <> '' AND word NOT IN ({_WITHOUT})) AS words FROM asked)",
        held["name"].values,
    )
    whole = _first(held["name"], count, [("length", "descending"), ("value", "descending")])
    alone = {
        kind: held[kind].values.take(_first(held[kind], count, _RISING))
        for kind in ("given_name", "family_name", "birth_date")
    }
    given, family = (
        pc.coalesce(alone[kind], _whole(parts[kind]).take(whole)) for kind in ("given_name", "family_name")
    )
    full = pc.coalesce(pc.binary_join_element_wise(given, family, " "), given, family)
    return {
        "given_name": given,
        "family_name": family,
        "full_name": full,
        "birth_date": alone["birth_date"],
    }


_RISING = [("value", "ascending")]


def _first(held: _Held, count: int, order: list[tuple[str, str]]) -> pa.Array:
    """The code of each subject's first value in this order, null where there is none."""
    ends = np.flatnonzero(np.append(True, held.owners[1:] != held.owners[:-1])[: len(held.owners)])
    owners, codes = held.owners, held.codes
    if len(ends) < len(owners):
        table = pa.table({"value": held.values, "length": pc.utf8_length(held.values)})
        by_rank = pc.sort_indices(table, order).to_numpy().astype(np.int64)
        each = np.sort(owners * len(by_rank) + np.argsort(by_rank)[codes])
        owners, codes = each[ends] // len(by_rank), by_rank[each[ends] % len(by_rank)]
    found = np.full(count, -1, dtype=np.int64)
    found[owners] = codes
    return pa.array(found, mask=found < 0)


def _sketches(subjects: pa.Table) -> pa.Array:
    """The sketches as numbers; an empty one for who has none."""
    if (
        "text_sketch" not in subjects.column_names
        or not pc.sum(pc.list_value_length(subjects["text_sketch"])).as_py()
    ):
        return pa.array([[]] * subjects.num_rows, pa.list_(pa.uint64()))
    sketches = subjects["text_sketch"].combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(sketches), 0).to_numpy()
    parts = pc.list_flatten(sketches).cast(pa.string())
    numbers = np.zeros((len(parts), 8), dtype=np.uint8)
    try:
        digits = np.frombuffer(bytes.fromhex(_joined(parts)), np.uint8)
        numbers[:, 8 - _SKETCH_DIGITS // 2 :] = digits.reshape(len(parts), -1)
    except ValueError as error:
        raise InputError(
            "a sketch of a text is not made of hashes of 12 hexadecimal digits", hint="load the data anew"
        ) from error
    bounds = np.concatenate(([0], np.cumsum(lengths)))
    return pa.ListArray.from_arrays(
        pa.array(bounds, pa.int32()), pa.array(numbers.view(">u8").ravel().astype(np.uint64))
    )


_TEXT_COLUMNS = [field.name for field in PEOPLE if field.type == _TEXTS]
_WITHOUT = ", ".join(map(literal, _HONORIFICS))
_WORDS, _BOXES, _DATES = (
    ", ".join(map(literal, values)) for values in (_EMPTY_WORDS, _EMPTY_MAILBOXES, _EMPTY_DATES)
)
_REPEATED = "|".join(f"{digit}{{7,}}" for digit in range(10))
# How a kind's value says that there is none.
_EMPTY_WORD = f"lower(value) IN ({_WORDS})"
_EMPTY_MAIL = f"{_EMPTY_WORD} OR split_part(value, '@', 1) IN ({_BOXES})"
_EMPTY = {
    "mail": _EMPTY_MAIL,
    "recovery_mail": _EMPTY_MAIL,
    "address": f"{_EMPTY_WORD} OR split_part(value, '|', 1) IN ({_WORDS})",
    "birth_date": (
        f"{_EMPTY_WORD} OR value IN ({_DATES}) OR NOT regexp_full_match(value, '\\d{{4}}-\\d\\d-\\d\\d')"
    ),
    "phone": (
        f"{_EMPTY_WORD} OR length(value) < 7"
        f" OR regexp_full_match(value, '1?({_REPEATED}|0?1234567890?|9876543210?)')"
    ),
}
