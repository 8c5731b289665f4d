"""pickglass finds workers who are not who they say they are, with evidence that holds.

This is the public API: what is named here stays, everything below may move.
"""

__version__ = "0.1.0"
