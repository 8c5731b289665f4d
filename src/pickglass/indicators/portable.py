"""The SQL that DuckDB and Spark run alike: what fails in one of them, or silently differs, is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pickglass.indicators.reads import parse

_REFUSED: Mapping[str, str] = {
    r"\basof\b": "ASOF JOIN exists in DuckDB only: join on a range and keep the latest row with QUALIFY",
    r"\bdate_?diff\s*\(": "date_diff counts boundaries here and elapsed time there: epoch(a) - epoch(b)",
    r"\bdate_?sub\s*\(": "date_sub differs: epoch(a) - epoch(b), or subtract an INTERVAL",
    r"\bto_(years|months|weeks|days|hours|minutes|seconds)\s*\(": "use INTERVAL n DAY, or seconds",
    r"\btime_bucket\s*\(": "use floor(epoch(t) / n)",
    r"\bdayofweek\s*\(|\bweekday\s*\(|\bextract\s*\(\s*dow\b": "the first day of the week differs: isodow",
    r"\blist_has_any\s*\(|\barray_has_any\s*\(|&&": "unnest and join instead",
    r"\blist_slice\s*\(|\barray_slice\s*\(": "slices differ: rank the rows before list()",
    r"\bquantile_cont\s*\(|\bmad\s*\(": "use median() or approx_quantile()",
    r"->>": "the tables have columns; JSON is the sources' business",
    r"\bgenerate_series\s*\(": "make the numbers by a window over rows",
    r"\b(un)?pivot\b": "use FILTER clauses",
    r"\bsuffix\s*\(": "use LIKE '%…' or right()",
    r"\bjaro_winkler_similarity\s*\(": "use levenshtein(), or leave it to linkage",
    r"\b(now|today|random|uuid|gen_random_uuid|get_current_timestamp)\s*\(|\bcurrent_(date|time|timestamp)\b"
    r"|\blocaltime(stamp)?\b": "an assessment is repeatable: use $as_of",
    r"\b(read_\w+|glob|parquet_scan|query_table|query)\s*\(": "an indicator reads views only",
}


def refused(sql: str) -> Iterator[str]:
    """Yield every construct that does not mean the same in both engines, with what to write instead."""
    bare = _bare(sql)
    for pattern, instead in _REFUSED.items():
        match = re.search(pattern, bare, re.IGNORECASE)
        if match:
            yield f"`{match[0].strip()}`: {instead}"
    yield from _odd_nodes(parse(sql))


def unwritable(sql: str) -> Iterator[str]:
    """Yield what keeps the SQL from being written for Spark and read back."""
    import sqlglot
    from sqlglot.errors import ErrorLevel, SqlglotError

    try:
        text = parse(sql).sql("spark", unsupported_level=ErrorLevel.RAISE)
        sqlglot.parse_one(text, read="spark")
    except SqlglotError as error:
        yield " ".join(str(error).split())


def _bare(sql: str) -> str:
    """Return the SQL without comments and without what texts say."""
    return re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL))


def _odd_nodes(tree: Any) -> Iterator[str]:
    """Yield the constructs that only the parsed statement shows."""
    from sqlglot import exp

    for node in tree.walk():
        if isinstance(node, exp.RegexpLike) and node.args.get("flag"):
            yield "`regexp_matches` with flags: Spark drops them; write (?i) in the pattern"
        elif isinstance(node, exp.Slice):
            yield "a list slice: rank the rows before list()"
        elif isinstance(node, exp.IntDiv):
            yield "`//`: use floor(a / nullif(b, 0))"
        elif isinstance(node, exp.Div | exp.Mod) and not _never_zero(node.expression):
            divisor = node.expression.sql("duckdb")
            yield f"`{node.sql('duckdb')}`: the divisor may be zero, write nullif({divisor}, 0)"
        elif _is_epoch(node) and any(isinstance(part, exp.Sub) for part in node.walk()):
            yield "`epoch(a - b)`: write epoch(a) - epoch(b)"


def _never_zero(divisor: Any) -> bool:
    from sqlglot import exp

    bare = divisor.unnest()
    while isinstance(bare, exp.Cast | exp.Neg):
        bare = bare.this.unnest()
    if isinstance(bare, exp.Mul):
        return _never_zero(bare.left) and _never_zero(bare.right)
    return isinstance(bare, exp.Nullif) or (isinstance(bare, exp.Literal) and float(bare.this) != 0)


def _is_epoch(node: Any) -> bool:
    from sqlglot import exp

    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() == "epoch"
    return isinstance(node, exp.TimeToUnix)
