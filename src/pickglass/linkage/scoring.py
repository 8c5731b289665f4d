"""Splink at work: people and pairs as it wants them, and its weights with a family's explanation beside.

Splink weighs «one person» against «strangers». What relatives share (flat, telephone, account, family name) would
make them one person, so that a third explanation, «a family», is weighed from the same levels: its odds are Splink's,
with each level's chance within a family in the place of its chance within one person.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pickglass.lake.engine import connect
from pickglass.linkage.comparisons import COMPARISONS, NAMES, POSTAL_CODE, Comparison, Level
from pickglass.linkage.pairs import make_keys, make_pairs
from pickglass.linkage.people import are_rising

if TYPE_CHECKING:
    from pickglass.linkage.model import Model

MEMORY = "5GB"
_ROWS = 100_000  # of one batch: what one thread takes at a time
NAME_ALONE = -1.0  # bits at most where nothing but the names speaks for one person
_LEAST = 1e-9

# Chance that strangers agree in a level, from how frequent the value is among all: (value, how much rarer than one
# shared value, the least). Names are as rare as they are; neighbours are no strangers, however few they are.
_FREQUENCIES = {
    "full_name": ("full_name", 1.0, _LEAST),
    "family_alike": ("family_name", 0.01, _LEAST),
    "given_alike": ("given_name", 0.003, _LEAST),
    "given_name": ("given_name", 1.0, _LEAST),
    "family_name": ("family_name", 1.0, _LEAST),
    "postal_code": ("postal_codes[1]", 1.0, POSTAL_CODE),
}


class PairScorer:
    """People in an engine of their own, and the pairs among them; to be closed."""

    def __init__(self, people: pa.Table, new: Sequence[str] | None = None) -> None:
        ordered = people if are_rising(people["subject_id"]) else people.sort_by("subject_id")
        self.subject_ids: pa.ChunkedArray = ordered.column("subject_id")
        self.count = ordered.num_rows
        numbered = ordered.append_column("n", pa.array(range(self.count), pa.int32()))
        self._people = pa.Table.from_batches(
            numbered.combine_chunks().to_batches(max_chunksize=_ROWS), numbered.schema
        )
        self._new = new is not None
        self.connection: Any = connect(MEMORY)
        self.connection.register("person", self._people)
        if new is not None:
            chosen = pc.is_in(self.subject_ids, value_set=pa.array(list(new), pa.string()))
            self.connection.register("new_person", numbered.filter(chosen).select(["n"]))

    def close(self) -> None:
        """Let go of the engine and its memory."""
        self.connection.close()

    def draw(self, most: int, seed: int) -> float:
        """Look only at the pairs of so many subjects, drawn by chance; tell the share of all pairs that these are."""
        if self.count <= most:
            return 1.0
        drawn = np.random.default_rng(seed).choice(self.count, most, replace=False)
        self.connection.register("new_person", pa.table({"n": pa.array(np.sort(drawn), pa.int32())}))
        self._new = True
        others = self.count - most
        return 1.0 - float(others * (others - 1)) / float(self.count * (self.count - 1))

    def find_pairs(self, most: int | None = None, seed: int = 0) -> float:
        """Make the table `pair` of all pairs that are worth a score, or of a sample; tell the share that it holds."""
        make_keys(self.connection, self.count, new=self._new)
        make_pairs(self.connection, new=self._new)
        ((pairs,),) = self.connection.execute("SELECT count(*) FROM pair").fetchall()
        if most is None or pairs <= most:
            return 1.0
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE pair AS SELECT * FROM pair ORDER BY hash(l, r, {seed}), l, r LIMIT {most}"
        )
        return most / int(pairs)

    def take_pair(self, left: str, right: str) -> None:
        """Make the table `pair` of one pair, likely or not."""
        numbers = sorted(pc.index(self.subject_ids, one).as_py() for one in (left, right))
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE pair AS SELECT {numbers[0]} AS l, {numbers[1]} AS r"
        )

    def bring_people(self) -> None:
        """Make the table `compared`: whoever is in a pair, with the frequencies of names and places among all."""
        joins, columns = [], []
        counted = {value: f"frequency_{n}" for n, (value, _, _) in enumerate(_FREQUENCIES.values())}
        for value, table in counted.items():
            # Both of a pair are counted in the frequency; one of them is taken out, for they may be one person.
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {table} AS "
                f"SELECT {value} AS value, greatest(count(*) - 1, 1) / {max(self.count, 1)}.0 AS chance "
                f"FROM person WHERE {value} IS NOT NULL GROUP BY ALL"
            )
            joins.append(f"LEFT JOIN {table} ON {table}.value = p.{value}")
        for column, (value, factor, least) in _FREQUENCIES.items():
            chance = f"{counted[value]}.chance"
            columns.append(
                f"CASE WHEN {chance} IS NOT NULL THEN greatest({chance} * {factor}, {least}) END AS tf_{column}"
            )
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE compared AS SELECT p.*, {', '.join(columns)} FROM person p "
            f"SEMI JOIN (SELECT l AS n FROM pair UNION SELECT r FROM pair) USING (n) {' '.join(joins)}"
        )

    def weigh(self, model: Model, threshold: float | None = None) -> str:
        """Score the table `pair` by Splink; give the name of its table of predictions."""
        api, linker = self._linker("compared", settings(model, self.count))
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE blocked AS SELECT '0' AS match_key, l AS join_key_l, r AS join_key_r FROM pair"
        )
        linker.table_management.register_blocked_pairs_for_predict(api.register("blocked"))
        predicted = linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")
        return str(predicted.physical_name)

    def learn(self, model: Model, seed: int) -> dict[str, tuple[float, ...]]:
        """Let Splink learn from samples of the table `pair` how one person's records agree, starting from the model."""
        learnt: dict[str, list[tuple[float, ...]]] = {}
        for number, rule in enumerate(_LEARN_FROM):
            condition = rule.replace("l.", "a.").replace("r.", "b.")
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE sampled AS SELECT row_number() OVER () AS block, l, r FROM ("
                f"SELECT l, r FROM pair JOIN compared a ON a.n = l JOIN compared b ON b.n = r WHERE {condition} "
                f"ORDER BY hash(l, r, {seed}), l, r LIMIT {_SAMPLE})"
            )
            ((pairs,),) = self.connection.execute("SELECT count(*) FROM sampled").fetchall()
            if pairs < _FEWEST:
                continue
            # Each pair is put in twice over as a block of its own: then the rule gives exactly the sampled pairs.
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE sample_{number} AS "
                "SELECT c.* REPLACE (CAST(2 * block AS BIGINT) AS n), block FROM sampled JOIN compared c ON c.n = l "
                "UNION ALL "
                "SELECT c.* REPLACE (CAST(2 * block + 1 AS BIGINT) AS n), block FROM sampled JOIN compared c ON c.n = r"
            )
            _, linker = self._linker(f"sample_{number}", settings(model, self.count, frequencies=False))
            try:
                linker.training.estimate_parameters_using_expectation_maximisation(
                    f"l.block = r.block AND {rule}", estimate_without_term_frequencies=True
                )
            except (
                ValueError
            ):  # Splink's, where a sample holds no two records of one person: it teaches nothing
                continue
            for name, chances_of_levels in _read(linker, rule).items():
                learnt.setdefault(name, []).append(chances_of_levels)
        return {
            name: tuple(math.fsum(column) / len(column) for column in zip(*sessions, strict=True))
            for name, sessions in learnt.items()
        }

    def _linker(self, table: str, written: dict[str, Any]) -> tuple[Any, Any]:
        """Open Splink over a table that has the frequencies of names in it."""
        from splink import DuckDBAPI, Linker  # its import takes a quarter of a second

        logging.getLogger("splink").setLevel(logging.ERROR)  # it warns of every level that a sample lacks
        api = DuckDBAPI(self.connection)
        linker = Linker(api.register(table), written, log_level=None, validate_settings=False)
        for column in _FREQUENCIES:  # an empty table keeps them from being counted again
            empty = f"no_{column}"
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {empty} AS SELECT '' AS {column}, 0.0 AS tf_{column} LIMIT 0"
            )
            linker.table_management.register_term_frequency_lookup(api.register(empty), column)
        return api, linker


# Pairs to learn from are chosen by what is then not learnt: the rest must not be conditional on the choice.
_LEARN_FROM = (
    "l.full_name = r.full_name",
    "list_has_any(l.mails, r.mails)",
    "(list_has_any(l.documents, r.documents) OR list_has_any(l.code_hosts, r.code_hosts))",
    "(l.birth_date = r.birth_date AND list_has_any(l.postal_codes, r.postal_codes))",
)
_SAMPLE = 60_000  # pairs for each of these
_FEWEST = 30


def _read(linker: Any, rule: str) -> dict[str, tuple[float, ...]]:
    """Read what one session learnt of the comparisons that its rule does not speak of."""
    learnt = {}
    for number, comparison in enumerate(COMPARISONS):
        if any(
            f".{column} " in f"{rule} ".replace(",", " ").replace(")", " ") for column in comparison.columns
        ):
            continue
        levels = linker.misc.save_model_to_json()["comparisons"][number]["comparison_levels"]
        found = [level.get("m_probability") for level in levels if not level.get("is_null_level")]
        if all(isinstance(chance, (int, float)) for chance in found):
            learnt[comparison.name] = tuple(map(float, found))
    return learnt


def prior(per_subject: float, count: int) -> float:
    """Turn «how many of such partners a subject has» into the chance that two subjects are such a pair."""
    return min(0.5, 2 * per_subject / max(count - 1, 1))


def chances(
    learnt: Mapping[str, Sequence[float]], comparison: Comparison, name: str = "one_person"
) -> Sequence[float]:
    """The chance of each level as it was learnt or, where nothing was, as it is assumed."""
    return learnt.get(comparison.name) or [getattr(level, name) for level in comparison.levels]


def of_strangers(level: Level, count: int) -> float:
    """The chance of a level among strangers, of `count` subjects."""
    return max(level.strangers, level.by_accident / max(count, 1))


def settings(model: Model, count: int, *, frequencies: bool = True) -> dict[str, Any]:
    """Write the comparisons as Splink's settings; names weighed by their frequency or, to learn, each as another."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "n",
        "probability_two_random_records_match": prior(model.duplicates, count),
        "retain_matching_columns": True,  # the levels come with them
        "retain_intermediate_calculation_columns": True,
        "blocking_rules_to_generate_predictions": [],
        "comparisons": [
            {
                "output_column_name": f"c{number}",
                "comparison_levels": [
                    {
                        "sql_condition": comparison.unknown,
                        "label_for_charts": "unknown",
                        "is_null_level": True,
                    },
                    *(
                        _level(level, chance, count, frequencies)
                        for level, chance in zip(
                            comparison.levels, chances(model.one_person, comparison), strict=True
                        )
                    ),
                ],
            }
            for number, comparison in enumerate(COMPARISONS)
        ],
    }


def _level(level: Level, chance: float, count: int, frequencies: bool) -> dict[str, Any]:
    written: dict[str, Any] = {
        "sql_condition": level.condition,
        "label_for_charts": level.words,
        "m_probability": max(chance, _LEAST),
        "u_probability": of_strangers(level, count),
    }
    if level.frequency and frequencies:
        written |= {
            "tf_adjustment_column": level.frequency,
            "tf_adjustment_weight": 1.0,
            "disable_tf_exact_match_detection": True,
        }
    return written


def family_bits(model: Model) -> str:
    """SQL over Splink's predictions: bits by which «a family» explains a pair better than «one person» does."""
    parts = [str(math.log2(max(model.relatives, _LEAST) / max(model.duplicates, _LEAST)))]
    for number, comparison in enumerate(COMPARISONS):
        both = zip(
            chances(model.family, comparison, "family"), chances(model.one_person, comparison), strict=True
        )
        cases = " ".join(
            f"WHEN {len(comparison.levels) - 1 - place} THEN {math.log2(max(family, _LEAST) / max(same, _LEAST))}"
            for place, (family, same) in enumerate(both)
        )
        parts.append(f"CASE gamma_c{number} {cases} ELSE 0 END")
    return " + ".join(parts)


def bits_against_both(model: Model) -> str:
    """SQL over Splink's predictions: the bits of «one person» against strangers and families together."""
    # log2(2^s / (1 + 2^f)), where f is the family's bits against strangers; written so that it cannot overflow.
    family = f"(match_weight + {family_bits(model)})"
    return (
        f"match_weight - (CASE WHEN {family} > 40 THEN {family} "
        f"ELSE log2(1 + pow(2.0, greatest(-1000.0, {family}))) END)"
    )


def final_bits(model: Model) -> str:
    """SQL over Splink's predictions: the bits that count, for a name alone never makes one person."""
    others = ", ".join(_weight(number, one) for number, one in enumerate(COMPARISONS) if one is not NAMES)
    weighed = bits_against_both(model)
    return f"CASE WHEN greatest({others}) <= 0 THEN least({weighed}, {NAME_ALONE}) ELSE {weighed} END"


def _weight(number: int, comparison: Comparison) -> str:
    """SQL over Splink's predictions: the bits of one comparison, with what the frequency of a value adds to them."""
    frequent = any(level.frequency for level in comparison.levels)
    return f"mw_c{number} + mw_tf_adj_c{number}" if frequent else f"mw_c{number}"


def outcomes(row: Mapping[str, Any]) -> list[tuple[Comparison, Level | None, float]]:
    """Read one row of Splink's predictions: each comparison's level, None where unknown, and its bits."""
    read: list[tuple[Comparison, Level | None, float]] = []
    for number, comparison in enumerate(COMPARISONS):
        value = int(row[f"gamma_c{number}"])
        bits = float(row[f"mw_c{number}"]) + float(row.get(f"mw_tf_adj_c{number}") or 0.0)
        level = None if value < 0 else comparison.levels[len(comparison.levels) - 1 - value]
        read.append((comparison, level, bits))
    return read
