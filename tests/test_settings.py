"""Settings merge in a known order, tell every mistake at once, and keep the key to themselves."""

import base64
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

from pickglass.errors import ConfigError
from pickglass.settings import _READERS, Settings, derived_key, load_settings, secret_key
from pickglass.store import open_store, store_exists

KEY = base64.b64encode(bytes(range(32))).decode()


def test_defaults_all_lie_below_home(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert settings.store_url == f"sqlite:///{tmp_path}/pickglass.db"
    assert settings.catalog_uri == f"sqlite:///{tmp_path}/catalog.db"
    assert settings.warehouse == f"{tmp_path}/lake"
    assert settings.originals == tmp_path / "originals"
    assert settings.key_file == tmp_path / "key"
    assert settings.threads >= 1
    assert list(tmp_path.iterdir()) == [], "reading settings creates nothing"


def test_a_home_may_bear_any_sign(tmp_path: Path) -> None:
    """A URL would take `%41` for A and `?` for the end of the path: two homes would share one store."""
    folder = tmp_path / "100%41 a?b#c@d"
    settings = load_settings(folder, {})
    for url, name in ((settings.store_url, "pickglass.db"), (settings.catalog_uri, "catalog.db")):
        assert make_url(url) == URL.create("sqlite", database=str(folder / name))
    assert not store_exists(settings)
    open_store(settings).close()
    assert store_exists(settings)
    assert (folder / "pickglass.db").exists()


def test_home_comes_from_the_argument_then_the_environment(tmp_path: Path) -> None:
    environ = {"PICKGLASS_HOME": str(tmp_path / "environment")}
    assert load_settings(tmp_path / "argument", environ).home == tmp_path / "argument"
    assert load_settings(None, environ).home == tmp_path / "environment"


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text(
        "threads: 3\nbatch_bytes: 2MiB\noriginals: elsewhere\n"
        "indicators:\n  ship-intransit-redirect: {grace_hours: 2}\n"
    )
    settings = load_settings(
        tmp_path, {"PICKGLASS_THREADS": "5", "PICKGLASS_PRIORS": '{"applicant": 0.01}', "PICKGLASS_PORT": "x"}
    )
    assert settings.threads == 5
    assert settings.batch_bytes == 2 * 1024**2
    assert settings.originals == tmp_path / "elsewhere"
    assert settings.indicators == {"ship-intransit-redirect": {"grace_hours": 2}}
    assert settings.priors == {"applicant": 0.01}


def test_every_mistake_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("thread: 3\nreject_share_limit: 1.5\nbatch_bytes: many\nkey: abc\nindicators: [1]\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, {"PICKGLASS_THREADS": "none", "PICKGLASS_MEMORY_LIMIT": "12"})
    text = str(caught.value)
    assert f"{file}:1: thread is no setting (did you mean threads?)" in text
    assert f"{file}:2: reject_share_limit must be a number from 0 to 1, not 1.5" in text
    assert f"{file}:3: batch_bytes must be a size" in text
    assert f"{file}:4: a key does not belong" in text
    assert f"{file}:5: indicators must be a map" in text
    assert "PICKGLASS_THREADS: threads must be a whole number" in text
    assert "PICKGLASS_MEMORY_LIMIT: memory_limit must name its unit" in text


@pytest.mark.parametrize("text", ["threads: [", "- threads", "threads: 1\nthreads: 2", "3"])
def test_a_file_that_is_no_map_of_settings_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"settings\.yaml"):
        load_settings(tmp_path, {})


def test_the_key_of_the_environment_is_never_shown(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"PICKGLASS_KEY": KEY})
    assert secret_key(settings) == bytes(range(32))
    assert not (tmp_path / "key").exists()
    assert "key=" not in repr(settings)
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path, {"PICKGLASS_KEY": "c2hvcnQ="})
    assert "c2hvcnQ=" not in str(caught.value)


def test_the_key_file_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home", {})
    key = secret_key(settings)
    assert len(key) == 32
    assert settings.key_file.stat().st_mode & 0o777 == 0o600
    assert secret_key(settings) == key
    assert [one.name for one in settings.home.iterdir()] == ["key"], "no temporary file stays"


def test_processes_that_make_the_key_at_once_agree(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: secret_key(settings), range(32)))) == 1


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    secret_key(settings)
    settings.key_file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        secret_key(settings)


def test_a_damaged_key_file_is_refused(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    settings.key_file.touch(0o600)
    with pytest.raises(ConfigError, match="32 bytes"):
        secret_key(settings)


def test_a_lost_key_is_not_replaced_while_originals_need_it(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    (settings.originals / "ab").mkdir(parents=True)
    with pytest.raises(ConfigError, match="restore the file"):
        secret_key(settings)


def test_each_purpose_has_its_own_stable_key(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"PICKGLASS_KEY": KEY})
    keys = {
        derived_key(settings, "originals"),
        derived_key(settings, "identifiers"),
        derived_key(settings, "subjects"),
    }
    assert len(keys) == 3
    assert bytes(range(32)) not in keys
    # Frozen: what was sealed with this key must still open in later versions.
    assert derived_key(settings, "originals").hex()[:16] == "787f147bbc862cfe"


def test_reading_settings_imports_nothing_heavy() -> None:
    heavy = {"pydantic", "yaml", "cryptography", "sqlalchemy"}
    program = f"import sys, pickglass.settings; print(*(set(sys.modules) & {heavy!r}))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_every_setting_can_be_set() -> None:
    assert set(_READERS) | {"home"} == {one.name for one in fields(Settings)}
