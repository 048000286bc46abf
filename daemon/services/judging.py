"""From verdicts to changes of incidents, for one batch of products. Reads stores, writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from daemon.config import IncidentsSection
from daemon.ports import IncidentStore
from daemon.products import incident_life as life
from daemon.products.ids import new_id
from daemon.products.incidents import ALIVE, Change, Event, Incident, LifePolicy, News, Silence, State, Subject
from daemon.products.product import Product, Status
from daemon.products.remedies import Override, Remedy, RemedyMode, RemedyState, as_judged, remedy_for
from daemon.products.rulebook import ConfiguredRule, Rulebook
from daemon.products.verdicts import Needs, Outcome, PassContext, RemedyKind, Severity, Verdict
from daemon.products.wanted import wanted_urls

#: The rule whose incident is the cause of every other one of the same product.
CAUSE_RULE = "listed_archived"
#: Prefix of checker incidents about a host that does not answer; they mute the network rules of its URLs.
HOST_DOWN = "host_down:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store knows of a batch of products."""

    latest: Mapping[str, Sequence[Incident]]
    held: Mapping[str, Remedy]
    overrides: Mapping[tuple[str, str], Override]
    silences: Sequence[Silence]
    hosts_down: Mapping[str, str]  # host to the id of its checker incident


async def known(
    store: IncidentStore, product_ids: Sequence[str], now: datetime, hosts_down: Mapping[str, str]
) -> Known:
    """Ask the store about a batch of products."""
    return Known(
        latest=await store.latest(product_ids),
        held=await store.held(product_ids),
        overrides=await store.overrides(product_ids, now),
        silences=await store.silences(now),
        hosts_down=hosts_down,
    )


@dataclass(slots=True)
class Judged:
    """What judging one product came to."""

    changes: list[Change] = field(default_factory=list)
    shadows: list[Remedy] = field(default_factory=list)
    recheck_at: datetime | None = None
    abnormal: bool = False
    failed: bool = False
    unknown: int = 0


def policy_of(rule: ConfiguredRule | None, section: IncidentsSection) -> LifePolicy:
    """Return the life-cycle thresholds of a rule; None for incidents that no rule opened."""
    return LifePolicy(
        open_after=rule.open_after if rule else 1,
        open_min_s=rule.open_min_s if rule else 0.0,
        close_after=rule.close_after if rule else 1,
        escalate_after_s=section.escalate_after,
        escalate_from=Severity(section.escalate_from),
        repeat_s=section.repeat,
        reopen_within_s=section.reopen_within,
        flap_count=section.flap_count,
        flap_window_s=section.flap_window,
        flap_hold_s=section.flap_hold,
    )


class Judge:
    """Judges products by a rulebook and follows their incidents."""

    def __init__(self, rulebook: Rulebook, section: IncidentsSection, recheck_s: float) -> None:
        """recheck_s: seconds after which a count of verdicts that is not yet complete is gone on with."""
        self._rulebook = rulebook
        self._rules = {rule.spec.id: rule for rule in rulebook.rules}
        self._policies = {rule.spec.id: policy_of(rule, section) for rule in rulebook.rules}
        self._orphan_policy = policy_of(None, section)
        self._recheck = timedelta(seconds=recheck_s)

    def judge(self, product: Product, context: PassContext, known: Known) -> Judged:
        """Ask every rule about a product and turn the verdicts into changes of its incidents."""
        judged = Judged()
        held = known.held.get(product.id)
        verdicts = {
            rule.spec.id: _effective(rule, verdict)
            for rule, verdict in self._rulebook.evaluate(as_judged(product, held), context)
        }
        latest = {incident.rule: incident for incident in known.latest.get(product.id, ())}
        self._tally(judged, verdicts, known, product.id, context.now)
        for rule_id in sorted(verdicts.keys() | latest.keys(), key=lambda rule_id: rule_id != CAUSE_RULE):
            verdict = verdicts.get(rule_id, _GOOD)
            self._follow(judged, product, latest.get(rule_id), rule_id, verdict, context)
        self._inhibit(judged, latest, known, context.now)
        self._silence(judged, known.silences, context.now)
        self._want_remedies(judged, product, held, known, context.now)
        return judged

    def _tally(
        self, judged: Judged, verdicts: Mapping[str, Verdict], known: Known, product_id: str, now: datetime
    ) -> None:
        times = [o.until for (pid, _), o in known.overrides.items() if pid == product_id]
        for verdict in verdicts.values():
            judged.abnormal |= verdict.outcome is Outcome.BAD
            judged.unknown += verdict.outcome is Outcome.UNKNOWN
            judged.failed |= verdict.failed
            if verdict.recheck_at is not None:
                times.append(verdict.recheck_at)
        judged.recheck_at = min((t for t in times if t > now), default=None)

    def _follow(
        self,
        judged: Judged,
        product: Product,
        current: Incident | None,
        rule_id: str,
        verdict: Verdict,
        context: PassContext,
    ) -> None:
        rule = self._rules.get(rule_id)
        if current is None and verdict.outcome is not Outcome.BAD:
            return
        evidence_at = _evidence_at(product, context) if rule and rule.spec.needs is Needs.EVIDENCE else None
        if evidence_at and current and current.evidence_at and evidence_at <= current.evidence_at:
            return
        policy = self._policies.get(rule_id, self._orphan_policy)
        changes = life.observe(current, verdict, _subject(product, rule_id, rule), policy, context.now, new_id())
        judged.changes += [_seen(change, evidence_at) for change in changes]
        if changes and not evidence_at and (due := self._count_goes_on(changes[-1], policy, context.now)):
            judged.recheck_at = min(judged.recheck_at or due, due)

    def _count_goes_on(self, change: Change, policy: LifePolicy, now: datetime) -> datetime | None:
        """Return when the product is to be judged again though nobody changes it, None when no count is open."""
        incident = change.incident
        if incident.state is State.SUSPECTED:
            return max(incident.first_bad_at + timedelta(seconds=policy.open_min_s), now + self._recheck)
        if change.event is not Event.IMPROVE:
            return None
        held_s = policy.flap_hold_s if incident.flapping else 0.0
        return max(incident.last_bad_at + timedelta(seconds=held_s), now + self._recheck)

    def _inhibit(self, judged: Judged, latest: Mapping[str, Incident], known: Known, now: datetime) -> None:
        after = dict(latest) | {change.incident.rule: change.incident for change in judged.changes}
        cause = after.get(CAUSE_RULE)
        product_cause = cause.id if cause and cause.state in ALIVE else ""
        changes = []
        touched = set()
        for change in judged.changes:
            touched.add(change.incident.rule)
            changes.append(self._under_cause(change, latest, product_cause, known.hosts_down, now))
        for rule_id, incident in latest.items():
            if rule_id not in touched and incident.state in ALIVE:
                moved = self._under_cause(Change(incident, None), latest, product_cause, known.hosts_down, now)
                if moved.incident is not incident:
                    changes.append(moved)
        judged.changes = changes

    def _under_cause(
        self,
        change: Change,
        latest: Mapping[str, Incident],
        product_cause: str,
        hosts_down: Mapping[str, str],
        now: datetime,
    ) -> Change:
        incident = change.incident
        if incident.rule == CAUSE_RULE or incident.state not in ALIVE:
            return change
        cause_id = product_cause or self._host_cause(incident, hosts_down)
        if cause_id == incident.inhibited_by and not (cause_id and change.news):
            return change
        if not cause_id:
            return life.release(incident, self._policies.get(incident.rule, self._orphan_policy), now)
        before = latest.get(incident.rule)
        was_told = bool(before and before.id == incident.id and before.told)
        return life.inhibit(msgspec.structs.replace(incident, told=was_told), cause_id)

    def _host_cause(self, incident: Incident, hosts_down: Mapping[str, str]) -> str:
        rule = self._rules.get(incident.rule)
        if not hosts_down or rule is None or rule.spec.needs is not Needs.EVIDENCE:
            return ""
        return hosts_down.get(urlsplit(incident.value.split(" ", 1)[0]).hostname or "", "")

    def _silence(self, judged: Judged, silences: Sequence[Silence], now: datetime) -> None:
        judged.changes = [_silenced(change, silences, now) for change in judged.changes]

    def _want_remedies(
        self, judged: Judged, product: Product, held: Remedy | None, known: Known, now: datetime
    ) -> None:
        for position, change in enumerate(judged.changes):
            incident = change.incident
            rule = self._rules.get(incident.rule)
            if rule is None or not _wants_remedy(incident, product, held, known):
                continue
            if rule.remedy_mode is RemedyMode.ON and not incident.remedy_pending:
                pending = msgspec.structs.replace(incident, remedy_pending=True)
                judged.changes[position] = msgspec.structs.replace(change, incident=pending)
            elif rule.remedy_mode is RemedyMode.SHADOW and change.news in {News.OPENED, News.CHANGED, News.REOPENED}:
                judged.shadows.append(remedy_for(incident, product, RemedyState.SHADOWED, now))


_GOOD = Verdict(Outcome.OK)


def _effective(rule: ConfiguredRule, verdict: Verdict) -> Verdict:
    """Fill in the severity and the remedy that the rule's defaults give."""
    remedy: RemedyKind | None = None if verdict.no_remedy else verdict.remedy or rule.spec.remedy
    # A severity set by the operator goes before the rule's own gradation only when it differs from the default.
    configured = rule.severity if rule.severity != rule.spec.severity else verdict.severity or rule.severity
    return msgspec.structs.replace(verdict, severity=configured, remedy=remedy)


def _subject(product: Product, rule_id: str, rule: ConfiguredRule | None) -> Subject:
    return Subject(
        product_id=product.id,
        rule=rule_id,
        severity=rule.severity if rule else Severity.MAJOR,
        title=(product.title or "")[:200],
        category=product.category,
        owner=product.owner,
    )


def _evidence_at(product: Product, context: PassContext) -> datetime | None:
    images, link = wanted_urls(product)
    found = [context.evidence(url) for url in (*images, *([link] if link else ()))]
    return max((evidence.fetched_at for evidence in found if evidence), default=None)


def _seen(change: Change, evidence_at: datetime | None) -> Change:
    if evidence_at is None:
        return change
    return msgspec.structs.replace(change, incident=msgspec.structs.replace(change.incident, evidence_at=evidence_at))


def _silenced(change: Change, silences: Sequence[Silence], now: datetime) -> Change:
    if change.news is None or change.incident.state is not State.OPEN:
        return change
    for silence in silences:
        if silence.matches(change.incident, now):
            return life.silence(change.incident, f"silence:{silence.id}", silence.until, now)
    return change


def _wants_remedy(incident: Incident, product: Product, held: Remedy | None, known: Known) -> bool:
    return (
        incident.remedy is not None
        and incident.state in ALIVE
        and not incident.inhibited_by
        and (product.id, incident.rule) not in known.overrides
        and (held.incident_id != incident.id if held else product.status == Status.LISTED)
    )
