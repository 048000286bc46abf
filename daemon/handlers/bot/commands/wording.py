"""How incidents and products stand in a message: one line each, fit for a phone. What they hold is data: made plain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from daemon.forum.rooms import RoomSetting
from daemon.handlers.bot.commands.command import Call
from daemon.products.incidents import ALIVE, Incident, Kind, State
from daemon.products.phrases import TABLES, Language, field_name
from daemon.products.plain_text import plain
from daemon.products.product import Amount, Product, Status, Unparsed
from daemon.products.remedies import Remedy
from daemon.products.translations import check_title, translated, translated_value
from daemon.products.verdicts import Severity

#: Characters shown of each thing.
TITLE, ID, VALUE, NAME, MESSAGE = 24, 40, 40, 24, 80
_MASS: Final = "mass:"


def rule_title(call: Call, rule_id: str) -> str:
    """Return what people call a rule."""
    bare = rule_id.removeprefix(_MASS)
    spec = next((rule.spec for rule in call.duty.rulebook.rules if rule.spec.id == bare), None)
    own = check_title(bare, call.language) if spec is None else spec.title_zh if call.language == "zh" else spec.title
    title = plain(own, VALUE)
    return call.say("mass", rule=title) if rule_id.startswith(_MASS) else title


def severity_name(call: Call, severity: Severity) -> str:
    """Return a severity in the bot's language."""
    return call.say(f"severity.{severity.value}")


def status_name(call: Call, status: Status | Unparsed | str) -> str:
    """Return a status of a product in the bot's language, or as its source wrote it."""
    text = status.text if isinstance(status, Unparsed) else str(status)
    return TABLES[call.language].get(f"status.{text}", plain(text, NAME))


def about(incident: Incident, language: Language) -> str:
    """Return whom an incident is about: title and id of the product, else what the checks say."""
    title, product_id = plain(incident.title, TITLE), plain(incident.product_id, ID)
    if not product_id:
        return plain(translated(incident.message, language), MESSAGE) or title
    return f"{title} ({product_id})" if title else product_id


def named(product: Product) -> str:
    """Return title and id of a product."""
    title, product_id = plain(product.title or "", TITLE), plain(product.id, ID)
    return f"{title} ({product_id})" if title else product_id


def incident_line(call: Call, incident: Incident, handle: str) -> str:
    """Return an incident in one line."""
    return call.say(
        "incident",
        handle=handle,
        severity=severity_name(call, incident.severity),
        rule=rule_title(call, incident.rule),
        subject=about(incident, call.language),
        state=call.say(f"state.{incident.state.value}"),
    )


def incident_lines(call: Call, incident: Incident, handle: str, remedies: Sequence[Remedy]) -> list[str]:
    """Return everything that matters of an incident."""
    lines = [incident_line(call, incident, handle)]
    value = plain(translated_value(incident.field, incident.value, call.language), VALUE)
    message = plain(translated(incident.message, call.language), MESSAGE)
    if incident.product_id and (value or message):
        field = plain(field_name(incident.field, call.language), NAME)
        lines.append(call.say("incident.fault", field=field, fault=" ".join(filter(None, (value, message)))))
    lines.append(call.say("incident.since", since=call.since(incident.first_bad_at)))
    lines += _answered(call, incident)
    if incident.kind is Kind.MASS and incident.state in ALIVE:
        lines.append(call.say("incident.decide", handle=handle))
    if remedies:
        held = remedies[0]
        before, after = status_name(call, held.before), status_name(call, held.after)
        lines.append(call.say("incident.remedy", before=before, after=after, handle=handle))
    return lines


def _answered(call: Call, incident: Incident) -> list[str]:
    if incident.state is State.ACKNOWLEDGED and incident.acknowledged_at:
        who = plain(incident.acknowledged_by, NAME)
        return [call.say("incident.acknowledged", who=who, since=call.since(incident.acknowledged_at))]
    if incident.state is State.SILENCED and incident.silenced_until:
        who, until = plain(incident.silenced_by, NAME), call.time(incident.silenced_until)
        return [call.say("incident.silenced", until=until, who=who)]
    if incident.state is State.CLOSED:
        decided = incident.decision and call.say(f"decision.{incident.decision.value}")
        who, reason = plain(incident.closed_by, NAME), decided or plain(incident.reason, MESSAGE)
        return [call.say("incident.closed", who=who, reason=reason)]
    return []


def product_line(call: Call, product: Product) -> str:
    """Return a product in one line."""
    name = " ".join(filter(None, (plain(product.id, ID), plain(product.title or "", TITLE))))
    return call.say("product.line", name=name, status=status_name(call, product.status))


def product_lines(call: Call, product: Product) -> list[str]:
    """Return what is known of a product itself."""
    lines = [product_line(call, product)]
    currency = plain(product.currency or "", NAME)
    for key, amount in (("product.price", product.price), ("product.sale_price", product.sale_price)):
        if amount is not None:
            lines.append(call.say(key, price=f"{amount_text(amount)} {currency}".rstrip()))
    if product.stock is not None:
        lines.append(call.say("product.stock", stock=amount_text(product.stock)))
    keys = [f"{name} {plain(key, ID)}" for name, key in (("SKU", product.sku), ("GTIN", product.gtin)) if key]
    if keys:
        lines.append(call.say("product.keys", keys=call.joined(keys)))
    if product.missing_since is not None:
        lines.append(call.say("product.missing", since=call.since(product.missing_since)))
    return lines


def amount_text(amount: Amount) -> str:
    """Return an amount as people write it, or as its source did."""
    if isinstance(amount, Decimal):
        # A number of many digits is cut, an exponent such as 1E+9999 is left as it is.
        return plain(f"{amount:f}" if amount.is_finite() and abs(amount.adjusted()) < VALUE else str(amount), VALUE)
    return plain(amount.text if isinstance(amount, Unparsed) else str(amount), VALUE)


def heard(call: Call, room: RoomSetting) -> str:
    """Return what a room hears."""
    parts = []
    if room.rules:
        names = call.joined(rule_title(call, rule) for rule in room.rules)
        parts.append(call.say("subscribed.rules", names=names))
    if room.categories:
        names = call.joined(plain(name, NAME) for name in room.categories)
        parts.append(call.say("subscribed.categories", names=names))
    if room.min_severity:
        name = severity_name(call, Severity(room.min_severity))
        parts.append(call.say("subscribed.severity", severity=name))
    return call.say("subscribed", what=call.joined(parts) or call.say("subscribed.all"))


def muted(call: Call, room: RoomSetting) -> datetime | None:
    """Return until when a room is muted, None when it is not."""
    return room.muted_until if room.is_muted(call.now) else None
