"""Scorecards, and the pure function that applies them to evidence.

A scorecard is a dated table that a person can read. The result is its own explanation: ordered steps in
hundredths of a bit whose sum is the total, caps included.
"""
