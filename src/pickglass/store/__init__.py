"""The operational store: what people decided and what the machine did, kept in a relational database.

Loads and their ledger, assessments, cases, notes, verdicts, and the hash-chained audit log. SQLite in the
home folder by default, PostgreSQL by URL; the tables are made by migrations.

* `open_store(settings)` gives a `Store`, migrated to the newest tables.
* `Store.reading()` and `Store.writing()` give a connection for one transaction: all or nothing.
* `ledger` records loads, and decides by `publish` which snapshot of each table readers see.
* `audit` appends to the log in the transaction of the action that it records, and proves the chain.
* `tables` names every table. All times are UTC and aware.
"""

from pickglass.store.database import Store, open_store, store_exists

__all__ = ["Store", "open_store", "store_exists"]
