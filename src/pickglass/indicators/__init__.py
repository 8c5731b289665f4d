"""Indicators: each puts one question to the lake, answered fired, clear or not assessable per subject.

An indicator is a pair of files with one name in the folder of its stage: YAML for its meaning and its tests,
SQL for its logic. A subject that the SQL says nothing about is not assessable, never clean.
"""
