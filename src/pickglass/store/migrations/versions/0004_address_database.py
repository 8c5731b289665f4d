"""The address databases that somebody gave this home: what each is, and until when it speaks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "address_database",
        sa.Column("sha256", sa.String(64)),
        sa.Column("list_name", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("type", sa.String(256), nullable=False),
        sa.Column("built", TIME, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("added", TIME, nullable=False),
        sa.Column("added_by", sa.String(256), nullable=False),
        sa.Column("valid_until", TIME),
        sa.PrimaryKeyConstraint("sha256", name="pk_address_database"),
    )
