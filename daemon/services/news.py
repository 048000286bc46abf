"""News becomes entries of the outbox, one for each channel that wants to hear it.

The functions here do no I/O, so that the entries are committed together with the change that they tell of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from daemon.config import ChannelSection
from daemon.products.ids import new_id
from daemon.products.incidents import Change, Incident, News
from daemon.products.notices import STATUS_CHANGED, Entry
from daemon.products.product import Product
from daemon.products.remedies import Remedy
from daemon.products.rulebook import ConfiguredRule
from daemon.products.verdicts import Severity
from daemon.services.duty import Duty, lies_in_shop

#: A channel that wants "opened" also hears these: each says that something is wrong now which it was not told of,
#: and one that does not hear recoveries would otherwise take the second fault for the first.
_LIKE_OPENED: Final = frozenset({News.REOPENED.value, News.CHANGED.value, News.FLAPPING.value})
_NO_FACTS: Final[Mapping[str, str]] = MappingProxyType({})
_NO_EXTRA: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType({})


def hears(channel: ChannelSection, news: str) -> bool:
    """Tell whether a channel wants a kind of news. Without a list it wants all but product.status_changed."""
    if not channel.news:
        return news != STATUS_CHANGED
    return news in channel.news or (news in _LIKE_OPENED and News.OPENED.value in channel.news)


def entries_for(
    duty: Duty, changes: Iterable[Change], now: datetime, extra: Mapping[str, Mapping[str, str]] = _NO_EXTRA
) -> tuple[Entry, ...]:
    """Return the entries for those changes that are news, to be committed with them.

    extra: more facts by incident id, such as {"link": "https://..."}.
    """
    rules = {rule.spec.id: rule for rule in duty.rulebook.rules}
    entries: list[Entry] = []
    for change in changes:
        if change.news is not None:
            incident = change.incident
            facts = _facts(incident, rules.get(incident.rule)) | dict(extra.get(incident.id, _NO_FACTS))
            entries += _fan_out(duty, incident, change.news, facts, now)
    return tuple(entries)


def remedy_entries(
    duty: Duty, incident: Incident, remedy: Remedy, news: News, now: datetime, ended_by_name: str = ""
) -> tuple[Entry, ...]:
    """Return the entries that tell what was done to a product, or undone, or left to a person.

    ended_by_name: what people call whoever ended the remedy.
    """
    rule = next((rule for rule in duty.rulebook.rules if rule.spec.id == incident.rule), None)
    # A product that comes from a file or URL changes in the shop only once the shop's own system has followed: a
    # remedy when its source shows it, and its end when the source has shown it and shall go back.
    confirmed = remedy.shop_confirmed_at is not None
    comes_in = bool(remedy.source) and not lies_in_shop(duty, remedy.source)
    unconfirmed = comes_in and confirmed == (news is News.REMEDY_UNDONE)
    facts = _facts(incident, rule) | {
        "remedy": remedy.kind.value,
        "remedy_id": remedy.id,
        "remedy_state": remedy.state.value,
        "before": remedy.before.value,
        "after": remedy.after.value,
        "note": remedy.note,
        "ended_by": remedy.ended_by,
        "ended_by_name": ended_by_name,
        "in_shop": "not yet" if unconfirmed else "yes",
    }
    return tuple(_fan_out(duty, incident, news, facts, now))


def status_changed_entries(
    duty: Duty, product: Product, before: str, after: str, reason: str, now: datetime
) -> tuple[Entry, ...]:
    """Return the entries that let other systems follow a status that the daemon set.

    reason: the rule whose remedy it was, or who undid it. Only channels whose `news` names product.status_changed
    get one, whatever their min_severity.
    """
    facts = {
        "product_title": product.title or "",
        "sku": product.sku or "",
        "source": product.source,
        "link": product.link or "",
        "revision": str(product.revision),
        "before": before,
        "after": after,
        "reason": reason,
    }
    return tuple(
        Entry(
            id=new_id(), channel=channel.name, news=STATUS_CHANGED, product_id=product.id, rule=reason,
            category=product.category, owner=product.owner, facts=facts, created_at=now,
        )
        for channel in duty.config.channels
        if hears(channel, STATUS_CHANGED)
    )  # fmt: skip


def _fan_out(duty: Duty, incident: Incident, news: News, facts: Mapping[str, str], now: datetime) -> Iterable[Entry]:
    for channel in duty.config.channels:
        if hears(channel, news.value) and incident.severity.rank >= Severity(channel.min_severity).rank:
            yield Entry(
                id=new_id(), channel=channel.name, news=news.value, incident_id=incident.id,
                product_id=incident.product_id, rule=incident.rule, category=incident.category, owner=incident.owner,
                severity=incident.severity, facts=facts, created_at=now,
            )  # fmt: skip


def _facts(incident: Incident, rule: ConfiguredRule | None) -> dict[str, str]:
    facts = {
        "kind": incident.kind.value,
        "rule_title": rule.spec.title if rule else "",
        "rule_title_zh": rule.spec.title_zh if rule else "",
        "product_title": incident.title,
        "field": incident.field,
        "value": incident.value,
        "message": incident.message,
        "state": incident.state.value,
        "remedy": incident.remedy.value if incident.remedy else "",
        "reason": incident.reason,
        "closed_by": incident.closed_by,
        "first_bad_at": incident.first_bad_at.isoformat(),
        "opened_at": incident.opened_at.isoformat() if incident.opened_at else "",
        "ended_at": incident.ended_at.isoformat() if incident.ended_at else "",
    }
    return {name: value for name, value in facts.items() if value}
