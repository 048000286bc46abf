"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("audit_by_target", "audit", ["target", "seq"], unique=False)
    op.create_table(
        "checks",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("recheck_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("product_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("checks_by_time", "checks", ["recheck_at", "product_id"], unique=False)
    op.create_table(
        "entries",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("not_before", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(
        "entries_by_end", "entries", ["ended_at"], unique=False, sqlite_where=sa.text("ended_at IS NOT NULL")
    )
    op.create_index("entries_by_state", "entries", ["state", "channel", "seq"], unique=False)
    op.create_index(
        "entries_sent",
        "entries",
        ["channel", "sent_at", "message_id"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NOT NULL"),
    )
    op.create_table(
        "evidence",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("url"),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "incidents",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("inhibited_by", sa.Text(), nullable=False),
        sa.Column("remedy_pending", sa.Integer(), nullable=False),
        sa.Column("clock_at", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(
        "incidents_by_cause", "incidents", ["inhibited_by"], unique=False, sqlite_where=sa.text("inhibited_by != ''")
    )
    op.create_index(
        "incidents_by_clock", "incidents", ["clock_at"], unique=False, sqlite_where=sa.text("clock_at IS NOT NULL")
    )
    op.create_index("incidents_by_product", "incidents", ["product_id", "rule", "seq"], unique=False)
    op.create_index("incidents_by_rule", "incidents", ["rule", "kind", "seq"], unique=False)
    op.create_index("incidents_by_state", "incidents", ["state", "seq"], unique=False)
    op.create_index("incidents_pending", "incidents", ["seq"], unique=False, sqlite_where=sa.text("remedy_pending = 1"))
    op.create_index(
        "one_current_incident",
        "incidents",
        ["product_id", "rule"],
        unique=True,
        sqlite_where=sa.text(
            "kind = 'product' AND state IN ('acknowledged', 'closed', 'escalated', 'open', 'silenced', 'suspected')"
        ),
    )
    op.create_table(
        "overrides",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", "rule"),
    )
    op.create_table(
        "passes",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("passes_by_end", "passes", ["ended_at"], unique=False, sqlite_where=sa.text("ended_at IS NOT NULL"))
    op.create_table(
        "principals",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("item_group_id", sa.Text(), nullable=True),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("change_seq", sa.Integer(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "products_by_brand", "products", ["brand", "id"], unique=False, sqlite_where=sa.text("brand IS NOT NULL")
    )
    op.create_index(
        "products_by_category",
        "products",
        ["category", "id"],
        unique=False,
        sqlite_where=sa.text("category IS NOT NULL"),
    )
    op.create_index("products_by_change", "products", ["change_seq"], unique=True)
    op.create_index(
        "products_by_item_group_id",
        "products",
        ["item_group_id", "id"],
        unique=False,
        sqlite_where=sa.text("item_group_id IS NOT NULL"),
    )
    op.create_index("products_by_source", "products", ["source", "id"], unique=False)
    op.create_index("products_by_status", "products", ["status", "id"], unique=False)
    op.create_index("products_missing", "products", ["id"], unique=False, sqlite_where=sa.text("missing = 1"))
    op.create_table(
        "progress",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "remedies",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(
        "one_applied_remedy", "remedies", ["product_id"], unique=True, sqlite_where=sa.text("state = 'applied'")
    )
    op.create_index("remedies_by_incident", "remedies", ["incident_id", "seq"], unique=False)
    op.create_index("remedies_by_state", "remedies", ["state", "seq"], unique=False)
    op.create_table(
        "silences",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("silences_by_end", "silences", ["until"], unique=False, sqlite_where=sa.text("ended = 0"))
    op.create_table(
        "sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "edits",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("product_id", "revision"),
    )
    op.create_table(
        "price_runs",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("product_id", "first_day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "product_keys",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("item_group_id", sa.Text(), nullable=True),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("kind", "key", "product_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sightings",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("product_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "source_versions",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.Column("document", sa.BLOB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
        ),
        sa.PrimaryKeyConstraint("product_id"),
    )
    op.create_table(
        "tokens",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("principal_id", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("body", sa.BLOB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"],
            ["principals.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("secret_sha256"),
    )
