"""Linkage: which subjects are probably one person, and which share a thing that few people share.

The two questions are never mixed: persona links come from the pair probability of identifiers, thing links
from a graph of addresses, devices and accounts weighted by how rare each is.

Same person: `people` makes one row per subject, `score_pairs` asks a `Model` (from `train`, or the `default_model`) for
likely pairs, `cluster` makes personas of them, and `waterfall` explains any pair.

Same thing: `thing_links` gives one link for each thing that few share, `common_things` tells what was left out because
too many share it, and `farms` finds several claimed persons behind the same rare things.

Declared households are taken out of the things before they come here.
"""

from pickglass.linkage.clusters import Change, Clusters, cluster
from pickglass.linkage.explain import Step, waterfall
from pickglass.linkage.farms import Farm, FarmThing, farms
from pickglass.linkage.kinds import KINDS, ThingKind, kind_of
from pickglass.linkage.model import LINKED, PAIRS, Model, default_model, score_pairs, train
from pickglass.linkage.people import PEOPLE, Dropped, people
from pickglass.linkage.shared import SharedThing, Use, read_shared, short_id
from pickglass.linkage.things import CommonThing, common_things, is_rare, thing_links

__all__ = [
    "KINDS",
    "LINKED",
    "PAIRS",
    "PEOPLE",
    "Change",
    "Clusters",
    "CommonThing",
    "Dropped",
    "Farm",
    "FarmThing",
    "Model",
    "SharedThing",
    "Step",
    "ThingKind",
    "Use",
    "cluster",
    "common_things",
    "default_model",
    "farms",
    "is_rare",
    "kind_of",
    "people",
    "read_shared",
    "score_pairs",
    "short_id",
    "thing_links",
    "train",
    "waterfall",
]
