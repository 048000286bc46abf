"""Keeping evidence fresh: images and landing pages of public products, looked at again when it is time.

A sweep goes over the whole catalogue; between sweeps only what changed is looked at. What is fetched is kept in
small batches, and the products concerned are marked for the next pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog

from daemon.ports import Batch, IncidentFilter
from daemon.products.evidence import Evidence, Reach
from daemon.products.freshness import differs, is_due
from daemon.products.incidents import ALIVE, Incident, State
from daemon.products.product import Product
from daemon.products.remedies import as_judged
from daemon.products.rulebook import Rulebook
from daemon.products.rules.offers import PUBLIC
from daemon.products.verdicts import Needs, Outcome
from daemon.products.wanted import wanted_urls
from daemon.services import checkers
from daemon.services.duty import Duty
from daemon.services.host_health import HostHealth
from daemon.services.judging import HOST_DOWN
from daemon.services.pass_context import BatchContext, ContextMaker

_LOG = structlog.get_logger()
#: Names of progress values: the change mark up to which products were looked at, and the start of the last sweep.
MARK: Final = "evidence.mark"
SWEPT_AT: Final = "evidence.swept_at"
#: Evidence is kept and its products marked when so much of it is there.
_BATCH: Final = 50
_UNFINISHED: Final = (*ALIVE, State.SUSPECTED)
_HOSTS_MOST: Final = 200


class FetchReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one run did. changed: ids of products to be judged again. left: URLs of hosts that are down."""

    fetched: int = 0
    unreachable: int = 0
    overloaded: int = 0
    left: int = 0
    changed: tuple[str, ...] = ()
    hosts_down: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Errand:
    """One URL to fetch. watched: one of its products waits for a further look, whatever it brings."""

    url: str
    is_page: bool
    product_ids: list[str]
    before: Evidence | None
    watched: bool


async def refresh_evidence(duty: Duty, now: datetime) -> FetchReport:
    """Fetch what is due, and have the products whose evidence changed judged by the next pass.

    Due is what was never fetched, what is older than checks.network_interval, and after checks.network_retry what
    gave a fault, an open question or no clear answer; the latter ever more seldom while it stays so.
    """
    if not duty.config.checks.network or not any(rule.spec.needs is Needs.EVIDENCE for rule in duty.rulebook.rules):
        return FetchReport()
    maker = ContextMaker(duty.rulebook)
    ailing = await _ailing_hosts(duty)
    rest = timedelta(seconds=duty.config.checks.network_retry)
    health = HostHealth(ailing, [host for host, incident in ailing.items() if now - incident.last_bad_at < rest])
    report = await Refresh(duty, now, maker, health).run()
    await _tell_of_hosts(duty, health, ailing)
    if report.fetched:
        _LOG.info(
            "evidence.refreshed",
            fetched=report.fetched,
            unreachable=report.unreachable,
            overloaded=report.overloaded,
            left=report.left,
            changed=len(report.changed),
        )
    return report


async def _ailing_hosts(duty: Duty) -> dict[str, Incident]:
    found = await duty.ports.incidents.find(IncidentFilter(kind="checker", states=tuple(ALIVE)), _HOSTS_MOST)
    return {i.rule.removeprefix(HOST_DOWN): i for i in found.items if i.rule.startswith(HOST_DOWN)}


async def _tell_of_hosts(duty: Duty, health: HostHealth, ailing: dict[str, Incident]) -> None:
    for host in health.down:
        problem = f"{host} does not answer; its images and pages cannot be judged"
        await checkers.report(duty, HOST_DOWN + host, problem, fingerprint=host, title=host)
    for host in ailing:
        if health.answers(host):
            await checkers.report(duty, HOST_DOWN + host, "", title=host)


class Refresh:
    """One run. Memory is bounded by the errands in the queue and the products of one page."""

    def __init__(self, duty: Duty, now: datetime, maker: ContextMaker, health: HostHealth) -> None:
        self._duty = duty
        self._now = now
        self._maker = maker
        self._health = health
        self._rulebook = Rulebook(tuple(rule for rule in duty.rulebook.rules if rule.spec.needs is Needs.EVIDENCE))
        self._workers = duty.config.network.concurrency
        self._errands: asyncio.Queue[Errand | None] = asyncio.Queue(2 * self._workers)
        self._underway: dict[str, Errand] = {}  # from its planning until its evidence is kept
        self._found: list[tuple[Errand, Evidence]] = []
        self._changed: dict[str, None] = {}
        self._keeping: set[asyncio.Future[None]] = set()
        self._left = 0
        self._reached: dict[Reach, int] = {}

    async def run(self) -> FetchReport:
        """Do it. Errors of stores end it; what was kept until then stays. Cancelled, it keeps what it has fetched."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._workers):
                    group.create_task(self._work())
                progress = await self._plan()
        except asyncio.CancelledError:
            if self._keeping:
                await asyncio.wait(self._keeping)
            await self._keep()
            raise
        await self._keep()
        await self._duty.ports.incidents.commit(Batch(progress=progress))
        return FetchReport(
            fetched=sum(self._reached.values()),
            unreachable=self._reached.get(Reach.UNREACHABLE, 0),
            overloaded=self._reached.get(Reach.OVERLOADED, 0),
            left=self._left,
            changed=tuple(self._changed),
            hosts_down=tuple(self._health.down),
        )

    async def _plan(self) -> dict[str, str]:
        """Put what is due into the queue; return the progress that is made when all of it is done."""
        store, catalogue = self._duty.ports.incidents, self._duty.ports.catalogue
        mark, swept = await store.progress(MARK), await store.progress(SWEPT_AT)
        size = self._duty.config.checks.page_size
        head = await catalogue.mark()
        progress = {MARK: head}
        if mark is None or self._sweep_is_due(swept):
            progress[SWEPT_AT] = self._now.isoformat()
            pages = catalogue.scan(size)
        else:
            pages = self._changes(mark, size)
        async for page in pages:
            await self._plan_page(page)
        for _ in range(self._workers):
            await self._errands.put(None)
        return progress

    def _sweep_is_due(self, swept: str | None) -> bool:
        checks = self._duty.config.checks
        period = min(checks.network_retry, checks.network_interval)
        return swept is None or abs((self._now - datetime.fromisoformat(swept)).total_seconds()) >= period

    async def _changes(self, mark: str, size: int) -> AsyncIterator[Sequence[Product]]:
        while True:
            products, mark = await self._duty.ports.catalogue.changed(mark, size)
            if not products:
                return
            yield products

    async def _plan_page(self, page: Sequence[Product]) -> None:
        ports = self._duty.ports
        ids = [product.id for product in page]
        held, latest = await ports.incidents.held(ids), await ports.incidents.latest(ids)
        products = [as_judged(product, held.get(product.id)) for product in page]
        public = [product for product in products if product.status in PUBLIC and product.missing_since is None]
        context = await self._maker.make(public, ports.catalogue, ports.evidence, self._now)
        users: dict[str, list[str]] = {}
        watched: set[str] = set()
        links: set[str] = set()
        for product in public:
            images, link = wanted_urls(product)
            urls = (*images, link) if link else images
            links |= {link} if link else set()
            for url in urls:
                users.setdefault(url, []).append(product.id)
            if self._is_watched(product, context, latest.get(product.id, ())):
                watched.update(urls)
            await asyncio.sleep(0)  # judging a page takes milliseconds
        for url, product_ids in users.items():
            await self._plan_url(url, url in links, product_ids, context.evidence(url), watched=url in watched)

    def _is_watched(self, product: Product, context: BatchContext, latest: Sequence[Incident]) -> bool:
        names = {rule.spec.id for rule in self._rulebook.rules}
        if any(incident.rule in names and incident.state in _UNFINISHED for incident in latest):
            return True
        verdicts = self._rulebook.evaluate(product, context)
        return any(verdict.outcome is Outcome.BAD or verdict.recheck_at is not None for _, verdict in verdicts)

    async def _plan_url(
        self, url: str, is_page: bool, product_ids: list[str], before: Evidence | None, *, watched: bool
    ) -> None:
        if errand := self._underway.get(url):
            errand.product_ids += product_ids
            errand.watched |= watched
            return
        checks = self._duty.config.checks
        if before is not None and before.fetched_at >= self._now and differs(before.previous, before):
            # Another product on an earlier page of this run had it fetched.
            self._changed |= dict.fromkeys(product_ids)
            await self._mark(product_ids)
        elif is_due(
            before, self._now, interval_s=checks.network_interval, retry_s=checks.network_retry, watched=watched
        ):
            errand = Errand(url=url, is_page=is_page, product_ids=product_ids, before=before, watched=watched)
            self._underway[url] = errand
            await self._errands.put(errand)

    async def _work(self) -> None:
        while (errand := await self._errands.get()) is not None:
            host = _host(errand.url)
            if self._health.is_left(host):
                self._left += 1
                del self._underway[errand.url]
                continue
            fetcher = self._duty.ports.fetcher
            found = await (fetcher.page(errand.url) if errand.is_page else fetcher.image(errand.url))
            self._health.saw(host, found.reach)
            self._reached[found.reach] = self._reached.get(found.reach, 0) + 1
            self._found.append((errand, found))
            if len(self._found) >= _BATCH:
                await self._keep()

    async def _keep(self) -> None:
        """Keep what was found, and have its products judged for it: both, also when this is cancelled in between."""
        found, self._found = self._found, []
        if not found:
            return
        keeping = asyncio.ensure_future(self._kept(found))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        await asyncio.shield(keeping)

    async def _kept(self, found: Sequence[tuple[Errand, Evidence]]) -> None:
        await self._duty.ports.evidence.keep([evidence for _, evidence in found])
        for errand, _ in found:
            del self._underway[errand.url]
        news = [errand for errand, evidence in found if errand.watched or differs(errand.before, evidence)]
        changed = dict.fromkeys(product_id for errand in news for product_id in errand.product_ids)
        self._changed |= changed
        await self._mark(list(changed))

    async def _mark(self, product_ids: list[str]) -> None:
        if product_ids:
            await self._duty.ports.incidents.commit(Batch(rechecks=dict.fromkeys(product_ids, self._now)))


def _host(url: str) -> str:
    try:
        return urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""
