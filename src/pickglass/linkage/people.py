"""One row per subject with everything that tells persons apart, canonical and without placeholders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pickglass.errors import InputError
from pickglass.lake.engine import connect, install_macros, literal
from pickglass.linkage.kinds import kind_of

_TEXTS = pa.list_(pa.string())

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
_MAIL = "mail_identity({value})"
_PHONE = (
    "CASE WHEN {value} NOT LIKE '+%' AND length(phone_digits({value})) = 10 THEN '1' ELSE '' END"
    " || ltrim(phone_digits({value}), '0')"
)
_NAME = "name_key({value})"
_FULL_NAME = (
    "name_key(CASE WHEN {value} LIKE '%_,_%' THEN split_part({value}, ',', 2) || ' ' || split_part({value}, ',', 1)"
    " ELSE {value} END)"
)
_PLAIN = "lower({value})"
_SPELT = {
    "mail": _MAIL,
    "recovery_mail": _MAIL,
    "phone": _PHONE,
    "given_name": _NAME,
    "family_name": _NAME,
    "name": _FULL_NAME,
    "mfa_device": f"'{AUTHENTICATOR}' || {{value}}",
    **dict.fromkeys(
        ("bank", "wallet", "photo", "document"), "{value}"
    ),  # hashes, and what large letters tell apart
}

_NEVER_COMMON = ("postal_code", "birth_date", "given_name", "family_name", "name")  # weighed by frequency
_CONTACTS = ("mail", "recovery_mail", "phone")
_MOST_INITIALS = (
    3  # that come with one person's own contact: slips and nicknames change some, an agency's has all
)
_SKETCH_DIGITS = 12
_LENGTH = 256  # characters; how alike two longer values are takes the square of their length to tell
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


def people(identifiers: pa.Table, subjects: pa.Table) -> tuple[pa.Table, tuple[Dropped, ...]]:
    """Bring the lake's identifier rows together by subject, in the order of their ids; tell what was left out.

    `identifiers` has the columns subject_id, kind and value. Beside the lake's kinds it may hold rows of the kinds
    postal_code, referee, name, given_name and family_name. `subjects` has subject_id and, where known, name,
    birth_date and text_sketch (hashes of 12 hexadecimal digits in order).
    """
    subjects = _one_row_each(subjects)
    connection = connect("4GB")
    try:
        install_macros(connection, b"")  # no value is hashed here: the lake did it
        connection.register("given_identifiers", identifiers.select(["subject_id", "kind", "value"]))
        connection.register("who", _stated(subjects))
        _canonical(connection)
        dropped = _drop(connection)
        names = connection.sql(_NAMES).to_arrow_table()
        values = connection.sql(_VALUES_IN_ORDER).to_arrow_table()
    finally:
        connection.close()
    columns = {
        "subject_id": subjects["subject_id"],
        **{name: names[name] for name in ("given_name", "family_name", "full_name", "birth_date")},
        **_lists(values, subjects.num_rows),
        "text_sketch": _sketches(subjects),
    }
    return pa.table({name: columns[name] for name in PEOPLE.names}).cast(PEOPLE), dropped


def _joined(parts: pa.Array) -> str:
    """The texts one after the other, from the memory that they lie in; ValueError where one is of another length."""
    _, ends, texts = parts.buffers()
    bounds = np.frombuffer(ends, np.int32)[parts.offset : parts.offset + len(parts) + 1]
    if not np.all(np.diff(bounds) == _SKETCH_DIGITS):
        raise ValueError
    return str(texts[bounds[0] : bounds[-1]].to_pybytes(), "ascii")


def _one_row_each(subjects: pa.Table) -> pa.Table:
    """The subjects in the order of their ids, each once."""
    order = [
        (name, "ascending") for name in ("subject_id", "name", "birth_date") if name in subjects.column_names
    ]
    subjects = subjects.filter(pc.is_valid(subjects["subject_id"]))
    subjects = subjects.take(pc.sort_indices(subjects, order)).combine_chunks()
    ids = subjects["subject_id"].combine_chunks()
    if len(ids) < 2:
        return subjects
    return subjects.filter(pa.concat_arrays([pa.array([True]), pc.not_equal(ids[1:], ids[:-1])]))


def _stated(subjects: pa.Table) -> pa.Table:
    """What the engine needs of the subjects: a number, the id and, where they are known, name and birth date."""
    count = subjects.num_rows
    texts = {
        name: subjects[name].cast(pa.string())
        if name in subjects.column_names
        else pa.nulls(count, pa.string())
        for name in ("subject_id", "name", "birth_date")
    }
    return pa.table({"n": pa.array(np.arange(count, dtype=np.int32)), **texts})


def _lists(values: pa.Table, count: int) -> dict[str, pa.Array]:
    """Put the ordered rows (column, n, value) into one list per subject for each column."""
    texts = values["value"].combine_chunks()
    places, subjects = (values[name].to_numpy() for name in ("place", "n"))
    found = {}
    for place, column in enumerate(_TEXT_COLUMNS):
        start, stop = np.searchsorted(places, [place, place + 1])
        owners, held = subjects[start:stop], texts[start:stop]
        bounds = np.searchsorted(owners, np.arange(count + 1))
        few = np.arange(len(owners)) - bounds[owners] < _VALUES
        if not few.all():
            owners, held = owners[few], held.filter(pa.array(few))
            bounds = np.searchsorted(owners, np.arange(count + 1))
        found[column] = pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), held)
    return found


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
    try:
        numbers = (
            np.frombuffer(bytes.fromhex(_joined(parts)), np.uint8).reshape(len(parts), -1).astype(np.uint64)
        )
    except ValueError as error:
        raise InputError(
            "a sketch of a text is not made of hashes of 12 hexadecimal digits", hint="load the data anew"
        ) from error
    weights = np.uint64(256) ** np.arange(numbers.shape[1] - 1, -1, -1, dtype=np.uint64)
    bounds = np.concatenate(([0], np.cumsum(lengths)))
    return pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), pa.array(numbers @ weights))


def _canonical(connection: Any) -> None:
    """Make `spelt`: one row for each statement, its value in canonical spelling."""
    connection.execute("CREATE TEMP TABLE spelt (n INTEGER, kind VARCHAR, value VARCHAR)")
    for column, kind in (("name", "name"), ("left(birth_date, 10)", "birth_date")):
        connection.execute(
            f"INSERT INTO spelt SELECT n, '{kind}', {_SPELT.get(kind, _PLAIN).format(value=column)} FROM who "
            f"WHERE {column} IS NOT NULL"
        )
    # One statement for each spelling: the engine would write out nested ones in every place that reads them.
    for spelling in sorted({*_SPELT.values(), _PLAIN}):
        kinds = ", ".join(literal(kind) for kind in _COLUMN_OF if _SPELT.get(kind, _PLAIN) == spelling)
        connection.execute(
            f"INSERT INTO spelt SELECT n, kind, {spelling.format(value='trim(value)')} "
            f"FROM given_identifiers JOIN who USING (subject_id) WHERE kind IN ({kinds})"
        )
    connection.execute(
        "INSERT INTO spelt SELECT n, 'postal_code', split_part(value, '|', 3) FROM spelt "
        "WHERE kind = 'address' AND split_part(value, '|', 3) <> ''"
    )


def _drop(connection: Any) -> tuple[Dropped, ...]:
    """Make `held` of what is no word for «nothing», not too long and not shared by too many; count the rest by kind and reason."""
    words, boxes, dates, contacts = (
        ", ".join(map(literal, values))
        for values in (_EMPTY_WORDS, _EMPTY_MAILBOXES, _EMPTY_DATES, _CONTACTS)
    )
    limits = ", ".join(
        f"({literal(kind)}, {kind_of(kind).limit})" for kind in _COLUMN_OF if kind not in _NEVER_COMMON
    )
    repeated = "|".join(f"{digit}{{7,}}" for digit in range(10))
    connection.execute(
        f"""
        CREATE TEMP TABLE bound AS SELECT * FROM (VALUES {limits}) AS bound(kind, most);
        CREATE TEMP TABLE long AS SELECT DISTINCT kind, value FROM spelt WHERE length(value) > {_LENGTH};
        CREATE TEMP TABLE empty AS
        SELECT DISTINCT kind, value FROM spelt
        WHERE length(value) <= {_LENGTH} AND (lower(value) IN ({words})
           OR (kind IN ('mail', 'recovery_mail') AND split_part(value, '@', 1) IN ({boxes}))
           OR (kind = 'address' AND split_part(value, '|', 1) IN ({words}))
           OR (kind = 'birth_date' AND (value IN ({dates}) OR NOT regexp_full_match(value, '\\d{{4}}-\\d\\d-\\d\\d')))
           OR (kind = 'phone' AND (length(value) < 7
               OR regexp_full_match(value, '1?({repeated}|0?1234567890?|9876543210?)'))));
        CREATE TEMP TABLE common AS
        SELECT kind, value, any_value(most) AS most
        FROM spelt JOIN bound USING (kind)
        SEMI JOIN (SELECT kind, value FROM spelt JOIN bound USING (kind)
                   GROUP BY kind, value HAVING count(*) > any_value(most)) many USING (kind, value)
        ANTI JOIN empty USING (kind, value) ANTI JOIN long USING (kind, value)
        GROUP BY kind, value HAVING count(DISTINCT n) > any_value(most);
        CREATE TEMP TABLE initials AS
        SELECT n, min(list_sort([left(value, 1), left(split_part(value, ' ', -1), 1)])) AS letters
        FROM spelt WHERE kind = 'name' AND value <> '' GROUP BY n;
        CREATE TEMP TABLE agent AS
        SELECT kind, value FROM spelt
        SEMI JOIN (SELECT kind, value FROM spelt WHERE kind IN ({contacts})
                   GROUP BY kind, value HAVING count(*) > {_MOST_INITIALS}) several USING (kind, value)
        ANTI JOIN empty USING (kind, value) ANTI JOIN long USING (kind, value) ANTI JOIN common USING (kind, value)
        JOIN initials USING (n)
        GROUP BY kind, value HAVING count(DISTINCT letters) > {_MOST_INITIALS};
        CREATE TEMP VIEW held AS
        SELECT * FROM spelt ANTI JOIN agent USING (kind, value)
        ANTI JOIN long USING (kind, value) ANTI JOIN empty USING (kind, value) ANTI JOIN common USING (kind, value)
        """
    )
    rows = connection.execute(
        f"""
        SELECT kind, reason, count(DISTINCT value), count(DISTINCT n) FROM spelt JOIN (
            SELECT kind, value, 'a placeholder' AS reason FROM empty
            UNION ALL SELECT kind, value, 'given with the names of more than {_MOST_INITIALS} people' FROM agent
            UNION ALL SELECT kind, value, 'longer than {_LENGTH} characters' FROM long
            UNION ALL SELECT kind, value, 'shared by more than ' || most || ' subjects' FROM common
        ) USING (kind, value)
        GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    return tuple(Dropped(*row) for row in rows)


_TEXT_COLUMNS = [field.name for field in PEOPLE if field.type == _TEXTS]
_PLACES = ", ".join(
    f"({literal(kind)}, {_TEXT_COLUMNS.index(column)})"
    for kind, column in _COLUMN_OF.items()
    if column in _TEXT_COLUMNS
)
_VALUES_IN_ORDER = f"""
    SELECT DISTINCT place, n, value FROM held JOIN (VALUES {_PLACES}) AS p(kind, place) USING (kind)
    WHERE value <> '' ORDER BY place, n, value
"""
_WITHOUT = ", ".join(map(literal, _HONORIFICS))
_NAMES = f"""
    WITH gathered AS (
        SELECT n, min(value) FILTER (WHERE kind = 'birth_date') AS birth_date,
               min(value) FILTER (WHERE kind = 'given_name') AS given,
               min(value) FILTER (WHERE kind = 'family_name') AS family,
               arg_max(value, (length(value), value)) FILTER (WHERE kind = 'name') AS name
        FROM held WHERE kind IN ('birth_date', 'given_name', 'family_name', 'name') GROUP BY n
    ),
    named AS (
        SELECT w.n, g.birth_date, g.given, g.family,
               list_filter(string_split(coalesce(g.name, ''), ' '), lambda word: word <> '' AND word NOT IN ({_WITHOUT})) AS words
        FROM who w LEFT JOIN gathered g USING (n)
    ),
    split AS (
        SELECT n, birth_date, coalesce(given, CASE WHEN len(words) > 1 THEN words[1] END) AS given_name,
               coalesce(family, words[-1]) AS family_name
        FROM named
    )
    SELECT given_name, family_name, nullif(concat_ws(' ', given_name, family_name), '') AS full_name, birth_date
    FROM split ORDER BY n
"""
