"""Settings: one frozen object, read once at the edge and passed in; and the key that seals everything.

`load_settings()` merges, strongest first: the environment (`PICKGLASS_THREADS=4`), `HOME/settings.yaml`,
and the defaults. Maps in the environment are written as YAML or JSON. Every mistake is told at once.

`secret_key()` is the root key of a home; nothing uses it directly. `derived_key()` gives each purpose its
own, so that the key of one never opens what another sealed.

Reading takes a few milliseconds and only the standard library, because every command does it: a checking
library would cost more than all the rest of a gate's answer.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pickglass.errors import ConfigError

Purpose = Literal["originals", "identifiers", "subjects"]

PREFIX = "PICKGLASS_"
FILE_NAME = "settings.yaml"
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be chosen about one home folder; read it with `load_settings`."""

    home: Path
    store_url: str  # SQLAlchemy URL of the operational store
    catalog_uri: str  # URI of the Iceberg catalog
    warehouse: str  # folder or object store URI that holds the Iceberg tables
    originals: Path
    workspace: Path  # for files that no one misses after a crash
    key_file: Path
    memory_limit: str = "1GB"  # of the SQL engine, as it is written for DuckDB
    threads: int = 1
    reject_share_limit: float = 0.2  # a file with a bigger share of rejects is quarantined
    batch_bytes: int = 1 << 30  # how many bytes of input become one commit
    care_after: int = 30  # batches of loads until the lake is compacted on its own; 0: never
    snapshots_kept: int = 10  # past snapshots of each table that automatic care leaves
    snapshot_days: int = 30  # how long it leaves them at most
    reader_hours: int = 24  # how long a replaced file stays for readers that have it open
    originals_retention_days: int | None = None  # None: originals are kept until somebody expires them
    scorecard: str | None = None  # None: the newest one that is shipped
    indicators: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # id to parameters
    priors: Mapping[str, Any] = field(default_factory=dict)  # population to what replaces its prior
    key: bytes | None = field(default=None, repr=False)  # from PICKGLASS_KEY; else the key file decides


def load_settings(home: Path | str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of one home folder; what is wrong anywhere is told in one ConfigError.

    `home` wins over PICKGLASS_HOME, which wins over `~/.pickglass`. Nothing is created.
    """
    environ = os.environ if environ is None else environ
    folder = Path(home or environ.get(f"{PREFIX}HOME") or "~/.pickglass").expanduser().absolute()
    mistakes: list[_Mistake] = []
    given = {
        **_from_file(folder / FILE_NAME, mistakes),
        **_from_environment(environ, mistakes),
    }
    values: dict[str, Any] = {}
    for name, (value, where) in given.items():
        try:
            values[name] = _READERS[name](value)
        except ValueError as error:
            mistakes.append(_Mistake(where, f"{name} {error}"))
    if mistakes:
        raise _as_error(mistakes)
    for name in ("originals", "workspace", "key_file"):
        values[name] = folder / values.get(name, _PLACES[name])  # an absolute path wins over the folder
    return Settings(
        **{
            "home": folder,
            "store_url": _sqlite_url(folder / "pickglass.db"),
            "catalog_uri": _sqlite_url(folder / "catalog.db"),
            "warehouse": str(folder / "lake"),
            "threads": os.cpu_count() or 1,
            **values,
        }
    )


def _sqlite_url(path: Path) -> str:
    # What SQLAlchemy's URL.create() would write; importing that for it would cost more than all the rest here.
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")


def secret_key(settings: Settings) -> bytes:
    """Give the 32 byte root key of this home, and make one in the key file if there is none yet.

    PICKGLASS_KEY wins over the file. A key file that others may read, that holds no key, or that is gone
    although originals were sealed with it, is a ConfigError.
    """
    if settings.key is not None:
        return settings.key
    try:
        return _read_key(settings.key_file)
    except FileNotFoundError:
        return _create_key(settings)


def derived_key(settings: Settings, purpose: Purpose) -> bytes:
    """Give the 32 byte key of one purpose; the same root key and purpose always give the same one."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    label = f"pickglass/1/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=label).derive(secret_key(settings))


# -- reading -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mistake:
    where: str
    message: str
    hint: str = ""


def _from_environment(environ: Mapping[str, str], mistakes: list[_Mistake]) -> dict[str, tuple[Any, str]]:
    """Read what the environment sets.

    Names that are no setting are not ours to judge: container platforms put `PICKGLASS_PORT` and the like
    there on their own.
    """
    given: dict[str, tuple[Any, str]] = {}
    for name in _READERS:
        variable = PREFIX + name.upper()
        text = environ.get(variable)
        if text is None or text == "":
            continue
        if name in _MAPS:
            import yaml

            try:
                given[name] = (yaml.safe_load(text), variable)
            except yaml.YAMLError:
                mistakes.append(_Mistake(variable, f"{name} must be a map, written as YAML or JSON"))
        else:
            given[name] = (text, variable)
    return given


def _from_file(path: Path, mistakes: list[_Mistake]) -> dict[str, tuple[Any, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        hint = "see whether disk and rights allow it, or name another --home"
        mistakes.append(_Mistake(str(path), f"cannot be read: {error.strerror or error}", hint))
        return {}
    except UnicodeDecodeError:
        mistakes.append(_Mistake(str(path), "is not text in UTF-8"))
        return {}
    import yaml

    try:
        node = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        mistakes.append(_Mistake(where, f"is not YAML: {getattr(error, 'problem', None) or error}"))
        return {}
    if content is None:
        return {}
    if not isinstance(node, yaml.MappingNode) or not isinstance(content, dict):
        mistakes.append(_Mistake(str(path), "must be a map of settings, such as `threads: 2`"))
        return {}
    given: dict[str, tuple[Any, str]] = {}
    for key_node, _ in node.value:
        name, where = str(key_node.value), f"{path}:{key_node.start_mark.line + 1}"
        if name in given:
            mistakes.append(_Mistake(where, f"{name} is set twice"))
        elif name == "key":
            mistakes.append(
                _Mistake(where, "a key does not belong in a settings file", f"use {PREFIX}KEY or key_file")
            )
        elif name not in _READERS:
            close = difflib.get_close_matches(name, set(_READERS) - {"key"}, n=1)
            mistakes.append(
                _Mistake(where, f"{name} is no setting", f"did you mean {close[0]}?" if close else "")
            )
        else:
            given[name] = (content[name], where)
    return given


def _as_error(mistakes: list[_Mistake]) -> ConfigError:
    hint = f"the settings are {', '.join(sorted(set(_READERS) - {'key'}))}"
    if len(mistakes) == 1:
        (only,) = mistakes
        return ConfigError(only.message, only.hint or hint, only.where)
    lines = [f"  {one.where}: {one.message}" + (f" ({one.hint})" if one.hint else "") for one in mistakes]
    return ConfigError("\n".join([f"{len(mistakes)} settings are wrong:", *lines]), hint)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be a text, not {value!r}")
    return value


def _path(value: Any) -> Path:
    return Path(_text(value)).expanduser()


def _positive(value: Any) -> int:
    number = _integer(value)
    if number < 1:
        raise ValueError(f"must be a whole number of at least 1, not {value!r}")
    return number


def _integer(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d+", value.strip()):
        return int(value)
    raise ValueError(f"must be a whole number of at least 0, not {value!r}")


def _share(value: Any) -> float:
    try:
        share = float("nan" if isinstance(value, bool) else value)
    except (TypeError, ValueError):
        share = float("nan")
    if not 0 <= share <= 1:
        raise ValueError(f"must be a number from 0 to 1, not {value!r}")
    return share


_UNITS = {
    "": 1,
    **{f"{letter}B": 1000**power for power, letter in enumerate("KMGT", 1)},
    **{f"{letter}IB": 1024**power for power, letter in enumerate("KMGT", 1)},
}


def _size(value: Any) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B|)", str(value).strip(), re.IGNORECASE)
    size = 0 if isinstance(value, bool) or not match else int(float(match[1]) * _UNITS[match[2].upper()])
    if size < 1:
        raise ValueError(f"must be a size such as 512MB or 1GiB, not {value!r}")
    return size


def _engine_size(value: Any) -> str:
    _size(value)
    text = str(value).strip()
    if text.replace(".", "").isdigit():
        raise ValueError(f"must name its unit, such as 512MB or 1GiB, not {value!r}")
    return text


def _map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"must be a map with texts as keys, not {value!r}")
    return value


def _map_of_maps(value: Any) -> dict[str, dict[str, Any]]:
    outer = _map(value)
    for key, inner in outer.items():
        if not isinstance(inner, dict) or not all(isinstance(one, str) for one in inner):
            raise ValueError(
                f"must give {key} a map of parameters, such as {{grace_hours: 2}}, not {inner!r}"
            )
    return outer


def _key(value: Any) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:  # never show the value: it may be a key after all
        raise ValueError(
            f"must be {KEY_BYTES} bytes in base64; make one with `openssl rand -base64 {KEY_BYTES}`"
        )
    return key


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "store_url": _text,
    "catalog_uri": _text,
    "warehouse": _text,
    "originals": _path,
    "workspace": _path,
    "key_file": _path,
    "memory_limit": _engine_size,
    "threads": _positive,
    "reject_share_limit": _share,
    "batch_bytes": _size,
    "care_after": _integer,
    "snapshots_kept": _integer,
    "snapshot_days": _integer,
    "reader_hours": _integer,
    "originals_retention_days": _positive,
    "scorecard": _text,
    "indicators": _map_of_maps,
    "priors": _map,
    "key": _key,
}
_MAPS = {"indicators", "priors"}
_PLACES = {"originals": "originals", "workspace": "tmp", "key_file": "key"}

# -- the key -----------------------------------------------------------------------------------------------


def _read_key(path: Path) -> bytes:
    # The file is opened before it is judged, so that what is judged is what is read.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if mode & 0o077:
            raise ConfigError(
                f"the key file may be read by others (mode {mode:04o})",
                f"run `chmod 600 {path}`, and ask who could have read it until now",
                str(path),
            )
        text = file.read(1024)
    try:
        return _key(text.strip())
    except ValueError as error:
        raise ConfigError(f"the key file {error}", "restore the file from your backup", str(path)) from None


def _create_key(settings: Settings) -> bytes:
    """Make the key file so that a crash or a second process at the same moment never leaves half a key.

    A complete temporary file is linked to the name; the link fails if somebody else was first, and then
    theirs is the key.
    """
    path = settings.key_file
    if settings.originals.is_dir() and any(settings.originals.iterdir()):
        raise ConfigError(
            "the key file is gone, but there are originals that were sealed with it",
            f"restore the file from your backup, or set {PREFIX}KEY; a new key would open none of them",
            str(path),
        )
    key = secrets.token_bytes(KEY_BYTES)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(key) + b"\n")
                file.flush()
                os.fsync(descriptor)
            try:
                os.link(temporary, path)
            except FileExistsError:
                return _read_key(path)
        finally:
            temporary.unlink()
        _sync_folder(path.parent)
    except OSError as error:
        raise ConfigError(
            f"the key file cannot be made: {error.strerror}", "choose another home or key_file", str(path)
        ) from error
    return key


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
