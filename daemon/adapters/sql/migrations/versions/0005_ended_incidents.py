"""Find incidents that ended long ago without reading all that ever ended."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "incidents_by_end",
        "incidents",
        ["state", "ended_at"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NOT NULL"),
    )
