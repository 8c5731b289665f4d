"""The Iceberg tables: their making, the branch that a load writes to, and the files that a snapshot holds.

TRAPS of pyiceberg that shape this module
  * A table without any snapshot can only be written on main, so a new table gets an empty first snapshot.
  * A branch that does not exist yet starts empty: it is made from the snapshot in force first.
  * Table objects do not see commits made elsewhere: they are loaded anew for every step.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pickglass.errors import ConfigError
from pickglass.model.schema import Column, schema

NAMESPACE = "lake"
METADATA_VERSIONS_KEPT = "20"


class Tables:
    """The catalog of the lake's tables, by the names of the vocabulary."""

    def __init__(self, catalog_uri: str, warehouse: Path) -> None:
        from pyiceberg.catalog.sql import SqlCatalog

        warehouse.mkdir(parents=True, exist_ok=True)
        self._warehouse = warehouse
        # A plain path and no URI: the library writes to `a%20b` what a URI says of `a b`.
        self._catalog = SqlCatalog("pickglass", uri=catalog_uri, warehouse=str(warehouse.absolute()))
        self._catalog.create_namespace_if_not_exists(NAMESPACE)

    def close(self) -> None:
        """Give the catalog's database connections back."""
        self._catalog.engine.dispose()

    def names(self) -> list[str]:
        """Name the tables that exist, in order."""
        return sorted(name for _, name in self._catalog.list_tables(NAMESPACE))

    def ensure(self, name: str) -> None:
        """Make the table, or give it the columns that the vocabulary has gained since."""
        from pyiceberg.exceptions import NoSuchTableError

        columns = schema().tables[name].columns
        try:
            table = self._table(name)
        except NoSuchTableError:
            self._create(name, columns.values())
            return
        missing = [column for column in columns.values() if column.name not in table.schema().column_names]
        if missing:
            with table.update_schema() as update:
                for column in missing:
                    update.add_column(column.name, _iceberg_type(column, 0))

    def data_folder(self, name: str, batch: int) -> Path:
        """Return where one batch's files of a table lie, so that an unfinished batch can be swept away."""
        return self._warehouse / NAMESPACE / name / "data" / f"batch-{batch:08d}"

    def write_branch(self, name: str, batch: int, base: int | None, files: Iterable[Path]) -> int:
        """Add files to a fresh branch made from snapshot `base`; return the branch's snapshot."""
        branch = f"batch-{batch}"
        table = self._table(name)
        start = base if base is not None else table.history()[0].snapshot_id
        table.manage_snapshots().create_branch(start, branch).commit()
        self._table(name).add_files([str(path) for path in files], branch=branch, check_duplicate_files=False)
        return int(self._table(name).refs()[branch].snapshot_id)

    def set_main(self, name: str, snapshot: int | None) -> None:
        """Make main equal the snapshot that the ledger names (None: the empty first one); drop every branch."""
        table = self._table(name)
        target = snapshot if snapshot is not None else table.history()[0].snapshot_id
        current = table.current_snapshot()
        changes = table.manage_snapshots()
        if current is None or current.snapshot_id != target:
            changes = changes.set_current_snapshot(snapshot_id=target)
        branches = [branch for branch in table.refs() if branch != "main"]
        for branch in branches:
            changes = changes.remove_branch(branch)
        if branches or current is None or current.snapshot_id != target:
            changes.commit()  # one commit for all: each costs more the longer the metadata is

    def files(
        self, name: str, snapshot: int, start: datetime | None = None, end: datetime | None = None
    ) -> list[str]:
        """List the Parquet files of a snapshot, only those that may hold times from `start` to `end`."""
        within = "True"
        if start is not None and end is not None:
            within = f"time >= '{start.isoformat()}' and time <= '{end.isoformat()}'"
        scan = self._table(name).scan(row_filter=within, snapshot_id=snapshot)
        return sorted(task.file.file_path for task in scan.plan_files())

    def folder(self, name: str) -> Path:
        """Return where everything of a table lies: data and metadata."""
        return self._warehouse / NAMESPACE / name

    def open(self, name: str) -> Any:
        """Open a table as the catalog knows it now; a commit made elsewhere is not seen by an older object."""
        return self._table(name)

    def _table(self, name: str) -> Any:
        try:
            table = self._catalog.load_table((NAMESPACE, name))
        except FileNotFoundError as error:
            raise self._moved(name) from error
        # A copy of a home would go on reading, and writing, the files of the home that it was copied from.
        location = str(table.metadata_location)
        place = unquote(urlsplit(location).path) if location.startswith("file:") else location
        if "://" not in place and not Path(place).resolve().is_relative_to(self._warehouse.resolve()):
            raise self._moved(name)
        return table

    def _moved(self, name: str) -> ConfigError:
        return ConfigError(
            f"the files of the table {name} are not where the catalog says",
            "a home stays where it was made: move it back, or load the exports into a new one",
            str(self._warehouse),
        )

    def _create(self, name: str, columns: Iterable[Column]) -> None:
        from pyiceberg.io.pyarrow import schema_to_pyarrow
        from pyiceberg.partitioning import PartitionField, PartitionSpec
        from pyiceberg.schema import Schema
        from pyiceberg.transforms import MonthTransform
        from pyiceberg.types import NestedField

        fields = [
            # Element ids of lists come after all column ids.
            NestedField(number, column.name, _iceberg_type(column, 1000 + number), required=False)
            for number, column in enumerate(columns, start=1)
        ]
        time = next(field.field_id for field in fields if field.name == "time")
        iceberg = Schema(*fields)
        table = self._catalog.create_table(
            (NAMESPACE, name),
            iceberg,
            partition_spec=PartitionSpec(PartitionField(time, 1000, MonthTransform(), "month")),
            properties={
                "write.metadata.previous-versions-max": METADATA_VERSIONS_KEPT,
                "write.metadata.delete-after-commit.enabled": "true",
                # Bounds of other columns would carry mails and names into manifests; only time cuts files out.
                "write.metadata.metrics.default": "counts",
                "write.metadata.metrics.column.time": "full",
            },
        )
        table.append(schema_to_pyarrow(table.schema()).empty_table())


def _iceberg_type(column: Column, element_id: int) -> Any:
    from pyiceberg import types

    if column.type == "texts":
        return types.ListType(element_id, types.StringType(), element_required=False)
    return {
        "text": types.StringType,
        "integer": types.LongType,
        "number": types.DoubleType,
        "boolean": types.BooleanType,
        "time": types.TimestamptzType,
    }[column.type]()
