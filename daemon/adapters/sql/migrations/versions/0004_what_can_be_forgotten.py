"""When edits and evidence were made, so that they can be forgotten in time."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A body that SQLite cannot read as JSON stays without a time, and so is kept. Seconds are fine enough for a past.
_TIME = "CAST(strftime('%s', json_extract(CAST(body AS TEXT), '$.{name}')) AS INTEGER) * 1000000"


def upgrade() -> None:
    """Add the columns and fill them."""
    op.add_column("edits", sa.Column("edited_at", sa.Integer(), nullable=True))
    op.execute(
        f"UPDATE edits SET edited_at = {_TIME.format(name='at')} WHERE json_valid(CAST(body AS TEXT)) "  # noqa: S608 - our own words
        "AND json_type(CAST(body AS TEXT), '$.changes.status') IS NULL"
    )
    op.create_index(
        "edits_by_time", "edits", ["edited_at"], unique=False, sqlite_where=sa.text("edited_at IS NOT NULL")
    )
    op.add_column("evidence", sa.Column("fetched_at", sa.Integer(), nullable=True))
    op.execute(
        f"UPDATE evidence SET fetched_at = {_TIME.format(name='fetched_at')} WHERE json_valid(CAST(body AS TEXT))"  # noqa: S608 - our own words
    )
    op.create_index("evidence_by_time", "evidence", ["fetched_at"], unique=False)
