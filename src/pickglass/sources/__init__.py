"""Sources: each folder knows one vendor export, recognises it by content and maps it to tables.

A source is found by being there. It brings its own sample, the rows that the sample must become, and a note
on the fields that lie.
"""
