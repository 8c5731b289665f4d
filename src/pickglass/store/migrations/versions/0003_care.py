"""What the care of the lake keeps: data files with their hashes, originals past retention, holds, suppression."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "data_file",
        sa.Column("path", sa.Text),
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column(
            "batch_id", sa.Integer, sa.ForeignKey("batch.id", name="fk_data_file_batch_id"), nullable=False
        ),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_data_file"),
    )
    op.create_index("ix_data_file_table_name", "data_file", ["table_name"])
    op.create_table(
        "expired_original",
        sa.Column("raw_file", sa.String(64)),
        sa.Column("expired", TIME, nullable=False),
        sa.PrimaryKeyConstraint("raw_file", name="pk_expired_original"),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("placed", TIME, nullable=False),
        sa.Column("placed_by", sa.String(256), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("released", TIME),
        sa.Column("released_by", sa.String(256)),
        sa.PrimaryKeyConstraint("id", name="pk_hold"),
    )
    op.create_index("ix_hold_subject_id", "hold", ["subject_id"])
    op.create_table(
        "suppression",
        sa.Column("key", sa.String(64)),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_suppression"),
    )
