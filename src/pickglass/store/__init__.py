"""The operational store: what people decided and what the machine did, kept in a relational database.

Loads and their ledger, cases, notes, verdicts, attestations, gate decisions, people and roles, and the
hash-chained audit log. SQLite in the home folder by default; the tables are made by migrations.
"""
