"""A chunk that goes straight gives the very rows of the careful way, and anything unusual in it takes the careful way."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.lake.sources import DEVICE, LOADED, source

from pickglass.lake import mapping
from pickglass.lake.engine import connect, install_macros
from pickglass.lake.mapping import Chunk, Mapped, Mapper
from pickglass.model.schema import schema
from pickglass.model.source import SourceDefinition
from pickglass.sources.definitions import definitions
from pickglass.sources.reading import Member, members
from pickglass.sources.recognition import member_blocks

FIRST = 5  # number of a chunk's first record
Map = Callable[[SourceDefinition, Chunk, int], tuple[Mapped, bool]]


@pytest.fixture
def map_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Map:
    """Return a way to map a chunk with straightness from so many rows on; it tells too whether the chunk went straight."""
    connection = connect(workspace=tmp_path)
    install_macros(connection, b"test")
    mapper = Mapper(connection, tmp_path, 7, LOADED)

    def run(of: SourceDefinition, chunk: Chunk, rows: int) -> tuple[Mapped, bool]:
        monkeypatch.setattr(mapping, "WHOLE_ROWS", rows)
        mapped = mapper.map(of, chunk)
        straight = all(mapping.is_like_table(path) for path in mapped.rows.values())
        mapper._careful.clear()
        return mapped, straight and bool(mapped.rows)

    return run


def chunk_of(lines: list[bytes], name: str = "export.json") -> Chunk:
    count = len(lines)
    hashes = [hashlib.sha256(line).hexdigest() for line in lines]
    return Chunk(lines, ["ab" * 32] * count, range(FIRST, FIRST + count), hashes, [name] * count)


@cache
def reading() -> Any:
    """Open one connection for all that is read here."""
    return connect()


def rows(mapped: Mapped) -> dict[str, list[dict[str, Any]]]:
    """Read the rows of each table, with every column that the table has."""
    found = {}
    for name, path in mapped.rows.items():
        columns = schema().tables[name].columns
        relation = reading().sql(f"SELECT * FROM read_parquet('{path}', hive_partitioning = false)")
        plain = relation.to_arrow_table().to_pylist()
        found[name] = sorted(
            ({column: row.get(column) for column in columns} for row in plain),
            key=lambda row: row["event_id"],
        )
    return found


def test_every_source_of_one_table_gives_the_same_rows_straight(map_chunk: Map) -> None:
    """Over the samples of all of them, less the records with which no chunk can go straight."""
    went, kept_out = 0, []
    for of in definitions().values():
        if len(of.tables) != 1 or of.revision is not None:
            continue
        for path in sorted(Path(of.folder or "").glob("sample*")):
            for member in members(path):
                assert isinstance(member, Member)
                lines = [line for block in member_blocks(member, of) for line in block.lines if line]
                careful, no = map_chunk(of, chunk_of(lines, path.name), 10**9)
                if rejects := rows(careful).get("rejects"):
                    bad = {row["raw_record"] - FIRST for row in rejects}
                    lines = [line for place, line in enumerate(lines) if place not in bad]
                    careful, no = map_chunk(of, chunk_of(lines, path.name), 10**9)
                straight, yes = map_chunk(of, chunk_of(lines, path.name), 1)
                assert straight.fates == careful.fates, of.id
                assert rows(straight) == rows(careful), of.id
                assert not no
                went += yes
                kept_out += [] if yes or not careful.rows else [of.id]
    assert went > 30
    assert kept_out == [], "these sources never go straight"


def states(*changed: tuple[int, bytes]) -> list[bytes]:
    """Give twelve records of the made-up source, some of them others."""
    line = b'{"id":"d%d","time":"2026-03-%02dT10:00:00Z","activity":"seen","managed":"true","latitude":"1"}'
    lines = [line % (n, n + 1) for n in range(12)]
    for place, text in changed:
        lines[place] = text
    return lines


@pytest.mark.parametrize(
    "text",
    [
        b'{"id":"x",',
        b'{"id":"x"}{"id":"y"}',
        b'{"id":"x","time":"at noon","activity":"seen"}',
        b'{"time":"2026-03-01T10:00:00Z","activity":"seen","latitude":"north"}',
        b'{"id":"nobody"}',
    ],
)
def test_one_bad_record_among_many_is_the_only_one_lost(map_chunk: Map, text: bytes) -> None:
    """Whatever is wrong with it, as text, as a value, or for the mapping; it keeps its number."""
    of = source({"device_state": f"{DEVICE} WHERE id <> 'nobody' OR id IS NULL"})
    mapped, straight = map_chunk(of, chunk_of(states((6, text))), 2)
    assert not straight
    found = rows(mapped)
    assert [row["raw_record"] for row in found["rejects"]] == [FIRST + 6]
    assert sorted(row["raw_record"] for row in found["device_state"]) == [
        FIRST + n for n in range(12) if n != 6
    ]


def test_what_a_rule_leaves_out_does_not_keep_a_chunk_from_going_straight(map_chunk: Map) -> None:
    """And is counted by rule; a chunk of nothing else leaves no file."""
    of = source(ignore={"old": "id = 'd3'", "odd": "id IN ('d3', 'd5')"})
    mapped, straight = map_chunk(of, chunk_of(states()), 2)
    assert straight
    assert mapped.fates == {
        ("ab" * 32, "mapped", ""): 10,
        ("ab" * 32, "ignored", "old"): 1,
        ("ab" * 32, "ignored", "odd"): 1,
    }
    nothing, _ = map_chunk(source(ignore={"all": "TRUE"}), chunk_of(states()), 2)
    assert (nothing.rows, nothing.fates) == ({}, {("ab" * 32, "ignored", "all"): 12})


def test_a_file_enters_whole_only_if_it_lies_in_one_month(map_chunk: Map) -> None:
    """Rows of two months went straight all the same, and are compared row by row later."""
    mapped, straight = map_chunk(source(), chunk_of(states()), 2)
    assert straight
    assert mapping.is_whole(mapped.rows["device_state"])
    later = states((11, states()[11].replace(b"2026-03", b"2026-04")))
    mapped, straight = map_chunk(source(), chunk_of(later), 2)
    assert straight
    assert not mapping.is_whole(mapped.rows["device_state"])


def test_several_rows_of_a_record_each_count_for_their_record(map_chunk: Map) -> None:
    """A record that gives two rows does not stand in for one that gives none."""
    twice = f"{DEVICE} WHERE id <> 'd4' UNION ALL {DEVICE} WHERE id = 'd5'"
    mapped, straight = map_chunk(source({"device_state": twice}), chunk_of(states()), 2)
    assert not straight
    assert mapped.fates == {("ab" * 32, "mapped", ""): 11, ("ab" * 32, "rejected", ""): 1}
