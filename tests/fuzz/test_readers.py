"""Every sample of every source, broken in a few ways: readers, recognition and mapping stand."""

from pathlib import Path

import pytest
from tests.fuzz.mutations import mutated
from tests.fuzz.reading import read, samples

from pickglass.model.source import SourceDefinition

SAMPLES = samples()
every_sample = pytest.mark.parametrize(
    ("source", "path"), SAMPLES, ids=[f"{source.id}/{path.name}" for source, path in SAMPLES]
)
LARGEST = 200_000  # bytes that are mutated: more costs time and proves nothing else


def broken(source: SourceDefinition, path: Path, folder: Path, seeds: range) -> None:
    data = path.read_bytes()[:LARGEST]
    for seed in seeds:
        file = folder / f"{seed}{path.suffix}"
        file.write_bytes(mutated(data, seed, SAMPLES[seed % len(SAMPLES)][1].read_bytes()[:LARGEST]))
        try:
            read(file, source, mapped=True)
        except Exception as error:
            error.add_note(f"{path} broken with seed {seed}: mutated(data, {seed}, …)")
            raise
        file.unlink()


@pytest.mark.parametrize(
    ("source", "path"),
    [(source, path) for source, path in SAMPLES if source.forms],
    ids=[f"{source.id}/{path.name}" for source, path in SAMPLES if source.forms],
)
def test_a_broken_file_is_told_and_never_raised(source: SourceDefinition, path: Path, tmp_path: Path) -> None:
    broken(source, path, tmp_path, range(1))


@pytest.mark.slow
@every_sample
def test_many_broken_files_are_told_and_never_raised(
    source: SourceDefinition, path: Path, tmp_path: Path
) -> None:
    broken(source, path, tmp_path, range(1, 60))


def test_the_samples_themselves_are_read(tmp_path: Path) -> None:
    """Otherwise the rest would prove nothing."""
    assert all(read(path, source, mapped=False) > 0 for source, path in SAMPLES)


def test_a_seed_breaks_a_file_the_same_way_again() -> None:
    data = b'{"a": 1}\n' * 20
    assert [mutated(data, seed) for seed in range(20)] == [mutated(data, seed) for seed in range(20)]
    assert len({mutated(data, seed) for seed in range(20)}) > 15
