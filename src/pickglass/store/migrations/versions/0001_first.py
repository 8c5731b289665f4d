"""The first tables: ledger, audit log, assessments, cases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    make_ledger()
    make_audit_log()
    make_cases()


def make_ledger() -> None:
    op.create_table(
        "load",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("started", TIME, nullable=False),
        sa.Column("finished", TIME),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_load"),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("load_id", sa.Integer, sa.ForeignKey("load.id", name="fk_batch_load_id")),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("published", TIME),
        sa.Column("sequence", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_batch"),
        sa.UniqueConstraint("sequence", name="uq_batch_sequence"),
    )
    op.create_table(
        "table_snapshot",
        sa.Column("batch_id", sa.Integer, sa.ForeignKey("batch.id", name="fk_table_snapshot_batch_id")),
        sa.Column("table_name", sa.String(64)),
        sa.Column("snapshot_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "table_name", name="pk_table_snapshot"),
    )
    op.create_table(
        "load_file",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "load_id", sa.Integer, sa.ForeignKey("load.id", name="fk_load_file_load_id"), nullable=False
        ),
        sa.Column("batch_id", sa.Integer, sa.ForeignKey("batch.id", name="fk_load_file_batch_id")),
        sa.Column("raw_file", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("source", sa.String(128)),
        sa.Column("form", sa.String(32)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("why", sa.Text),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("read", "mapped", "rejected", "duplicate", "ignored", "unrecognised")
        ),
        sa.Column("rows", sa.JSON, nullable=False),
        sa.Column("unknown_keys", sa.JSON, nullable=False),
        sa.Column("mapping_version", sa.String(64)),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("loaded", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_load_file"),
    )
    for column in ("load_id", "batch_id", "raw_file"):
        op.create_index(f"ix_load_file_{column}", "load_file", [column])
    loaded = sa.text("state = 'loaded'")
    op.create_index(
        "uq_load_file_in_force",
        "load_file",
        ["raw_file", "source"],
        unique=True,
        sqlite_where=loaded,
        postgresql_where=loaded,
    )


def make_audit_log() -> None:
    head = op.create_table(
        "head",
        sa.Column("name", sa.String(16)),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_head"),
    )
    op.bulk_insert(head, [{"name": name, "sequence": 0, "hash": "0" * 64} for name in ("ledger", "audit")])
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer, autoincrement=False),
        sa.Column("time", TIME, nullable=False),
        sa.Column("actor", sa.String(256), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("object", sa.String(256), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
    )
    op.create_index("ix_audit_object", "audit", ["object"])
    forbid_changes_of_the_audit_log()


def forbid_changes_of_the_audit_log() -> None:
    """Refuse change and removal in the database itself: this stops mistakes; the chain shows intent."""
    if op.get_context().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
        )


def make_cases() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Integer),
        sa.Column("created", TIME, nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("scorecard", sa.String(64), nullable=False),
        sa.Column("versions", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_table(
        "assessment",
        sa.Column("subject_id", sa.String(64)),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id", name="fk_assessment_run_id"), nullable=False),
        sa.Column("scorecard", sa.String(64), nullable=False),
        sa.Column("band", sa.String(16), nullable=False),
        sa.Column("threat", sa.Float, nullable=False),
        sa.Column("not_ordinary", sa.Float, nullable=False),
        sa.Column("bits", sa.Integer, nullable=False),
        sa.Column("leading", sa.String(16), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name="pk_assessment"),
    )
    for column in ("run_id", "band", "not_ordinary"):
        op.create_index(f"ix_assessment_{column}", "assessment", [column])
    op.create_table(
        "case",
        sa.Column("id", sa.String(16)),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("opened", TIME, nullable=False),
        sa.Column("opened_by", sa.String(256), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("closed", TIME),
        sa.Column("band", sa.String(16), nullable=False),
        sa.Column("assignee", sa.String(256)),
        sa.PrimaryKeyConstraint("id", name="pk_case"),
    )
    op.create_index("ix_case_subject_id", "case", ["subject_id"])
    op.create_index("ix_case_assignee", "case", ["assignee"])
    op.create_index("ix_case_state_opened", "case", ["state", "opened"])
    still_open = sa.text("state = 'open'")
    op.create_index(
        "uq_case_open",
        "case",
        ["subject_id"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "note",
        sa.Column("id", sa.Integer),
        sa.Column("case_id", sa.String(16), sa.ForeignKey("case.id", name="fk_note_case_id"), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("author", sa.String(256), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_note"),
    )
    op.create_index("ix_note_case_id", "note", ["case_id"])
    op.create_table(
        "case_document",
        sa.Column("sha256", sa.String(64)),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_case_document"),
    )
    op.create_index("ix_case_document_subject_id", "case_document", ["subject_id"])
    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer),
        sa.Column(
            "case_id", sa.String(16), sa.ForeignKey("case.id", name="fk_verdict_case_id"), nullable=False
        ),
        sa.Column("created", TIME, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("author", sa.String(256), nullable=False),
        sa.Column("second", sa.String(256)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column(
            "document",
            sa.String(64),
            sa.ForeignKey("case_document.sha256", name="fk_verdict_document"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_verdict"),
    )
    op.create_index("ix_verdict_case_id", "verdict", ["case_id"])
