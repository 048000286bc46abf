"""Passes: take products, judge them, keep what came of it, then let remedies follow.

A changed pass takes what changed since the last mark, what is due by time alone, and (because the catalogue moves
them to the head of its feed) what depends on either. A full pass takes everything. Each page is one commit: what a
pass has kept stays kept when it dies, and the next one goes on from the last mark.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import structlog

from daemon.errors import Conflict
from daemon.ports import Actor, AuditEntry, Batch, IncidentFilter
from daemon.products.ids import new_id
from daemon.products.incidents import ALIVE, Change, Kind, News
from daemon.products.passes import PassKind, PassRecord, PassState
from daemon.products.product import Product, Status
from daemon.products.remedies import Remedy
from daemon.products.verdicts import Outcome, Severity
from daemon.services import remedies, settling
from daemon.services.checkers import TRIES, report
from daemon.services.duty import Duty
from daemon.services.judging import HOST_DOWN, Judge, Judged, known
from daemon.services.notices import entries_for
from daemon.services.pass_context import BatchContext, ContextMaker
from daemon.services.pass_health import report_failures
from daemon.services.telling import tell, tell_remedy

_log = structlog.get_logger()

#: Names of the small values that passes remember.
MARK, LAST_FULL, LAST_FULL_CHECKED = "passes.mark", "passes.last_full", "passes.last_full_checked"
#: What every source could express when all products were last judged: what is missing is judged by that.
LAST_FULL_FIELDS = "passes.last_full_fields"

#: A product that fails nearly every rule there is. It is judged at the head of every pass, and never stored.
CANARY = Product(
    id="zhiban-canary",
    title="",
    currency="???",
    gtin="0000000000000",
    status=Status.LISTED,
    description="<script>canary</script>",
)


@dataclass(slots=True)
class _Tally:
    seen: int = 0
    checked: int = 0
    skipped: int = 0
    failed: int = 0
    abnormal: int = 0
    opened: int = 0
    recovered: int = 0
    unknown: int = 0
    canary_found: bool | None = None
    rechecks: dict[str, datetime | None] = field(default_factory=dict)

    def add(self, judged: Judged) -> None:
        self.checked += 1
        self.failed += judged.failed
        self.abnormal += judged.abnormal
        self.unknown += judged.unknown
        self.opened += sum(change.news in {News.OPENED, News.REOPENED} for change in judged.changes)
        self.recovered += sum(change.news is News.RECOVERED for change in judged.changes)

    def figures(self) -> dict[str, int | bool | None]:
        return {name: getattr(self, name) for name in _FIGURES}


#: For how long a remedy that was planned may be under way, in seconds; afterwards it is found out what became of it.
_UNDER_WAY_S = 60.0
_FIGURES = ("seen", "checked", "skipped", "failed", "abnormal", "opened", "recovered", "unknown", "canary_found")


async def request_pass(duty: Duty, actor: Actor, kind: PassKind, product_ids: tuple[str, ...] = ()) -> PassRecord:
    """Ask for a pass now. A pass of the same kind and products that still waits is returned instead of a second."""
    for waiting in duty.requested:
        if waiting.kind is kind and waiting.product_ids == product_ids:
            return waiting
    now = duty.ports.clock.now()
    record = PassRecord(
        id=new_id(), kind=kind, state=PassState.QUEUED, started_at=now, requested_by=actor.id, product_ids=product_ids
    )
    await duty.ports.incidents.add_pass(record)
    await duty.ports.audit.append(
        AuditEntry(id=new_id(), at=now, actor=actor.id, action="pass.requested", target=f"pass:{record.id}")
    )
    duty.requested.append(record)
    duty.wake_checks.set()
    return record


async def tick(duty: Duty) -> None:
    """Take the passes that people asked for, else the one that is due: a full one at its interval, or what changed."""
    await report_failures(duty)
    await remedies.recover(duty, _UNDER_WAY_S)
    if duty.requested:
        while duty.requested:
            record = duty.requested.popleft()
            await run_pass(duty, record.kind, record.product_ids, record)
        return
    await run_pass(duty, await _due_kind(duty))


async def _due_kind(duty: Duty) -> PassKind:
    last_full = await duty.ports.incidents.progress(LAST_FULL)
    if last_full is None:
        return PassKind.FULL
    age = duty.ports.clock.now() - datetime.fromisoformat(last_full)
    if age >= timedelta(seconds=duty.config.checks.full_interval):
        return PassKind.FULL
    judged_by = await duty.ports.incidents.progress(LAST_FULL_FIELDS)
    return PassKind.CHANGED if judged_by == await _fields(duty) else PassKind.FULL


async def _fields(duty: Duty) -> str:
    """Return what every source can express, as a digest."""
    sources = await duty.ports.catalogue.sources()
    told = sorted((name, sorted(state.fields)) for name, state in sources.items())
    return hashlib.blake2b(msgspec.json.encode(told), digest_size=16).hexdigest()


async def recover(duty: Duty) -> int:
    """Close the rows of passes that died with an earlier daemon; return how many."""
    page = await duty.ports.incidents.passes(100)
    dead = [record for record in page.items if record.state in {PassState.RUNNING, PassState.QUEUED}]
    for record in dead:
        await duty.ports.incidents.add_pass(
            msgspec.structs.replace(record, state=PassState.INTERRUPTED, finished_at=duty.ports.clock.now())
        )
        _log.warning("pass.interrupted", id=record.id, kind=record.kind.value)
    return len(dead)


async def run_pass(
    duty: Duty, kind: PassKind, product_ids: Sequence[str] = (), record: PassRecord | None = None
) -> PassRecord:
    """Take one pass and write it into the ledger. Cancelling leaves what was kept, and a row that says so."""
    clock = duty.ports.clock
    started, cpu = clock.monotonic(), time.thread_time()
    running = msgspec.structs.replace(
        record or PassRecord(id=new_id(), kind=kind, state=PassState.RUNNING, started_at=clock.now()),
        state=PassState.RUNNING,
        started_at=clock.now(),
    )
    await duty.ports.incidents.add_pass(running)
    tally = _Tally()
    state, error = PassState.FAILED, ""
    try:
        await _take(duty, kind, product_ids, tally)
        state = PassState.FINISHED
    except asyncio.CancelledError:
        state = PassState.INTERRUPTED
        raise
    except Exception as exc:
        error = f"{type(exc).__name__}: {exc}"
        raise
    finally:
        ended = msgspec.structs.replace(
            running, state=state, finished_at=clock.now(), error=error, **tally.figures(),
            duration_s=round(clock.monotonic() - started, 4), cpu_s=round(time.thread_time() - cpu, 4),
        )  # fmt: skip
        async with asyncio.timeout(5):
            await duty.ports.incidents.add_pass(ended)
        _tell_pass(ended)
    return ended


def _tell_pass(record: PassRecord) -> None:
    if record.kind is PassKind.CHANGED and not record.checked and record.state is PassState.FINISHED:
        _log.debug("pass.finished", id=record.id, kind=record.kind.value, seen=record.seen, checked=0)
        return
    tell_level = _log.info if record.state is PassState.FINISHED else _log.warning
    tell_level(
        "pass.finished",
        id=record.id,
        kind=record.kind.value,
        outcome=record.state.value,
        error=record.error,
        seen=record.seen,
        checked=record.checked,
        skipped=record.skipped,
        failed=record.failed,
        abnormal=record.abnormal,
        opened=record.opened,
        recovered=record.recovered,
        duration_s=record.duration_s,
        cpu_s=record.cpu_s,
    )


async def _take(duty: Duty, kind: PassKind, product_ids: Sequence[str], tally: _Tally) -> None:
    ports = duty.ports
    expected = await ports.catalogue.count()
    fields = await _fields(duty)
    maker = ContextMaker(duty.rulebook)
    judge = Judge(duty.rulebook, duty.config.incidents, duty.config.checks.interval)
    hosts_down = await _hosts_down(duty)
    tally.canary_found = _canary_found(duty, ports.clock.now()) if duty.config.checks.canary else None
    async for page, progress in _pages(duty, kind, product_ids):
        await _judge_page(duty, judge, maker, page, progress, hosts_down, tally)
    tally.seen = max(expected, tally.checked + tally.skipped)
    tally.skipped = max(tally.skipped, expected - tally.checked)
    await _report_checker(duty, kind, tally)
    await settling.settle(duty)
    await remedies.apply_pending(duty)
    if kind is PassKind.FULL:
        ended = ports.clock.now().isoformat()
        await ports.incidents.commit(
            Batch(progress={LAST_FULL: ended, LAST_FULL_CHECKED: str(tally.checked), LAST_FULL_FIELDS: fields})
        )


async def _pages(
    duty: Duty, kind: PassKind, product_ids: Sequence[str]
) -> AsyncIterator[tuple[Sequence[Product], Mapping[str, str]]]:
    """Yield pages of products and the progress to be kept with each."""
    catalogue, size = duty.ports.catalogue, duty.config.checks.page_size
    if kind is PassKind.SINGLE:
        found = await catalogue.get_many(product_ids)
        yield list(found.values()), {}
        return
    if kind is PassKind.FULL:
        mark = await catalogue.mark()
        async for page in catalogue.scan(size):
            yield page, {}
        yield (), {MARK: mark}
        return
    since = await duty.ports.incidents.progress(MARK)
    while True:
        page, since = await catalogue.changed(since, size)
        if not page:
            break
        yield page, {MARK: since}
    async for page in _due(duty):
        yield page, {}


async def _due(duty: Duty) -> AsyncIterator[Sequence[Product]]:
    now = duty.ports.clock.now()
    size = duty.config.checks.page_size
    while ids := await duty.ports.incidents.due(now, size):
        found = await duty.ports.catalogue.get_many(ids)
        gone = {product_id: None for product_id in ids if product_id not in found}
        if gone:
            await duty.ports.incidents.commit(Batch(rechecks=gone))
        if found:
            yield list(found.values())


async def _judge_page(
    duty: Duty,
    judge: Judge,
    maker: ContextMaker,
    page: Sequence[Product],
    progress: Mapping[str, str],
    hosts_down: Mapping[str, str],
    tally: _Tally,
) -> None:
    present = [product for product in page if product.missing_since is None]
    tally.skipped += len(page) - len(present)
    # Nothing can be told of a product that its source no longer names: it is not asked for again until it is back.
    rechecks: dict[str, datetime | None] = {product.id: None for product in page}
    for attempt in range(TRIES):
        now = duty.ports.clock.now()
        context = await maker.make(present, duty.ports.catalogue, duty.ports.evidence, now)
        judged = await _judge_in_slices(duty, judge, present, context, hosts_down)
        rechecks.update({product_id: one.recheck_at for product_id, one in judged.items()})
        changes = [change for one in judged.values() for change in one.changes]
        shadows = [remedy for one in judged.values() for remedy in one.shadows]
        batch = Batch(
            incidents=tuple(change.incident for change in changes),
            remedies=tuple(shadows),
            entries=entries_for(duty, changes, now),
            rechecks=rechecks,
            progress=progress,
        )
        try:
            if batch:
                await duty.ports.incidents.commit(batch)
        except Conflict:
            # A person changed one of these incidents meanwhile: judge again on what they left.
            if attempt == TRIES - 1:
                raise
            continue
        _account(tally, judged, changes, shadows)
        return


def _account(tally: _Tally, judged: Mapping[str, Judged], changes: Sequence[Change], shadows: Sequence[Remedy]) -> None:
    for one in judged.values():
        tally.add(one)
    tell(changes)
    for remedy in shadows:
        tell_remedy(remedy)


async def _judge_in_slices(
    duty: Duty, judge: Judge, products: Sequence[Product], context: BatchContext, hosts_down: Mapping[str, str]
) -> dict[str, Judged]:
    """Judge products and give the loop a turn whenever a slice of thread time is used up."""
    store = await known(duty.ports.incidents, [product.id for product in products], context.now, hosts_down)
    judged: dict[str, Judged] = {}
    slice_s = duty.config.checks.slice
    slice_ends = time.thread_time() + slice_s
    for product in products:
        judged[product.id] = judge.judge(product, context, store)
        if time.thread_time() >= slice_ends:
            await asyncio.sleep(0)
            slice_ends = time.thread_time() + slice_s
    return judged


async def _hosts_down(duty: Duty) -> dict[str, str]:
    page = await duty.ports.incidents.find(IncidentFilter(states=tuple(ALIVE), kind=Kind.CHECKER.value), 500)
    return {i.rule.removeprefix(HOST_DOWN): i.id for i in page.items if i.rule.startswith(HOST_DOWN)}


def _canary_found(duty: Duty, now: datetime) -> bool | None:
    """Tell whether the rules still find the fault of a product that has nearly all; None when no rule would."""
    settings = {rule.spec.id: rule.settings for rule in duty.rulebook.rules}
    context = BatchContext(
        now=now, settings_by_rule=settings, fields_by_source={}, points={}, holders_by_key={}, status_by_id={},
        evidence_by_url={},
    )  # fmt: skip
    applicable = {"price_missing", "currency_bad", "title_bad", "gtin_bad", "html_danger"} & settings.keys()
    if not applicable:
        return None
    found = {
        rule.spec.id for rule, verdict in duty.rulebook.evaluate(CANARY, context) if verdict.outcome is Outcome.BAD
    }
    return applicable <= found


async def _report_checker(duty: Duty, kind: PassKind, tally: _Tally) -> None:
    if tally.canary_found is not None:
        problem = "" if tally.canary_found else "a product planted to fail was found healthy: the rules do not work"
        await report(duty, "checker.canary", problem, severity=Severity.CRITICAL, title="canary")
    failed = f"{tally.failed} products on which a rule raised an error" if tally.failed else ""
    if failed or kind is PassKind.FULL:
        await report(duty, "checker.rule_failed", failed, severity=Severity.MAJOR, title="rules")
    if kind is not PassKind.FULL:
        return
    before = await _last_full_checked(duty)
    short = tally.checked * 100 < duty.config.checks.short_pass_percent * before
    problem = f"a full pass judged {tally.checked} products, the one before {before}" if short else ""
    await report(duty, "checker.short_pass", problem, severity=Severity.CRITICAL, title="short pass")


async def _last_full_checked(duty: Duty) -> int:
    return int(await duty.ports.incidents.progress(LAST_FULL_CHECKED) or 0)
