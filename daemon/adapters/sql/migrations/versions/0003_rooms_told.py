"""Which rooms have had an entry of the outbox, or may have."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "told_rooms",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=False),
        sa.Column("told_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "room_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("told_rooms_by_time", "told_rooms", ["told_at"], unique=False)
