"""Exports: the case document and the tables in the formats that others read.

Values are masked unless a person gave a reason to reveal them, which is logged.
"""
