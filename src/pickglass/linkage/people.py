"""One row per subject with everything that tells persons apart, canonical and without placeholders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

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
    "text_sketch": "text_sketch",
    "given_name": "given_name",
    "family_name": "family_name",
    "name": "full_name",
}
_NEVER_COMMON = ("postal_code", "birth_date", "given_name", "family_name", "name")  # weighed by frequency
_NOT_STRONG = 50  # subjects: one opening phrase of a résumé's sketch may be a template's
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
_HONORIFICS = ("dr", "mr", "mrs", "ms", "miss", "mx", "prof", "sir", "jr", "sr", "ii", "iii", "iv", "phd", "md")


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
    postal_code, birth_date (YYYY-MM-DD), referee, text_sketch (one row per hash of 12 hexadecimal digits), name,
    given_name and family_name. `subjects` has subject_id and, where known, name.
    """
    connection = connect("4GB")
    try:
        install_macros(connection, b"")  # no value is hashed here: the lake did it
        connection.register("given_identifiers", identifiers.select(["subject_id", "kind", "value"]))
        named = "name" if "name" in subjects.column_names else "NULL"
        connection.register("given_subjects", subjects)
        connection.execute(
            f"CREATE TEMP TABLE who AS SELECT subject_id, max(CAST({named} AS VARCHAR)) AS name FROM given_subjects "
            "WHERE subject_id IS NOT NULL GROUP BY subject_id"
        )
        _canonical(connection)
        dropped = _drop(connection)
        table = connection.sql(_GATHER).to_arrow_table().cast(PEOPLE)
    finally:
        connection.close()
    return table, dropped


def _canonical(connection: Any) -> None:
    """Make the table `held`: one row per subject, kind and canonical value, with the reason why it says nothing."""
    kinds = ", ".join(map(literal, _COLUMN_OF))
    connection.execute(
        f"""
        CREATE TEMP TABLE held AS
        WITH given AS (
            SELECT i.subject_id, i.kind, trim(CAST(i.value AS VARCHAR)) AS raw
            FROM given_identifiers i SEMI JOIN who USING (subject_id)
            WHERE i.kind IN ({kinds}) AND i.value IS NOT NULL
            UNION ALL
            SELECT subject_id, 'name', name FROM who WHERE name IS NOT NULL
        ),
        spelt AS (
            SELECT subject_id, kind, raw,
                   CASE WHEN kind IN ('mail', 'recovery_mail') THEN mail_identity(raw)
                        WHEN kind = 'phone' THEN CASE WHEN raw NOT LIKE '+%' AND length(phone_digits(raw)) = 10
                                                      THEN '1' ELSE '' END || ltrim(phone_digits(raw), '0')
                        WHEN kind IN ('name', 'given_name', 'family_name') THEN name_key(
                            CASE WHEN kind = 'name' AND raw LIKE '%_,_%'
                                 THEN split_part(raw, ',', 2) || ' ' || split_part(raw, ',', 1) ELSE raw END)
                        WHEN kind = 'mfa_device' THEN {literal(AUTHENTICATOR)} || raw
                        WHEN kind IN ('bank', 'wallet', 'text_sketch', 'photo', 'document') THEN raw
                        ELSE lower(raw) END AS value
            FROM given
        )
        SELECT DISTINCT subject_id, kind, value, CAST(NULL AS VARCHAR) AS reason FROM (
            SELECT subject_id, kind, value FROM spelt
            UNION ALL
            SELECT subject_id, 'postal_code', lower(split_part(value, '|', 3)) FROM spelt
            WHERE kind = 'address' AND split_part(value, '|', 3) <> ''
        )
        WHERE value IS NOT NULL AND value <> ''
        """
    )


def _drop(connection: Any) -> tuple[Dropped, ...]:
    """Take what stands for «nothing», and what too many share, out of `held`; count it by kind and reason."""
    words, boxes, dates = (
        ", ".join(map(literal, values)) for values in (_EMPTY_WORDS, _EMPTY_MAILBOXES, _EMPTY_DATES)
    )
    limits = ", ".join(
        f"({literal(kind)}, {_NOT_STRONG if kind == 'text_sketch' else kind_of(kind).limit})"
        for kind in _COLUMN_OF
        if kind not in _NEVER_COMMON
    )
    connection.execute(
        f"""
        UPDATE held SET reason = 'a placeholder'
        WHERE value IN ({words})
           OR (kind IN ('mail', 'recovery_mail') AND split_part(value, '@', 1) IN ({boxes}))
           OR (kind = 'birth_date' AND (value IN ({dates}) OR NOT regexp_full_match(value, '\\d{{4}}-\\d\\d-\\d\\d')))
           OR (kind = 'phone' AND (length(value) < 7
               OR regexp_matches(value, '(0{{7}}|1{{7}}|2{{7}}|3{{7}}|4{{7}}|5{{7}}|6{{7}}|7{{7}}|8{{7}}|9{{7}})')
               OR regexp_matches(value, '(0?123456789?0?|9876543210?)$')))
        """
    )
    connection.execute(
        f"""
        UPDATE held SET reason = 'shared by more than ' || most || ' subjects'
        FROM (SELECT kind, value, any_value(most) AS most
              FROM held JOIN (VALUES {limits}) AS bound(kind, most) USING (kind) WHERE reason IS NULL
              GROUP BY kind, value HAVING count(*) > any_value(most)) common
        WHERE held.kind = common.kind AND held.value = common.value AND held.reason IS NULL
        """
    )
    rows = connection.execute(
        "SELECT kind, reason, count(DISTINCT value), count(DISTINCT subject_id) FROM held "
        "WHERE reason IS NOT NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return tuple(Dropped(*row) for row in rows)


def _list(column: str, value: str = "value") -> str:
    kinds = ", ".join(literal(kind) for kind, one in _COLUMN_OF.items() if one == column)
    return (
        f"coalesce(list_slice(list_sort(list_distinct(list({value}) FILTER (WHERE kind IN ({kinds})))), 1, {_VALUES}), [])"
        f" AS {column}"
    )


_LISTS = ", ".join(_list(field.name) for field in PEOPLE if field.type == _TEXTS)
_WITHOUT = ", ".join(map(literal, _HONORIFICS))
_GATHER = f"""
    WITH gathered AS (
        SELECT subject_id, {_LISTS},
               min(value) FILTER (WHERE kind = 'birth_date') AS birth_date,
               min(value) FILTER (WHERE kind = 'given_name') AS given,
               min(value) FILTER (WHERE kind = 'family_name') AS family,
               arg_max(value, (length(value), value)) FILTER (WHERE kind = 'name') AS name,
               list_slice(list_sort(list_distinct(list(try_cast('0x' || substr(value, 1, 12) AS UBIGINT))
                   FILTER (WHERE kind = 'text_sketch'))), 1, 128) AS text_sketch
        FROM held WHERE reason IS NULL GROUP BY subject_id
    ),
    named AS (
        SELECT w.subject_id, g.* EXCLUDE (subject_id),
               list_filter(string_split(coalesce(g.name, ''), ' '), lambda word: word <> '' AND word NOT IN ({_WITHOUT})) AS words
        FROM who w LEFT JOIN gathered g USING (subject_id)
    ),
    split AS (
        SELECT *, coalesce(given, CASE WHEN len(words) > 1 THEN words[1] END) AS given_name,
               coalesce(family, words[-1]) AS family_name
        FROM named
    )
    SELECT subject_id, given_name, family_name,
           nullif(concat_ws(' ', given_name, family_name), '') AS full_name,
           {", ".join(f"coalesce({field.name}, []) AS {field.name}" if pa.types.is_list(field.type) else field.name
                      for field in list(PEOPLE)[4:])}
    FROM split ORDER BY subject_id
"""
