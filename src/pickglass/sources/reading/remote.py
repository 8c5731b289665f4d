"""Objects of an object store: listed, and fetched one by one so that they can be read like files.

The network is used only because somebody named an address. Credentials never stand in an address, where every
list of processes shows them: the stores' own tools find them in the environment or in their files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from pickglass.errors import ConfigError, InputError, PickglassError
from pickglass.sources.reading.content import os_reason
from pickglass.sources.reading.limits import MIB, Limits
from pickglass.sources.reading.member import Problem, shown

OBJECTS: Final = 1_000_000  # that one address may stand for
_AT_ONCE: Final = 8  # objects that are fetched at the same time
_STEP: Final = 4 * MIB

# How each address begins → the extra that brings its library; file and memory need none.
_EXTRAS: Final[Mapping[str, str]] = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "abfss": "azure",
    "file": "",
    "memory": "",
}
_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_PASSWORD: Final = re.compile(r"[^/@]*:[^/@]*@")
_QUESTION: Final = re.compile(r"[?&][\w.-]+=")
_PATTERN: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """An object that can be fetched; its name is its address, in which there are no credentials."""

    name: str
    bytes: int
    key: str = field(repr=False)  # as the store's library calls it
    store: Any = field(repr=False, compare=False)


def is_address(path: str) -> bool:
    """Say whether a text names an object store and not a path on this disk."""
    return _ADDRESS.match(path) is not None


def list_objects(address: str, since: datetime | None = None) -> tuple[list[RemoteFile], int]:
    """List the objects at or below an address, or that its pattern fits, in order of name.

    Hidden ones are left out, as files are. With `since`, objects that the store says were last modified before
    it are left out, and their number is returned; one whose time the store does not tell is taken. Raises
    InputError for an address that is not read or holds nothing, and ConfigError for a library that is missing.
    """
    scheme, root = _checked(address)
    with _telling(address):
        store, path = _open(address, scheme)
        found = {
            key: about
            for key, about in _find(store, path, prefix=not root.endswith("/")).items()
            if about.get("type", "file") == "file" and not _hidden(key, path)
        }
    if not found:
        raise InputError("there is no object", "check bucket and prefix", address)
    if len(found) > OBJECTS:
        raise InputError(
            f"there are more than {OBJECTS:,} objects", "name a longer prefix, or use --since", address
        )
    start = address[: len(address) - len(root)]
    listed, older = [], 0
    for key, about in sorted(found.items()):
        modified = _modified(about)
        if since is not None and modified is not None and modified < since:
            older += 1
            continue
        name = shown(start + _as_given(key, path, root))
        listed.append(RemoteFile(name, int(about.get("size") or 0), key, store))
    return listed, older


def fetch(files: Sequence[RemoteFile], folder: Path, first: int) -> Iterator[Path | Problem]:
    """Fetch objects to files `first`, `first + 1`, … of a folder, several at a time; in order of what was given.

    What cannot be fetched, or is larger than one file may be, is a Problem, and nothing of it is left.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        places = [folder / f"{number:09d}" for number in range(first, first + len(files))]
        yield from pool.map(_fetched, files, places)


def _fetched(file: RemoteFile, place: Path) -> Path | Problem:
    limit = Limits().member_bytes
    try:
        with _telling(file.name), file.store.open(file.key, "rb") as remote, place.open("wb") as local:
            size = 0
            while data := remote.read(_STEP):
                size += len(data)
                if size > limit:
                    raise InputError(f"larger than {limit:,} bytes", "split it", file.name)
                _write(local, data, file.name)
    except PickglassError as error:
        place.unlink(missing_ok=True)
        return Problem(file.name, error.message, error.hint)
    return place


def _write(local: BinaryIO, data: bytes, name: str) -> None:
    """Write to this disk, whose errors are not the store's."""
    try:
        local.write(data)
    except OSError as error:
        reason = f"no room to fetch it to ({os_reason(error)})"
        raise ConfigError(reason, "make room in the home's workspace", name) from error


def _checked(address: str) -> tuple[str, str]:
    """Return the scheme of an address and what comes after it; InputError for one that we do not read."""
    match = _ADDRESS.fullmatch(address)
    scheme, root = (match[1].lower(), match[2]) if match else ("", address)
    if scheme not in _EXTRAS or "::" in address:
        raise InputError(
            "addresses of this kind are not read",
            f"{', '.join(f'{one}://' for one in _EXTRAS if one != 'memory')} are; fetch others yourself and load the files",
            _ADDRESS.sub(r"\1://…", address),
        )
    if _PASSWORD.match(root) or _QUESTION.search(root):
        raise InputError(
            "credentials do not belong in an address: every list of processes shows them",
            "give them as the store's own tools take them: in the environment or in a file of yours",
            f"{scheme}://…",
        )
    if not root.strip("/"):
        raise InputError("this address names no bucket", f"write {scheme}://bucket/prefix", address)
    return scheme, root


def _open(address: str, scheme: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    try:
        store, path = url_to_fs(address, use_listings_cache=False, skip_instance_cache=True)
    except ImportError as error:
        extra = _EXTRAS[scheme]
        raise ConfigError(
            f"{scheme}:// needs a library that is not installed",
            f"pip install 'pickglass[{extra}]'" if extra else "see the error's cause",
            address,
        ) from error
    return store, path


def _find(store: Any, path: str, *, prefix: bool) -> dict[str, dict[str, Any]]:
    """Return what lies at, below or under the pattern of a path, by the library's name for it.

    With `prefix` a path at which nothing lies may end within a name: s3://bucket/exports/2026-0 means every month.
    """
    found: dict[str, dict[str, Any]] = {}
    if not _PATTERN.search(path) or store.exists(path):
        found = store.find(path, detail=True)
        if found or not prefix or "/" not in path.strip("/"):
            return found
        path += "*"
    for key, about in store.glob(path, detail=True).items():
        found |= {key: about} if about.get("type") == "file" else store.find(key, detail=True)
    return found


def _hidden(key: str, path: str) -> bool:
    """Say whether a step of a name below what was asked for begins with a dot; a pattern's folder is its plain part."""
    plain = _PATTERN.split(path)[0].rpartition("/")[0] if _PATTERN.search(path) else path
    if key.rstrip("/") == path.rstrip("/"):
        return False
    rest = key[len(plain) :] if key.startswith(plain) else key
    return any(step.startswith(".") for step in rest.split("/")) or not rest.rpartition("/")[2]


def _as_given(key: str, path: str, root: str) -> str:
    """Write the library's name of an object as it follows the address that was typed.

    Libraries drop or add what stands before the bucket's own names, such as an account or a leading slash.
    """
    plain_path, plain_root = _PATTERN.split(path)[0].rstrip("/"), _PATTERN.split(root)[0].rstrip("/")
    return plain_root + key[len(plain_path) :] if key.startswith(plain_path) else key


def _modified(about: Mapping[str, Any]) -> datetime | None:
    """Return when an object was last modified, under whatever name its library tells it."""
    for name in ("LastModified", "last_modified", "mtime", "updated", "created"):
        told = about.get(name)
        if isinstance(told, str):
            try:
                told = datetime.fromisoformat(told)
            except ValueError:
                continue
        if isinstance(told, int | float):
            return datetime.fromtimestamp(told, UTC)
        if isinstance(told, datetime):
            return told if told.tzinfo else told.replace(tzinfo=UTC)
    return None


@contextmanager
def _telling(address: str) -> Iterator[None]:
    """Turn what a store's library raises, of which each has its own kinds, into an error that a person can act on."""
    try:
        yield
    except PickglassError:
        raise
    except FileNotFoundError as error:
        raise InputError("there is no such object", "check bucket and prefix", address) from error
    except PermissionError as error:
        raise InputError(
            "the store does not let us read", "check the credentials and what they may read", address
        ) from error
    except Exception as error:
        told = shown(str(error).partition("\n")[0])[:200]
        raise InputError(
            f"the store does not answer ({type(error).__name__}: {told})",
            "check address, network and credentials",
            address,
        ) from error
