"""Chunks mapped side by side, while the next one is read.

An engine with several threads would do one chunk after the other, and most steps of a chunk are too small to be
shared. So each thread of ours has an engine of one thread: they wait for nobody, rows stay in order, and what is in
memory is a few chunks, however big the file is.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from pickglass.lake.engine import connect, install_macros
from pickglass.lake.mapping import Chunk, Mapped, Mapper
from pickglass.model.source import SourceDefinition
from pickglass.settings import Settings, derived_key

AT_MOST = 3  # at once: reading and hashing, which is one thread's work, does not keep more of them busy


class SideBySide:
    """Maps chunks in threads; `done` is told of each in the order in which they were given, in the caller's thread."""

    def __init__(
        self,
        settings: Settings,
        stage: Path,
        load_id: int,
        loaded: datetime,
        done: Callable[[SourceDefinition, Chunk, Mapped], None],
    ) -> None:
        self._settings = settings
        self._stage = stage
        self._load = load_id, loaded
        self._done = done
        self._count = min(settings.threads, AT_MOST)
        self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="mapping")
        self._waiting: deque[tuple[SourceDefinition, Chunk, Future[Mapped]]] = deque()
        self._idle: queue.SimpleQueue[Mapper] = queue.SimpleQueue()
        self._connections: list[Any] = []
        self._spills = count()
        self._number = 0

    def map(self, source: SourceDefinition, chunk: Chunk) -> None:
        """Take a chunk; waits while as many as there are threads are under way."""
        while len(self._waiting) >= self._count:
            self._collect()
        self._number += 1
        self._waiting.append((source, chunk, self._threads.submit(self._map, source, chunk, self._number)))

    def finish(self) -> None:
        """Wait until every chunk is mapped."""
        while self._waiting:
            self._collect()

    def close(self) -> None:
        """Stop after what is under way, and give the engines back."""
        self._threads.shutdown(cancel_futures=True)
        for connection in self._connections:
            connection.close()

    def _collect(self) -> None:
        source, chunk, mapped = self._waiting.popleft()
        self._done(source, chunk, mapped.result())

    def _map(self, source: SourceDefinition, chunk: Chunk, number: int) -> Mapped:
        with self._mapper() as mapper:
            return mapper.map(source, chunk, number)

    @contextmanager
    def _mapper(self) -> Iterator[Mapper]:
        """Lend a mapper that nobody uses; a small load never makes a second one."""
        try:
            mapper = self._idle.get_nowait()
        except queue.Empty:
            # Numbered by a counter and not by how many there are: two threads may be here at once, and two engines
            # that spill to one folder overwrite each other's files.
            spill = self._stage / f"spill-{next(self._spills)}"
            connection = connect(self._settings.memory_limit, 1, spill, shares=self._count)
            self._connections.append(connection)
            install_macros(connection, derived_key(self._settings, "identifiers"))
            mapper = Mapper(connection, self._stage, *self._load)
        yield mapper
        self._idle.put(mapper)
