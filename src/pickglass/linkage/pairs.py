"""Which pairs are worth a score: those that share a value that few have, or two weaker ones at once.

A block is everybody with one key. Names, dates and places make a key only together, and a block larger than its
bound makes no pairs at all, so that a million people give a few million pairs and not half a billion.
"""

from __future__ import annotations

from typing import Any

# The most subjects that a block may have: strong values, and two weak ones together.
_STRONG, _WEAK, _NAME_ALONE = 50, 25, 6
_SKETCH_HASHES = 3  # the smallest of a sketch: two texts that are much alike have one of them in common

# Keys from lists: (column, bound); keys from two or more weak statements: (SQL text or NULL, bound).
_LISTED = (
    "mails",
    "phones",
    "address_keys",
    "banks",
    "documents",
    "devices",
    "code_hosts",
    "photos",
    "referees",
)
_COMPOSED: tuple[tuple[str, int], ...] = (
    ("full_name", _NAME_ALONE),
    ("full_name || '|' || birth_date", _WEAK),
    ("full_name || '|' || postal_codes[1]", _WEAK),
    ("family_name || '|' || given_name || '|' || postal_codes[1]", _WEAK),
    ("given_name || '|' || birth_date", _WEAK),
    ("family_name || '|' || birth_date", _WEAK),
    ("birth_date || '|' || postal_codes[1]", _WEAK),
    ("left(given_name, 2) || '|' || family_name || '|' || postal_codes[1]", _WEAK),
    ("given_name || '|' || left(family_name, 3) || '|' || postal_codes[1]", _WEAK),
    ("left(given_name, 1) || left(family_name, 1) || '|' || birth_date", _WEAK),
    ("full_name || '|' || left(birth_date, 4)", _WEAK),
    ("family_name || '|' || split_part(mails[1], '@', 1)", _WEAK),
    ("split_part(mails[1], '@', 1) || '|' || birth_date", _WEAK),
)

# Among few people one statement is selective enough by itself.
_FEW = 20_000
_SINGLE: tuple[tuple[str, int], ...] = (
    ("birth_date", 12),
    ("given_name", 12),
    ("family_name", 12),
    ("least(given_name, family_name) || '|' || greatest(given_name, family_name)", 12),
    ("left(given_name, 3) || '|' || left(family_name, 3)", 12),
    ("split_part(mails[1], '@', 1)", 12),
    ("right(phones[1], 7)", 12),
    ("split_part(address_keys[1], '|', 1)", 12),
)


def make_keys(connection: Any, count: int, *, new: bool) -> None:
    """Make `block_key(key, n)` from `person` of so many; with `new`, only the keys that a subject in `new_person` has."""
    parts = [
        f"SELECT hash('{column}', unnest({column})) AS key, n, {_STRONG} AS most FROM {{people}}"
        for column in _LISTED
    ]
    parts.append(
        f"SELECT hash('text', unnest(list_slice(text_sketch, 1, {_SKETCH_HASHES}))), n, {_STRONG} FROM {{people}}"
    )
    parts += [
        f"SELECT hash({number}, {key}), n, {most} FROM {{people}} WHERE ({key}) IS NOT NULL"
        for number, (key, most) in enumerate(_COMPOSED + (_SINGLE if count <= _FEW else ()))
    ]
    parts.append(  # given and family name the wrong way round
        f"SELECT hash(0, family_name || ' ' || given_name), n, {_NAME_ALONE} FROM {{people}} "
        "WHERE given_name IS NOT NULL AND family_name IS NOT NULL"
    )
    all_keys = " UNION ALL ".join(parts)
    wanted = ""
    if new:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE new_key AS SELECT DISTINCT key FROM ("
            + all_keys.format(people="(SELECT p.* FROM person p SEMI JOIN new_person USING (n))")
            + ")"
        )
        wanted = "SEMI JOIN new_key USING (key)"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE every_key AS SELECT key, n, most FROM ("
        + all_keys.format(people="person")
        + f") {wanted}"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE block_key AS SELECT e.key, e.n FROM every_key e SEMI JOIN "
        "(SELECT key FROM every_key GROUP BY key HAVING count(*) BETWEEN 2 AND max(most)) b USING (key)"
    )
    connection.execute("DROP TABLE every_key")


def make_pairs(connection: Any, *, new: bool) -> None:
    """Make `pair(l, r)`, each once and l before r, from `block_key`; with `new`, one of both is in `new_person`."""
    only = "AND (a.n IN (SELECT n FROM new_person) OR b.n IN (SELECT n FROM new_person))" if new else ""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE pair AS SELECT DISTINCT a.n AS l, b.n AS r "
        f"FROM block_key a JOIN block_key b ON a.key = b.key AND a.n < b.n {only}"
    )
