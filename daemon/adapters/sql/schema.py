"""Every table, declared once. The migrations lead here, and a test holds the two together.

Records are JSON in `body`; the columns beside it are those that a query looks for, sorts by or compares. Tables with
`seq` list records in the order in which they first came. Times are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import (
    BLOB,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

from daemon.forum.rooms import Handling
from daemon.products.incidents import CURRENT, Kind
from daemon.products.remedies import RemedyState

#: Alembic revisions, oldest first; a store at the last of them needs no migration.
REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")

metadata = MetaData()


def _text(name: str, *more: ForeignKey, null: bool = False, key: bool = False) -> Column[str]:
    return Column(name, Text, *more, nullable=null, primary_key=key)


def _number(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=null)


def _body(name: str = "body", *, null: bool = False) -> Column[bytes]:
    return Column(name, BLOB, nullable=null)


def _seq() -> Column[int]:
    return Column("seq", Integer, primary_key=True)


def _product(*, key: bool = False) -> Column[str]:
    return _text("product_id", ForeignKey("products.id"), key=key)


# Facts about the store itself, such as the name of its change feed.
facts = Table("facts", metadata, _text("name", key=True), _text("value"), sqlite_with_rowid=False)

products = Table(
    "products",
    metadata,
    _text("id", key=True),
    _text("source"),
    _text("status"),
    _text("category", null=True),
    _text("brand", null=True),
    _text("item_group_id", null=True),
    _number("missing"),
    _number("revision"),
    _number("change_seq"),
    _text("search"),
    _body(),
)
Index("products_by_change", products.c.change_seq, unique=True)
Index("products_by_source", products.c.source, products.c.id)
Index("products_by_status", products.c.status, products.c.id)
for _name in ("category", "brand", "item_group_id"):
    _column = products.c[_name]
    Index(f"products_by_{_name}", _column, products.c.id, sqlite_where=_column.is_not(None))
Index("products_missing", products.c.id, sqlite_where=products.c.missing == 1)

# Who holds which identifier; held is 0 for archived products, which take it from nobody.
product_keys = Table(
    "product_keys",
    metadata,
    _text("kind", key=True),
    _text("key", key=True),
    _product(key=True),
    _text("item_group_id", null=True),
    _number("held"),
    sqlite_with_rowid=False,
)

# What a product's source last said, to merge three ways, and its document as it came.
source_versions = Table(
    "source_versions", metadata, _product(key=True), _text("status"), _body(), _body("document", null=True)
)

# The import that last named a product: written at every import, so narrow and by itself.
sightings = Table("sightings", metadata, _product(key=True), _text("import_id"), sqlite_with_rowid=False)

# Where a product lies in a catalogue elsewhere, and the digest of what was read there; none while it is missing.
mirrored = Table(
    "mirrored",
    metadata,
    _product(key=True),
    Column("place", BLOB, nullable=False, unique=True),
    _body("digest", null=True),
    _body("shard", null=True),
    _body("words", null=True),
    sqlite_with_rowid=False,
)

# Changes about to be made in a catalogue elsewhere.
intents = Table("intents", metadata, _product(key=True), _body(), sqlite_with_rowid=False)

price_runs = Table(
    "price_runs",
    metadata,
    _product(key=True),
    _text("first_day", key=True),
    _text("price", null=True),
    _text("currency", null=True),
    sqlite_with_rowid=False,
)

# edited_at: none where the status changed, which is never forgotten.
edits = Table(
    "edits",
    metadata,
    _product(key=True),
    Column("revision", Integer, primary_key=True),
    _body(),
    _number("edited_at", null=True),
)
Index("edits_by_time", edits.c.edited_at, sqlite_where=edits.c.edited_at.is_not(None))

sources = Table("sources", metadata, _text("name", key=True), _body())

incidents = Table(
    "incidents",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    _text("kind"),
    _text("product_id"),
    _text("rule"),
    _text("state"),
    _number("severity"),
    _text("owner", null=True),
    _text("inhibited_by"),
    _number("remedy_pending"),
    _number("clock_at", null=True),
    _number("ended_at", null=True),
    _number("revision"),
    _body(),
)
Index("incidents_by_product", incidents.c.product_id, incidents.c.rule, incidents.c.seq)
Index("incidents_by_rule", incidents.c.rule, incidents.c.kind, incidents.c.seq)
Index("incidents_by_state", incidents.c.state, incidents.c.seq)
Index("incidents_by_end", incidents.c.state, incidents.c.ended_at, sqlite_where=incidents.c.ended_at.is_not(None))
Index("incidents_by_clock", incidents.c.clock_at, sqlite_where=incidents.c.clock_at.is_not(None))
Index("incidents_by_cause", incidents.c.inhibited_by, sqlite_where=incidents.c.inhibited_by != "")
Index("incidents_pending", incidents.c.seq, sqlite_where=incidents.c.remedy_pending == 1)
Index(
    "one_current_incident",
    incidents.c.product_id,
    incidents.c.rule,
    unique=True,
    sqlite_where=(incidents.c.kind == str(Kind.PRODUCT)) & incidents.c.state.in_(sorted(map(str, CURRENT))),
)

remedies = Table(
    "remedies",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    _text("incident_id"),
    _text("product_id"),
    _text("rule"),
    _text("state"),
    _number("revision"),
    _body(),
)
Index("remedies_by_incident", remedies.c.incident_id, remedies.c.seq)
Index("remedies_by_state", remedies.c.state, remedies.c.seq)
Index(
    "one_applied_remedy", remedies.c.product_id, unique=True, sqlite_where=remedies.c.state == str(RemedyState.APPLIED)
)

overrides = Table(
    "overrides", metadata, _text("product_id", key=True), _text("rule", key=True), _number("until"), _body()
)

silences = Table(
    "silences",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    _number("until"),
    _number("ended"),
    _body(),
)
Index("silences_by_end", silences.c.until, sqlite_where=silences.c.ended == 0)

passes = Table(
    "passes", metadata, _seq(), Column("id", Text, nullable=False, unique=True), _number("ended_at", null=True), _body()
)
Index("passes_by_end", passes.c.ended_at, sqlite_where=passes.c.ended_at.is_not(None))

checks = Table("checks", metadata, _text("product_id", key=True), _number("recheck_at"), sqlite_with_rowid=False)
Index("checks_by_time", checks.c.recheck_at, checks.c.product_id)

progress = Table("progress", metadata, _text("name", key=True), _text("value"), sqlite_with_rowid=False)

entries = Table(
    "entries",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    _text("channel"),
    _text("state"),
    _number("not_before"),
    _text("message_id"),
    _number("sent_at", null=True),
    _number("ended_at", null=True),
    _body(),
)
Index("entries_by_state", entries.c.state, entries.c.channel, entries.c.seq)
Index(
    "entries_sent",
    entries.c.channel,
    entries.c.sent_at,
    entries.c.message_id,
    sqlite_where=entries.c.sent_at.is_not(None),
)
Index("entries_by_end", entries.c.ended_at, sqlite_where=entries.c.ended_at.is_not(None))

evidence = Table("evidence", metadata, _text("url", key=True), _body(), _number("fetched_at", null=True))
Index("evidence_by_time", evidence.c.fetched_at)

principals = Table(
    "principals",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, unique=True),
    _body(),
)

tokens = Table(
    "tokens",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    _text("principal_id", ForeignKey("principals.id")),
    Column("secret_sha256", Text, nullable=False, unique=True),
    _body(),
)

# key_id, mac: of the chain (forum/audit_chain.py); none in entries of before it, which its first one vouches for.
audit = Table(
    "audit",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    _text("target"),
    _body(),
    _text("key_id", null=True),
    _body("mac", null=True),
)
Index("audit_by_target", audit.c.target, audit.c.seq)

# Messages that the bot has begun to handle, so that none is handled twice: an insert and an update each, so no body.
bot_messages = Table(
    "bot_messages",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    _text("conversation_id"),
    _text("sender_id"),
    _text("sender_name"),
    _text("state"),
    _number("seen_at"),
)
Index("bot_messages_begun", bot_messages.c.seq, sqlite_where=bot_messages.c.state == str(Handling.BEGUN))
Index("bot_messages_by_time", bot_messages.c.seen_at)

binding_codes = Table(
    "binding_codes",
    metadata,
    _text("code_sha256", key=True),
    _text("principal_id", ForeignKey("principals.id")),
    _number("expires_at"),
    sqlite_with_rowid=False,
)

contacts = Table(
    "contacts",
    metadata,
    _text("contact_id", key=True),
    _text("principal_id", ForeignKey("principals.id")),
    _number("bound_at"),
    sqlite_with_rowid=False,
)

rooms = Table("rooms", metadata, _text("room_id", key=True), _body())

sent_notices = Table("sent_notices", metadata, _seq(), _text("conversation_id"), _number("sent_at"), _body())
Index("sent_notices_by_conversation", sent_notices.c.conversation_id, sent_notices.c.sent_at)
Index("sent_notices_by_time", sent_notices.c.sent_at)

# Rooms that have had an entry of the outbox, or may have.
told_rooms = Table(
    "told_rooms",
    metadata,
    _text("entry_id", key=True),
    _text("room_id", key=True),
    _number("told_at"),
    sqlite_with_rowid=False,
)
Index("told_rooms_by_time", told_rooms.c.told_at)

films = Table("films", metadata, _text("id", key=True), _body(), sqlite_with_rowid=False)

# What people said of films, the last word of each on each; so small that it needs no body.
film_feedback = Table(
    "film_feedback",
    metadata,
    _text("person", key=True),
    _text("film", key=True),
    _text("verdict"),
    _number("at"),
    sqlite_with_rowid=False,
)

# What is found of people, and what was asked for it, is deleted so that no byte stays (cases.py): no row here refers to
# one of these tables, since SQLite clears a table page by page only where nobody does.
cases = Table(
    "cases",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    _text("owner"),
    _text("members"),  # principal ids, as JSON
    _number("searches"),
    _number("ends_at"),  # when it was closed, else when it expires
    _number("revision"),
    _body(),
)

approvals = Table(
    "approvals",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    _text("case_id"),
    _number("decided"),
    _body(),
)
Index("approvals_by_case", approvals.c.case_id, approvals.c.seq)

searches = Table(
    "searches",
    metadata,
    _seq(),
    Column("id", Text, nullable=False, unique=True),
    _text("case_id"),
    _number("ended_at", null=True),  # none while it is queued or running
    _body(),
    _body("result", null=True),
)
Index("searches_by_case", searches.c.case_id, searches.c.seq)
Index("searches_by_end", searches.c.ended_at)

search_vectors = Table(
    "search_vectors",
    metadata,
    _text("search_id", key=True),
    Column("number", Integer, primary_key=True),
    _body("vector"),
    sqlite_with_rowid=False,
)


def tables() -> Sequence[Table]:
    """Return all tables, those that others refer to first."""
    return metadata.sorted_tables
