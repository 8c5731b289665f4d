"""Linkage: which subjects are probably one person, and which share a thing that few people share.

The two questions are never mixed: persona links come from the pair probability of identifiers, thing links
from a graph of addresses, devices and accounts weighted by how rare each is.

* `people` gathers what tells persons apart, `train` and `score_pairs` weigh pairs, `cluster` makes personas of them,
  `waterfall` explains any two.
* `link(shared, subjects)` answers both over the view `shared_thing`.
* `thing_links` and `persona_links` answer one each; another persona model takes the place of the second.
* `common_things` tells what was left out because too many share it.

Declared households are taken out of the view before it comes here.
"""

from pickglass.linkage.clusters import Change, Clusters, cluster
from pickglass.linkage.explain import Step, waterfall
from pickglass.linkage.kinds import KINDS, ThingKind, kind_of
from pickglass.linkage.linking import PersonaModel, link
from pickglass.linkage.model import PAIRS, Model, default_model, score_pairs, train
from pickglass.linkage.people import PEOPLE, Dropped, people
from pickglass.linkage.personas import persona_links
from pickglass.linkage.shared import SharedThing, Use, read_shared
from pickglass.linkage.things import CommonThing, common_things, thing_links

__all__ = [
    "KINDS",
    "PAIRS",
    "PEOPLE",
    "Change",
    "Clusters",
    "CommonThing",
    "Dropped",
    "Model",
    "PersonaModel",
    "SharedThing",
    "Step",
    "ThingKind",
    "Use",
    "cluster",
    "common_things",
    "default_model",
    "kind_of",
    "link",
    "people",
    "persona_links",
    "read_shared",
    "score_pairs",
    "thing_links",
    "train",
    "waterfall",
]
