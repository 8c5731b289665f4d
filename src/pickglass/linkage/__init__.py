"""Linkage: which subjects are probably one person, and which share a thing that few people share.

The two questions are never mixed: persona links come from the pair probability of identifiers, thing links
from a graph of addresses, devices and accounts weighted by how rare each is.
"""
