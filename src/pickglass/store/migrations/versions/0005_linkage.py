"""What linkage keeps: people's decisions on pairs, personas with their history, trained models, the latest links."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "link_decision",
        sa.Column("id", sa.Integer),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("left_subject", sa.String(64), nullable=False),
        sa.Column("right_subject", sa.String(64), nullable=False),
        sa.Column("linked", sa.Boolean, nullable=False),
        sa.Column("decided", TIME, nullable=False),
        sa.Column("decided_by", sa.String(256), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link_decision"),
    )
    op.create_index(
        "ix_link_decision_left_subject_right_subject", "link_decision", ["left_subject", "right_subject"]
    )
    op.create_table(
        "persona",
        sa.Column("persona_id", sa.String(32)),
        sa.Column("subject_id", sa.String(64)),
        sa.PrimaryKeyConstraint("persona_id", "subject_id", name="pk_persona"),
    )
    op.create_index("ix_persona_subject_id", "persona", ["subject_id"])
    op.create_table(
        "persona_change",
        sa.Column("id", sa.Integer),
        sa.Column("changed", TIME, nullable=False),
        sa.Column("persona_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("others", sa.JSON, nullable=False),
        sa.Column("subjects", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_persona_change"),
    )
    op.create_index("ix_persona_change_persona_id", "persona_change", ["persona_id"])
    op.create_table(
        "linkage_model",
        sa.Column("id", sa.Integer),
        sa.Column("trained", TIME, nullable=False),
        sa.Column("subjects", sa.Integer, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_linkage_model"),
    )
    op.create_table(
        "link",
        sa.Column("id", sa.String(32)),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link"),
    )
