"""A daemon's insides on memory stores, with rules small enough to steer by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from daemon.adapters.memory import FakeClock, MemoryStores
from daemon.config import ChannelSection, Config
from daemon.errors import Unavailable
from daemon.ports import Actor, Clock, Download, Ports
from daemon.products.evidence import Evidence, Reach
from daemon.products.imports import Parsed
from daemon.products.notices import Message
from daemon.products.product import Product, Status
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import ConfiguredRule, Rulebook
from daemon.products.verdicts import (
    NOT_APPLICABLE,
    OK,
    Needs,
    PassContext,
    RemedyKind,
    RuleSpec,
    Severity,
    Verdict,
    bad,
)
from daemon.services.duty import Duty

T = TypeVar("T")


class Unreachable:
    """A network without anybody in it: a PageFetcher and a SourceReader."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def image(self, url: str) -> Evidence:
        return Evidence(url=url, fetched_at=self._clock.now(), reach=Reach.UNREACHABLE, problem="no network")

    page = image

    async def download(self, url: str, etag: str | None, last_modified: str | None, max_bytes: int) -> Download:
        raise Unavailable("no network")


class Inline:
    """An Offload without threads."""

    async def run(self, work: Callable[[], T], *, what: str) -> T:
        return work()


class Mailbox:
    """A Notifier that keeps what it was given."""

    name = "box"
    idempotent = False

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.messages.append(message)


def price_missing(product: Product, context: PassContext) -> Verdict:
    if product.status != Status.LISTED:
        return NOT_APPLICABLE
    return OK if isinstance(product.price, Decimal) else bad("price", product.price, "no price")


def soldout_listed(product: Product, context: PassContext) -> Verdict:
    if product.status != Status.LISTED:
        return NOT_APPLICABLE
    return bad("stock", 0, "sold out") if product.stock == 0 else OK


def listed_archived(product: Product, context: PassContext) -> Verdict:
    listed = product.status == Status.LISTED
    return bad("archived_at", product.archived_at, "archived") if listed and product.archived_at else OK


def rule(
    check: Callable[[Product, PassContext], Verdict],
    *,
    mode: RemedyMode = RemedyMode.ON,
    remedy: RemedyKind | None = None,
    severity: Severity = Severity.CRITICAL,
    open_after: int = 1,
) -> ConfiguredRule:
    spec = RuleSpec(
        id=check.__name__, title=check.__name__, title_zh=check.__name__, fields=(), severity=severity, check=check,
        reference="", remedy=remedy, needs=Needs.NOTHING,
    )  # fmt: skip
    return ConfiguredRule(
        spec=spec, severity=severity, remedy_mode=mode, settings={}, open_after=open_after, open_min_s=0, close_after=1
    )


def rules(mode: RemedyMode = RemedyMode.ON) -> Rulebook:
    return Rulebook(
        (
            rule(price_missing, mode=mode, remedy=RemedyKind.OFF_SHELF),
            rule(soldout_listed, mode=mode, remedy=RemedyKind.OUT_OF_STOCK, severity=Severity.MINOR),
            rule(listed_archived, mode=mode),
        )
    )


PERSON = Actor("mei", "Mei")


@dataclass(slots=True)
class House:
    duty: Duty
    stores: MemoryStores
    clock: FakeClock
    box: Mailbox

    async def shelve(self, *products: Product, source: str = "shop", import_id: str = "1") -> None:
        """Import products as one page of a source."""
        parsed = [Parsed(product=product) for product in products]
        await self.stores.catalogue.store_page(source, parsed, import_id, self.clock.now())

    async def status(self, product_id: str) -> str:
        return str((await self.stores.catalogue.get(product_id)).status)

    async def news(self) -> list[tuple[str, str, str]]:
        """Return (product or rule, rule, news) of every outbox entry, oldest first."""
        page = await self.stores.outbox.find((), 1000)
        return [(e.product_id or e.rule, e.rule, e.news) for e in reversed(page.items)]


def house(rulebook: Rulebook | None = None, config: Config | None = None, ports: Ports | None = None) -> House:
    clock, stores, box = FakeClock(), MemoryStores(), Mailbox()
    network = Unreachable(clock)
    given = ports or Ports(
        catalogue=stores.catalogue,
        incidents=stores.incidents,
        outbox=stores.outbox,
        evidence=stores.evidence,
        fetcher=network,
        reader=network,
        principals=stores.principals,
        audit=stores.audit,
        clock=clock,
        offload=Inline(),
        notifiers={"box": box},
        bot=stores.bot,
    )
    chosen = config or Config(channels=(ChannelSection(name="box", min_severity="info"),))
    return House(Duty(given, chosen, rulebook or rules()), stores, clock, box)


def product(product_id: str, price: str | None = "10", **fields: object) -> Product:
    amount = None if price is None else Decimal(price)
    return Product(id=product_id, source="shop", title=f"Tea {product_id}", price=amount, **fields)  # type: ignore[arg-type]
