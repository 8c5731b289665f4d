"""The lake: storage, loads and snapshots, and the views that indicators and linkage read.

Only this package knows DuckDB and Iceberg. Tables are Iceberg tables with a SQLite catalog; which snapshot is
in force is said by the ledger in the operational store, so a load shows in all tables at once or not at all.
"""
