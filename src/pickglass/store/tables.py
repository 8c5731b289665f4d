"""Every table of the operational store, with types that SQLite and PostgreSQL share.

`migrations/` makes these tables; a test proves that both say the same. Texts that are hashed (audit details,
case documents) are kept as text and not as JSON, because a database may write JSON back differently.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time on every database; a time without a zone is refused rather than guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        time: datetime = value
        return time.replace(tzinfo=UTC) if dialect.name == "sqlite" else time.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# -- the ledger ----------------------------------------------------------------------------------------------

load = Table(
    "load",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started", UtcTime, nullable=False),
    Column("finished", UtcTime),
    Column("version", String(64), nullable=False),  # of pickglass
    Column("state", String(16), nullable=False),  # running done aborted
)

batch = Table(
    "batch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("load_id", Integer, ForeignKey("load.id")),  # null: not a load, such as a compaction
    Column("state", String(16), nullable=False),  # open published abandoned
    Column("created", UtcTime, nullable=False),
    Column("published", UtcTime),
    Column("sequence", Integer, unique=True),  # order of publishing, which need not be that of the ids
)

table_snapshot = Table(
    "table_snapshot",
    metadata,
    Column("batch_id", Integer, ForeignKey("batch.id"), primary_key=True),
    Column("table_name", String(64), primary_key=True),
    Column("snapshot_id", BigInteger, nullable=False),
)

load_file = Table(
    "load_file",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("load_id", Integer, ForeignKey("load.id"), nullable=False, index=True),
    Column("batch_id", Integer, ForeignKey("batch.id"), index=True),
    Column("raw_file", String(64), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("source", String(128)),
    Column("form", String(32)),
    Column("state", String(16), nullable=False),  # loaded quarantined unrecognised unreadable replaced
    Column("why", Text),
    Column("read", BigInteger, nullable=False),
    Column("mapped", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("duplicate", BigInteger, nullable=False),
    Column("ignored", BigInteger, nullable=False),
    Column("unrecognised", BigInteger, nullable=False),
    Column("rows", JSON, nullable=False),
    Column("drift", JSON, nullable=False),
    Column("mapping_version", String(64)),
    Column("bytes", BigInteger, nullable=False),
    Column("loaded", UtcTime, nullable=False),
)
Index(
    "uq_load_file_in_force",
    load_file.c.raw_file,
    load_file.c.source,
    unique=True,
    sqlite_where=text("state = 'loaded'"),
    postgresql_where=text("state = 'loaded'"),
)

data_file = Table(
    "data_file",
    metadata,
    Column("path", Text, primary_key=True),
    Column("table_name", String(64), nullable=False, index=True),
    Column("batch_id", Integer, ForeignKey("batch.id"), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

expired_original = Table(
    "expired_original",  # past its retention period: its bytes are gone, the hashes in the rows stay
    metadata,
    Column("raw_file", String(64), primary_key=True),
    Column("expired", UtcTime, nullable=False),
)

hold = Table(
    "hold",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject_id", String(64), nullable=False, index=True),
    Column("placed", UtcTime, nullable=False),
    Column("placed_by", String(256), nullable=False),
    Column("reason", Text, nullable=False),
    Column("released", UtcTime),
    Column("released_by", String(256)),
)

suppression = Table(
    "suppression",  # keyed hashes of what named an erased subject
    metadata,
    Column("key", String(64), primary_key=True),
    Column("subject_id", String(64), nullable=False),
    Column("created", UtcTime, nullable=False),
)

address_database = Table(
    "address_database",  # in MaxMind's format, kept below HOME/intel under its hash
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("list_name", String(128), nullable=False),
    Column("kind", String(16), nullable=False),  # place operator anonymity
    Column("type", String(256), nullable=False),  # as its maker calls it
    Column("built", UtcTime, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("added", UtcTime, nullable=False),
    Column("added_by", String(256), nullable=False),
    Column("valid_until", UtcTime),
)


# -- the audit log -------------------------------------------------------------------------------------------

# One row per chain or counter. Whoever extends one locks its row first, so that writers queue up.
head = Table(
    "head",
    metadata,
    Column("name", String(16), primary_key=True),  # ledger audit
    Column("sequence", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("time", UtcTime, nullable=False),
    Column("actor", String(256), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object", String(256), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("details", Text, nullable=False),  # canonical JSON
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)


# -- assessments and cases -----------------------------------------------------------------------------------

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created", UtcTime, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("scorecard", String(64), nullable=False),
    Column("versions", Text, nullable=False),  # canonical JSON
)

assessment = Table(
    "assessment",  # the latest of each subject
    metadata,
    Column("subject_id", String(64), primary_key=True),
    Column("run_id", Integer, ForeignKey("run.id"), nullable=False, index=True),
    Column("scorecard", String(64), nullable=False),
    Column("band", String(16), nullable=False, index=True),
    Column("threat", Float, nullable=False),
    Column("not_ordinary", Float, nullable=False, index=True),
    Column("bits", Integer, nullable=False),  # hundredths
    Column("leading", String(16), nullable=False),
    Column("document", Text, nullable=False),  # canonical JSON
)

case = Table(
    "case",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("subject_id", String(64), nullable=False, index=True),
    Column("opened", UtcTime, nullable=False),
    Column("opened_by", String(256), nullable=False),
    Column("state", String(16), nullable=False),  # open closed
    Column("closed", UtcTime),
    Column("band", String(16), nullable=False),  # when it was opened
    Column("assignee", String(256), index=True),
)
Index(
    "uq_case_open",
    case.c.subject_id,
    unique=True,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)
Index("ix_case_state_opened", case.c.state, case.c.opened)

note = Table(
    "note",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", String(16), ForeignKey("case.id"), nullable=False, index=True),
    Column("created", UtcTime, nullable=False),
    Column("author", String(256), nullable=False),
    Column("text", Text, nullable=False),
)

case_document = Table(
    "case_document",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("subject_id", String(64), nullable=False, index=True),
    Column("created", UtcTime, nullable=False),
    Column("content", Text, nullable=False),  # canonical JSON, exactly what was hashed
)

verdict = Table(
    "verdict",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", String(16), ForeignKey("case.id"), nullable=False, index=True),
    Column("created", UtcTime, nullable=False),
    Column("verdict", String(16), nullable=False),  # cleared needs_more suspected confirmed
    Column("author", String(256), nullable=False),
    Column("second", String(256)),  # who confirmed it besides the author
    Column("reason", Text, nullable=False),
    Column("document", String(64), ForeignKey("case_document.sha256"), nullable=False),
)


# -- linkage -------------------------------------------------------------------------------------------------

link_decision = Table(
    "link_decision",  # of a pair the latest counts; the earlier ones stay as its history
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),  # person farm
    Column("left_subject", String(64), nullable=False),
    Column("right_subject", String(64), nullable=False),
    Column("linked", Boolean, nullable=False),
    Column("decided", UtcTime, nullable=False),
    Column("decided_by", String(256), nullable=False),
    Column("reason", Text, nullable=False),
)
Index(
    "ix_link_decision_left_subject_right_subject", link_decision.c.left_subject, link_decision.c.right_subject
)

persona = Table(
    "persona",  # groups of subjects that are probably one person, as of the latest run
    metadata,
    Column("persona_id", String(32), primary_key=True),
    Column("subject_id", String(64), primary_key=True, index=True),
)

persona_change = Table(
    "persona_change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("changed", UtcTime, nullable=False),
    Column("persona_id", String(32), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # new grown shrunk merged split gone
    Column("others", JSON, nullable=False),  # ids of the other groups in a merge or split
    Column("subjects", JSON, nullable=False),
)

linkage_model = Table(
    "linkage_model",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("trained", UtcTime, nullable=False),
    Column("subjects", Integer, nullable=False),  # how many it was trained on
    Column("content", Text, nullable=False),
)

link = Table(
    "link",  # of the latest run
    metadata,
    Column("id", String(32), primary_key=True),
    Column("place", Integer, nullable=False),  # in the order of the run
    Column("document", Text, nullable=False),  # canonical JSON
)
