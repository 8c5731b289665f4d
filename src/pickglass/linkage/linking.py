"""Both questions asked of one table, each answered by its own model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pickglass.linkage.personas import persona_links
from pickglass.linkage.shared import SharedThing, read_shared
from pickglass.linkage.things import thing_links
from pickglass.model.records import Link

if TYPE_CHECKING:
    import pyarrow as pa

PersonaModel = Callable[[Iterable[SharedThing], int], tuple[Link, ...]]


def link(shared: pa.Table, subjects: int, personas: PersonaModel = persona_links) -> tuple[Link, ...]:
    """Find persona links and thing links in the view `shared_thing`, of `subjects` subjects in all.

    Personas come first, the surest first; then things, the weightiest first. The order is fixed.
    """
    things = read_shared(shared)
    return (*personas(things, subjects), *thing_links(things, subjects))
