"""What a file differs in from its source: not only unknown keys, but missing and retyped ones too."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("load_file") as table:
        table.add_column(sa.Column("drift", sa.JSON, nullable=False, server_default="{}"))
    file = sa.table("load_file", sa.column("unknown_keys", sa.JSON), sa.column("drift", sa.JSON))
    connection = op.get_bind()
    if not op.get_context().as_sql:  # a script for later has no rows to read
        for (keys,) in connection.execute(sa.select(file.c.unknown_keys).distinct()).all():
            if keys:
                same = file.c.unknown_keys == sa.literal(keys, sa.JSON)
                connection.execute(sa.update(file).where(same).values(drift={"new": keys}))
    with op.batch_alter_table("load_file") as table:
        table.alter_column("drift", server_default=None, existing_type=sa.JSON, existing_nullable=False)
        table.drop_column("unknown_keys")
