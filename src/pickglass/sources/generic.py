"""Generic sources: any CSV or JSON whose keys are ours, or that a column map leads to ours.

A generic file may also use a few raw names in place of stored columns, so that nobody has to hash or normalise
by hand: `document_number`, `bank_account`, `wallet`, `resume_text`, and `value` of an identifier or of an
intelligence list as it is written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from pickglass.model.schema import Table, schema
from pickglass.model.source import Recognition, SourceDefinition

# Raw names that stand for stored columns: name → {column: SQL over the raw name}.
ALIASES: dict[str, dict[str, str]] = {
    "document_number": {
        "document_hash": "keyed_hash(plain_account_number(document_number))",
        "document_last": "last4(document_number)",
    },
    "bank_account": {
        "bank_hash": "keyed_hash(plain_account_number(bank_account))",
        "bank_last": "last4(bank_account)",
    },
    "wallet": {"wallet_hash": "keyed_hash(wallet_key(wallet))", "wallet_last": "right(wallet, 4)"},
    "resume_text": {"text_sketch": "text_sketch(resume_text)"},
}

# Kinds of values that may be stored as they are. A value of any other kind, known or not, is hashed: a kind that
# we have not heard of may be a passport.
_CLEAR_KINDS = (
    "('address', 'device', 'account', 'code_host', 'resume_text', 'resume_file', 'photo', "
    "'ip', 'network', 'domain', 'url', 'file', 'tool', 'tool_domain', 'withdrawn')"
)
_KIND = "lower(trim(kind))"
_NORMALISED_VALUE = (
    f"CASE WHEN {_KIND} IN ('mail', 'recovery_mail') THEN mail_identity(value) "
    f"WHEN {_KIND} = 'phone' THEN phone_key(value, NULL) "
    f"WHEN {_KIND} IN {_CLEAR_KINDS} THEN lower(trim(value)) "
    f"WHEN {_KIND} = 'wallet' THEN keyed_hash(wallet_key(value)) "
    "ELSE keyed_hash(plain_account_number(value)) END"
)
_LAST = (
    f"CASE WHEN {_KIND} NOT IN ('mail', 'recovery_mail', 'phone') AND {_KIND} NOT IN {_CLEAR_KINDS} "
    "THEN last4(value) END"
)

# Tables that only a load writes.
INTERNAL = ("rejects", "superseded")

# What we write where the stored form is not what people write.
_EXPRESSIONS: dict[tuple[str, str], str] = {
    ("identifier", "value"): _NORMALISED_VALUE,
    ("identifier", "kind"): _KIND,
    ("intelligence", "kind"): _KIND,
    ("identifier", "last"): _LAST,
    ("intelligence", "value"): _NORMALISED_VALUE,
}


def _columns(table: Table) -> list[str]:
    return ["time", *table.own]


@cache
def generic_definitions() -> tuple[SourceDefinition, ...]:
    """Return the generic source of every table: recognised by keys that are exactly the vocabulary's."""
    return tuple(_generic(table) for table in schema().tables.values() if table.name not in INTERNAL)


def _generic(table: Table) -> SourceDefinition:
    required = [name for name in _columns(table) if table.columns[name].required and name != "time_precision"]
    aliases = {
        name: targets
        for name, targets in ALIASES.items()
        if any(target in table.columns for target in targets)
    }
    aliased = {target: sql for targets in aliases.values() for target, sql in targets.items()}
    plain = [name for name in _columns(table) if name not in aliased]
    columns = {
        name: "VARCHAR[]" if table.columns[name].type == "texts" else "VARCHAR" for name in plain
    } | dict.fromkeys(aliases, "VARCHAR")
    selected = [f"{_EXPRESSIONS.get((table.name, name), _lowered(name))} AS {name}" for name in plain] + [
        f"{sql} AS {target}" for target, sql in aliased.items()
    ]
    sql = f"SELECT _n, {', '.join(selected)} FROM raw"
    return SourceDefinition(
        id=f"generic_{table.name}",
        title=f"Any file with the columns of {table.label.lower()}",
        vendor="any",
        status="verified",
        export="CSV or JSON whose keys are columns of model/schema.yaml",
        formats=("json", "csv"),
        recognise=Recognition(all=tuple(required)),
        tables={table.name: sql},
        columns=columns,
        time_zone="none",
        version=f"generic_{table.name}@{hashlib.sha256(sql.encode()).hexdigest()[:10]}",
    )


def _lowered(name: str) -> str:
    """Account keys that are mails are compared in lower case; keys of other systems stay as written."""
    if name == "account" or name.endswith("_account"):
        return f"CASE WHEN {name} LIKE '%@%' THEN lower({name}) ELSE {name} END"
    if name == "country" or name.endswith("_country"):
        return f"coalesce(country_code({name}), {name})"
    return name


def mapped_tables(
    mapping: Mapping[str, Mapping[str, Any]], declared: Mapping[str, str], recognise: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """Turn a column map (table → our column → raw name or SQL) into mapping SQL and raw columns.

    A value that is a raw name is taken as it is; anything else is SQL over the raw names.
    """
    raw = dict(declared)
    for name in (*(recognise.get("all") or ()), *(recognise.get("any") or ())):
        raw.setdefault(str(name), "VARCHAR")
    tables = {}
    for table, columns in mapping.items():
        selected = []
        for target, value in columns.items():
            if _is_name(str(value)):
                raw.setdefault(str(value), "VARCHAR")
                selected.append(f'"{value}" AS {target}')
            else:
                selected.append(f"{value} AS {target}")
        tables[table] = f"SELECT _n, {', '.join(selected)} FROM raw"
    return tables, raw


def _is_name(value: str) -> bool:
    return value.replace(" ", "").replace("_", "").replace("-", "").isalnum()
