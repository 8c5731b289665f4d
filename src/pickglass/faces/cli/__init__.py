"""The command line: thin commands around public functions.

Data goes to stdout, talk and progress to stderr, and the exit code says how it went.
"""
