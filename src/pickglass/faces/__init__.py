"""Faces: everything that people and other systems see of pickglass.

Each face renders the same documents; none computes a number of its own.
"""
