"""What the daemon needs from the world, as Protocols; adapters/ holds what answers them.

Contracts that every adapter keeps, proven by tests/contract:
- values come back equal to what went in; times are aware UTC;
- a method either does all of what it says or raises and did nothing;
- only errors of daemon.errors are raised: Unavailable when the store or peer cannot be reached, Conflict when a
  compare-and-set finds something else, StoreFull when nothing can be written any more;
- cancelling a call leaves no transaction open and no connection lost.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from daemon.forum.principals import Principal, Scope, Token
from daemon.forum.rooms import (
    BindingCode,
    Contact,
    Handled,
    Incoming,
    Outgoing,
    RoomMessage,
    RoomSetting,
    SentNotice,
    Standing,
)
from daemon.products.evidence import Evidence
from daemon.products.imports import Parsed, ProductFilter, SourceState
from daemon.products.incidents import Incident, Silence, State
from daemon.products.notices import Entry, EntryState, Message
from daemon.products.passes import PassRecord
from daemon.products.product import PricePoint, Product
from daemon.products.remedies import Override, Remedy, RemedyState
from daemon.products.verdicts import KeyHolder, Severity

T = TypeVar("T")


class Page(msgspec.Struct, frozen=True):
    """One page of a list. cursor is None on the last page."""

    items: tuple[Any, ...]
    cursor: str | None = None


class Clock(Protocol):
    """Time, so that tests can move it."""

    def now(self) -> datetime:
        """Return the wall clock as an aware UTC datetime."""

    def monotonic(self) -> float:
        """Return seconds of a clock that never jumps."""

    async def sleep(self, seconds: float) -> None:
        """Wait; intervals run on the monotonic clock."""


class Offload(Protocol):
    """The one way into threads: for work that would hold the loop, bounded beforehand by the caller."""

    async def run(self, work: Callable[[], T], *, what: str) -> T:
        """Run `work` in the pool. Giving up the wait does not free the slot before the thread is done.

        what: name for logs and metrics. Raises Unavailable when the queue is full.
        """


class ImportedPage(msgspec.Struct, frozen=True):
    """What storing one page of an import did, by product id."""

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()  # ids that belong to another source; not stored


class Catalogue(Protocol):
    """Where products are: embedded SQLite, memory, or the shop's own database.

    Every stored change raises the product's revision and moves it to the head of the change feed. Products that
    depend on the changed one (those sharing its sku, gtin or slug before or after, and those whose item_group_id
    names it) move there too, without a new revision.
    """

    async def get(self, product_id: str) -> Product:
        """Return one product. Raises NotFound."""

    async def get_many(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return those of the named products that exist, by id."""

    async def count(self, where: ProductFilter | None = None) -> int:
        """Return how many products match."""

    async def find(self, where: ProductFilter, limit: int, cursor: str | None = None) -> Page:
        """Return a page of products in the order of their ids. Raises InvalidInput for a cursor that is none."""

    async def mark(self) -> str:
        """Return the head of the change feed."""

    async def changed(self, since: str | None, limit: int) -> tuple[Sequence[Product], str]:
        """Return up to `limit` products changed after a mark, oldest change first, and the mark to go on from.

        since None starts from the beginning. An empty sequence means that the head is reached.
        """

    def scan(self, page_size: int) -> AsyncIterator[Sequence[Product]]:
        """Iterate over all products in pages, in the order of their ids; survives writes meanwhile."""

    async def replace(self, read: Product, new: Product, *, actor: str, now: datetime) -> Product:
        """Store `new` if the stored product is still as `read`; return it with its new revision.

        Keeps soldout_since, price history, change feed and edit record right. actor goes into the record.
        Raises Conflict when somebody else was faster, NotFound when the product is gone.
        """

    async def history(self, product_ids: Sequence[str], before_day: str) -> dict[str, Sequence[PricePoint]]:
        """Return up to 60 points of distinct UTC days before a day, oldest first, by product id."""

    async def holders(self, kind: str, keys: Iterable[str]) -> dict[str, Sequence[KeyHolder]]:
        """Return who holds normalised keys ("sku", "gtin", "slug"): non-archived products, variants included."""

    async def statuses(self, product_ids: Sequence[str]) -> dict[str, str]:
        """Return the status text of those of the named products that exist."""

    async def edits(self, product_id: str, limit: int, cursor: str | None = None) -> Page:
        """Return a page of EditRecord of one product, newest first."""

    async def store_page(self, source: str, page: Sequence[Parsed], import_id: str, now: datetime) -> ImportedPage:
        """Merge a page of an import in one transaction (`imports.merge`), and keep each as the source's last version.

        Ids that another source owns are left alone and reported as foreign.
        """

    async def finish_import(self, source: str, import_id: str, now: datetime) -> int:
        """Mark products of the source that this import did not name as missing; return how many are newly so."""

    async def document(self, product_id: str) -> Mapping[str, object] | None:
        """Return the source document kept as it came."""

    def diverged(self, source: str | None) -> AsyncIterator[tuple[Product, Product]]:
        """Iterate over (the source's last version, stored) pairs of products whose status differs between the two."""

    async def source_versions(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return the source's own last version of products, by id."""

    async def sources(self) -> dict[str, SourceState]:
        """Return what is remembered of every source, by name."""

    async def save_source(self, state: SourceState) -> None:
        """Remember the state of a source."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that are kept together or not at all.

    incidents, remedies: as they shall be; an existing one must still have the stored `revision`, a new one
    (revision 0, unknown id) is inserted; each is stored with revision + 1. rechecks: product id to the time of its
    next check by time alone, None for none; every product that a pass judged is named here.
    """

    incidents: tuple[Incident, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    overrides: tuple[Override, ...] = ()
    entries: tuple[Entry, ...] = ()
    audits: tuple[AuditEntry, ...] = ()
    rechecks: Mapping[str, datetime | None] = msgspec.field(default_factory=dict)
    progress: Mapping[str, str] = msgspec.field(default_factory=dict)  # small named values, such as the change mark

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__struct_fields__)


class IncidentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which incidents a list shows; empty means any. newest first."""

    states: tuple[State, ...] = ()
    product_id: str | None = None
    rule: str | None = None
    min_severity: Severity | None = None
    kind: str | None = None
    owner: str | None = None
    inhibited: bool | None = None
    remedy_pending: bool | None = None


class IncidentStore(Protocol):
    """Incidents, remedies, overrides, check times and progress; commits are fully durable."""

    async def commit(self, batch: Batch) -> None:
        """Keep a batch in one transaction. Raises Conflict when an incident or remedy was changed meanwhile."""

    async def incident(self, incident_id: str) -> Incident:
        """Return one incident. Raises NotFound."""

    async def latest(self, product_ids: Sequence[str]) -> dict[str, Sequence[Incident]]:
        """Return, for each product, the latest incident of each rule, ended ones included."""

    async def latest_of_rule(self, rule: str) -> Incident | None:
        """Return the latest mass or checker incident of a rule."""

    async def find(self, where: IncidentFilter, limit: int, cursor: str | None = None) -> Page:
        """Return a page of incidents, newest first."""

    async def counts(self) -> dict[State, int]:
        """Return how many incidents are in each state, all states named."""

    async def clocks_due(self, now: datetime, limit: int) -> Sequence[Incident]:
        """Return incidents whose escalate_at, remind_at or silenced_until has come."""

    async def inhibited_by(self, incident_id: str) -> Sequence[Incident]:
        """Return incidents that name this one as their cause."""

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of products whose recheck time has come, longest due first."""

    async def next_due(self) -> datetime | None:
        """Return the earliest recheck time."""

    async def progress(self, name: str) -> str | None:
        """Return a small named value."""

    async def remedy(self, remedy_id: str) -> Remedy:
        """Return one remedy. Raises NotFound."""

    async def held(self, product_ids: Sequence[str]) -> dict[str, Remedy]:
        """Return the applied remedy of each product that has one; there is never more than one."""

    async def remedies_of(self, incident_ids: Sequence[str]) -> dict[str, Sequence[Remedy]]:
        """Return the remedies of incidents, newest first, by incident id."""

    async def find_remedies(
        self, states: Sequence[RemedyState], limit: int, cursor: str | None = None, *, rule: str | None = None
    ) -> Page:
        """Return a page of remedies, newest first; no states means any."""

    async def overrides(self, product_ids: Sequence[str], now: datetime) -> dict[tuple[str, str], Override]:
        """Return overrides still in force, by product id and rule."""

    async def silences(self, now: datetime) -> Sequence[Silence]:
        """Return silences in force, newest first."""

    async def save_silence(self, silence: Silence) -> None:
        """Insert or replace a silence."""

    async def silence(self, silence_id: str) -> Silence:
        """Return one silence. Raises NotFound."""

    async def add_pass(self, record: PassRecord) -> None:
        """Insert or replace a row of the ledger of passes."""

    async def passes(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of PassRecord, newest first."""

    async def forget(self, before: datetime, passes_before: datetime | None = None) -> int:
        """Delete ended incidents, their remedies, passes and sent entries that ended before a time; return how many.

        passes_before: another time for the ledger of passes, which grows by one every interval.
        """


class Outbox(Protocol):
    """What goes out to people. Entries come in through IncidentStore.commit or `add`."""

    async def add(self, entries: Sequence[Entry]) -> None:
        """Queue entries, durably."""

    async def queued(self, channel: str, now: datetime, limit: int) -> Sequence[Entry]:
        """Return queued entries of a channel whose not_before has come or is None, oldest first."""

    async def begin(self, entry_ids: Sequence[str], message_id: str, now: datetime) -> None:
        """Mark queued entries as being sent, attempts + 1. Raises Conflict if one is not queued."""

    async def finish(
        self,
        entry_ids: Sequence[str],
        state: EntryState,
        now: datetime,
        *,
        error: str = "",
        not_before: datetime | None = None,
    ) -> None:
        """Mark entries as sent, failed, unknown, collapsed or expired; or queued again, not before a time."""

    async def recover(self) -> Sequence[Entry]:
        """Mark everything that was being sent when the daemon died as unknown; return it."""

    async def find(self, states: Sequence[EntryState], limit: int, cursor: str | None = None) -> Page:
        """Return a page of entries, newest first; no states means any."""

    async def depth(self) -> dict[tuple[str, EntryState], int]:
        """Return how many entries each channel has in each state."""

    async def sent_since(self, channel: str, since: datetime) -> int:
        """Return how many distinct messages of a channel were sent since a time."""


class Notifier(Protocol):
    """One channel that messages go out by."""

    name: str
    #: Repeating a message with the same id cannot reach people twice.
    idempotent: bool

    async def send(self, message: Message) -> None:
        """Send. Raises DeliveryFailed when it was clearly not taken, DeliveryUnknown when that cannot be told."""


class EvidenceStore(Protocol):
    """What was last found at URLs."""

    async def evidence(self, urls: Sequence[str]) -> dict[str, Evidence]:
        """Return the last evidence of those URLs that have any, with the one before it as `previous`."""

    async def keep(self, evidence: Sequence[Evidence]) -> None:
        """Keep new evidence; what was last becomes its `previous`."""


class PageFetcher(Protocol):
    """Brings evidence from URLs that come from data: under the address policy, bounded, polite."""

    async def image(self, url: str) -> Evidence:
        """Fetch as much of an image as its facts need. Never raises for what the target does."""

    async def page(self, url: str) -> Evidence:
        """Fetch a landing page and read its facts. Never raises for what the target does."""


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """A source's file, in a temporary file on disk; the caller deletes it. path None: not modified."""

    path: str | None
    etag: str | None = None
    last_modified: str | None = None
    content_type: str | None = None


class SourceReader(Protocol):
    """Brings the files of [[sources]], which the operator configured, so any address may be named."""

    async def download(self, url: str, etag: str | None, last_modified: str | None, max_bytes: int) -> Download:
        """Fetch with a conditional request. Raises Unavailable with the reason."""


class Principals(Protocol):
    """Who someone is."""

    async def create(self, principal: Principal) -> None:
        """Add a principal. Raises Conflict when the name is taken."""

    async def by_name(self, name: str) -> Principal:
        """Return a principal. Raises NotFound."""

    async def all(self) -> Sequence[Principal]:
        """Return every principal."""

    async def add_token(self, token: Token, secret_sha256: str) -> None:
        """Keep a token by the hash of its secret."""

    async def by_token(self, secret_sha256: str, now: datetime) -> tuple[Principal, Token]:
        """Return whose token this is. Raises Unauthorized when unknown, expired, revoked or of a disabled principal."""

    async def tokens(self) -> Sequence[tuple[Token, Principal]]:
        """Return all tokens."""

    async def revoke(self, token_id: str, now: datetime) -> None:
        """End a token. Raises NotFound."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to what. detail never holds secrets or chat text."""

    id: str  # UUIDv7
    at: datetime
    actor: str  # principal id or "daemon"
    action: str  # "incident.acknowledged", "product.edited", "token.created", ...
    target: str  # "incident:ID", "product:ID", ...
    detail: Mapping[str, str] = msgspec.field(default_factory=dict)


class AuditLog(Protocol):
    """What someone did; append-only."""

    async def append(self, entry: AuditEntry) -> None:
        """Keep an entry."""

    async def entries(self, limit: int, cursor: str | None = None, *, target: str | None = None) -> Page:
        """Return a page of entries, newest first."""


class Actor(msgspec.Struct, frozen=True):
    """Who acts, as services are told: id for records, name for people, scopes for what is allowed."""

    id: str
    name: str
    scopes: frozenset[Scope] = frozenset()

    @classmethod
    def daemon(cls) -> Actor:
        """The daemon itself."""
        return cls("daemon", "daemon", frozenset(Scope))

    @classmethod
    def of(cls, principal: Principal, scopes: frozenset[Scope] | None = None) -> Actor:
        """A principal, with no more than a token's scopes."""
        return cls(principal.id, principal.name, principal.scopes if scopes is None else principal.scopes & scopes)


class Messenger(Protocol):
    """A chat service, or a room inside the daemon."""

    name: str

    @property
    def standing(self) -> Standing:
        """Return how it stands to its service."""

    async def receive(self) -> Incoming:
        """Wait for the next message. The inbox behind it is bounded; what overflows is counted and logged."""

    async def send(self, message: Outgoing) -> str:
        """Send; return the id of the message, "" where the service tells none.

        Raises DeliveryFailed when it was clearly not taken, DeliveryUnknown when that cannot be told.
        """


class OpenRooms(Protocol):
    """Rooms inside the daemon, for those who speak and read there through it. A person is known by principal id.

    conversation: the id of a room, or of the person whose private chat with the bot it is; whoever calls sees to it
    that nobody reads another's. A private chat is there from the first look on.
    """

    @property
    def room_ids(self) -> Sequence[str]:
        """Return the ids of the rooms; the first is meant where none is named."""

    async def post(self, speaker_id: str, speaker_name: str, room_id: str, text: str, quote_id: str) -> RoomMessage:
        """Say something; room_id "" in private, quote_id "" for no answer to another message.

        Raises NotFound for a room that is not there, Unavailable while the bot has too much to read already.
        """

    async def history(self, conversation: str, after: str, limit: int) -> Sequence[RoomMessage]:
        """Return up to `limit` messages after one, oldest first; the latest ones with after ""."""

    def watch(self, conversation: str, after: str) -> AsyncGenerator[RoomMessage, None]:
        """Iterate over messages after one, or over those to come with after "", until the rooms close; to be closed.

        Raises Unavailable when too many watch already.
        """

    def close(self) -> None:
        """Take and send nothing more, and end what watches."""


class BotStore(Protocol):
    """What the bot must not forget over a restart."""

    async def begin(self, message: Handled) -> bool:
        """Remember a message before it is handled; False when it was seen before."""

    async def done(self, message_id: str) -> None:
        """Remember that a message was handled to its end."""

    async def interrupted(self) -> Sequence[Handled]:
        """Return what was begun and not done, as interrupted, oldest first: asked at start, before anything new begins.

        It is told again until it is done, so that whoever must be asked to repeat is asked, whatever happens meanwhile.
        """

    async def add_code(self, code: BindingCode) -> None:
        """Keep a one-time code."""

    async def bind(self, code_sha256: str, contact_id: str, now: datetime) -> Contact:
        """Use a code up and bind the contact. Raises NotFound for a code that is unknown, used or expired."""

    async def contact(self, contact_id: str) -> Principal | None:
        """Return the principal that a contact is bound to, None for a stranger or a disabled principal."""

    async def contacts(self) -> Sequence[tuple[Contact, Principal]]:
        """Return every bound contact with its principal, in the order of contact ids."""

    async def unbind(self, contact_id: str) -> None:
        """Make a contact a stranger again. Raises NotFound when it is one."""

    async def room(self, room_id: str) -> RoomSetting:
        """Return what a room wants to hear, defaults for one that never said."""

    async def save_room(self, setting: RoomSetting) -> None:
        """Remember what a room wants to hear."""

    async def remember_notice(self, notice: SentNotice) -> None:
        """Remember which incidents a message told of."""

    async def notices(self, conversation_id: str, since: datetime) -> Sequence[SentNotice]:
        """Return the notices sent to a conversation since a time, newest first."""

    async def forget_messages(self, before: datetime) -> int:
        """Delete handled messages, codes and notices of before a time; return how many."""


class Dialogue(Protocol):
    """Whoever answers what is no command."""

    async def reply(self, session: str, text: str) -> str:
        """Return an answer. session: one for each person in each room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Every port of a running daemon, opened. notifiers: by channel name."""

    catalogue: Catalogue
    incidents: IncidentStore
    outbox: Outbox
    evidence: EvidenceStore
    fetcher: PageFetcher
    reader: SourceReader
    principals: Principals
    audit: AuditLog
    clock: Clock
    offload: Offload
    notifiers: Mapping[str, Notifier]
    messenger: Messenger | None = None
    bot: BotStore | None = None
    dialogue: Dialogue | None = None
    rooms: OpenRooms | None = None
