"""What is remembered of a catalogue that lies elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "mirrored",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("place", sa.BLOB(), nullable=False),
        sa.Column("digest", sa.BLOB(), nullable=True),
        sa.Column("shard", sa.BLOB(), nullable=True),
        sa.Column("words", sa.BLOB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("product_id"),
        sa.UniqueConstraint("place"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "intents",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("product_id"),
        sqlite_with_rowid=False,
    )
