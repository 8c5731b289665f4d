"""Fixtures for reading: files are made in the test, so that each test shows what it is about."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sources.reading.readers import Put


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Return a function that writes bytes to a new file."""
    count = 0

    def write(data: bytes, name: str = "") -> Path:
        nonlocal count
        count += 1
        path = tmp_path / (name or f"input-{count}")
        path.write_bytes(data)
        return path

    return write
