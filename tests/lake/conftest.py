"""A home of its own for every test."""

from pathlib import Path

import pytest

from pickglass.settings import Settings, load_settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """Return the settings of a home in which nothing was loaded yet."""
    return load_settings(tmp_path / "home", {"PICKGLASS_THREADS": "2"})
