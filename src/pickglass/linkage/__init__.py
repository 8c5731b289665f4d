"""Linkage: which subjects are probably one person, and which share a thing that few people share.

The two questions are never mixed: persona links come from the pair probability of identifiers, thing links
from a graph of addresses, devices and accounts weighted by how rare each is.

* `link(shared, subjects)` answers both over the view `shared_thing`.
* `thing_links` and `persona_links` answer one each; another persona model takes the place of the second.
* `common_things` tells what was left out because too many share it.

Declared households are taken out of the view before it comes here.
"""

from pickglass.linkage.kinds import KINDS, ThingKind, kind_of
from pickglass.linkage.linking import PersonaModel, link
from pickglass.linkage.personas import persona_links
from pickglass.linkage.shared import SharedThing, Use, read_shared
from pickglass.linkage.things import CommonThing, common_things, thing_links

__all__ = [
    "KINDS",
    "CommonThing",
    "PersonaModel",
    "SharedThing",
    "ThingKind",
    "Use",
    "common_things",
    "kind_of",
    "link",
    "persona_links",
    "read_shared",
    "thing_links",
]
