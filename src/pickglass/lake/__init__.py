"""The lake: events and state of all vendors in one set of tables, and the engines that read them.

Storage, loads, snapshots, originals and the views that analysts think in. This is the only part that knows
DuckDB, Spark or Iceberg; everything else hands it SQL and gets rows.
"""
