"""Cases, approvals and searches, and the chain of the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the columns of the chain; what vouches for older entries is written by who has the key."""
    op.add_column("audit", sa.Column("key_id", sa.Text(), nullable=True))
    op.add_column("audit", sa.Column("mac", sa.BLOB(), nullable=True))
    op.create_table(
        "cases",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("searches", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "approvals",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("approvals_by_case", "approvals", ["case_id", "seq"], unique=False)
    op.create_table(
        "searches",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.Column("result", sa.BLOB(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("searches_by_case", "searches", ["case_id", "seq"], unique=False)
    op.create_index("searches_by_end", "searches", ["ended_at"], unique=False)
    op.create_table(
        "search_vectors",
        sa.Column("search_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("vector", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("search_id", "number"),
        sqlite_with_rowid=False,
    )
