"""Splink as its own documentation shows it, to measure ourselves against: no part of any assessment.

It reads the same table of people, one value of each kind, compares it by the ready-made comparisons, trains by
expectation maximisation, and makes clusters of connected components.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

# The column of the table of people, and what plain Splink calls it.
_SCALARS = {
    "given_name": "given_name",
    "family_name": "family_name",
    "birth_date": "birth_date",
    "mails": "mail",
    "phones": "phone",
    "address_keys": "address",
    "postal_codes": "postal_code",
    "banks": "bank",
    "documents": "document",
    "devices": "device",
    "code_hosts": "code_host",
}
_EXACT = ("phone", "address", "postal_code", "bank", "document", "device", "code_host")


@dataclass(frozen=True, slots=True)
class PlainResult:
    """Pairs (left, right, probability) and clusters of two or more, as plain Splink finds them."""

    pairs: pa.Table
    clusters: tuple[tuple[str, ...], ...]


def plain_splink(
    people: pa.Table, *, seed: int = 1, least: float = 0.1, threshold: float = 0.95, rounds: int = 25
) -> PlainResult:
    """Link people by Splink's usual settings; pairs below `least` are left out, clusters start at `threshold`.

    Training ends after so many `rounds` at the latest.
    """
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink import comparison_library as compare

    logging.getLogger("splink").setLevel(logging.ERROR)
    table = _scalars(people)
    there = set(table.column_names)
    comparisons: list[Any] = [
        compare.ForenameSurnameComparison("given_name", "family_name"),
        *([compare.EmailComparison("mail")] if "mail" in there else []),
        *(
            [compare.DateOfBirthComparison("birth_date", input_is_string=True)]
            if "birth_date" in there
            else []
        ),
        *(
            compare.ExactMatch(name).configure(term_frequency_adjustments=True)
            for name in _EXACT
            if name in there
        ),
    ]
    keys = [name for name in ("mail", "phone", *_EXACT[1:2], *_EXACT[3:], "birth_date") if name in there]
    names = block_on("given_name", "family_name")
    linker = Linker(
        DuckDBAPI().register(table),
        SettingsCreator(
            link_type="dedupe_only",
            comparisons=comparisons,
            blocking_rules_to_generate_predictions=[names, *map(block_on, keys)],
            retain_matching_columns=False,
            max_iterations=rounds,
        ),
        log_level=None,
    )
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on("given_name", "family_name", key) for key in keys], recall=0.7
    )
    training.estimate_u_using_random_sampling(max_pairs=1e6, seed=seed)
    training.estimate_parameters_using_expectation_maximisation(names)
    training.estimate_parameters_using_expectation_maximisation(block_on(keys[0]))
    predicted = linker.inference.predict(threshold_match_probability=least)
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
        predicted, threshold_match_probability=threshold
    )
    return PlainResult(_ordered(_arrow(predicted)), _groups(_arrow(clustered)))


def _arrow(frame: Any) -> pa.Table:
    return frame.as_pyarrow_table()


def _scalars(people: pa.Table) -> pa.Table:
    """One value of each kind, and no column that is empty throughout."""
    columns = {"unique_id": people.column("subject_id")}
    for name, plain in _SCALARS.items():
        column = people.column(name).combine_chunks()
        if pa.types.is_list(column.type):
            column = pc.list_element(pc.list_slice(column, 0, 1, return_fixed_size_list=True), 0)
        if column.null_count < len(column):
            columns[plain] = column
    return pa.table(columns)


def _ordered(pairs: pa.Table) -> pa.Table:
    one, other = pairs.column("unique_id_l"), pairs.column("unique_id_r")
    swapped = pc.greater(one, other)
    return pa.table(
        {
            "left": pc.if_else(swapped, other, one),
            "right": pc.if_else(swapped, one, other),
            "probability": pairs.column("match_probability"),
        }
    )


def _groups(clustered: pa.Table) -> tuple[tuple[str, ...], ...]:
    grouped = clustered.group_by("cluster_id").aggregate([("unique_id", "list")])
    several = grouped.filter(pc.greater(pc.list_value_length(grouped.column("unique_id_list")), 1))
    return tuple(tuple(members) for members in several.column("unique_id_list").to_pylist())
