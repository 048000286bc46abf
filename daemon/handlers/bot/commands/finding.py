"""Which incident, product or notice a person means. What is not certain is asked back, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from daemon.errors import NotFound, Unavailable
from daemon.forum.commands import nearest, trimmed
from daemon.forum.quoting import quoted_notices, whole_notices
from daemon.forum.rooms import SentNotice
from daemon.handlers.bot.asking import Asked
from daemon.handlers.bot.commands.command import Call, Misused, Told
from daemon.handlers.bot.commands.wording import ID, incident_line, named
from daemon.ports import IncidentFilter
from daemon.products.handles import HandleIndex, is_handle
from daemon.products.imports import ProductFilter
from daemon.products.incidents import ALIVE, Incident
from daemon.products.plain_text import plain
from daemon.products.product import Product
from daemon.services.duty import Duty

#: Length of a UUID in text.
_UUID: Final = 36
#: Ended incidents among which a handle is looked for when none that is alive has it.
_ENDED: Final = 500
_NEAR: Final = 3
_SHOWN: Final = 5
#: How old a notice may be that somebody answers.
_NOTICE_AGE: Final = timedelta(days=30)
_LONGEST_ID: Final = 512


async def handles(call: Call, incidents: Sequence[Incident]) -> list[str]:
    """Return the handle of each incident."""
    index = await call.memory.handles.index(call.duty)
    return [index.handle(incident.id) for incident in incidents]


async def incident_named(call: Call, text: str) -> Incident:
    """Return the incident of a handle, a full id, or the one alive incident of a product.

    Raises Told when there is none, or more than one.
    """
    of_product = await _alive_of(call, text)
    by_id = await _by_handle(call, trimmed(text)) or await _by_id(call, trimmed(text))
    found = list({incident.id: incident for incident in (*by_id, *of_product)}.values())
    if len(found) == 1:
        return found[0]
    if not found:
        raise await _no_incident(call, text)
    lines = [
        incident_line(call, incident, handle)
        for incident, handle in zip(found[:_SHOWN], await handles(call, found[:_SHOWN]), strict=True)
    ]
    raise Told(call.say("several_incidents", text=call.typed(text), lines="\n".join(lines)))


async def _by_handle(call: Call, text: str) -> list[Incident]:
    if not is_handle(text):
        return []
    memory, store = call.memory.handles, call.duty.ports.incidents
    ids = (await memory.index(call.duty)).named(text) or (await memory.index(call.duty, anew=True)).named(text)
    if not ids:
        recent = await store.find(IncidentFilter(), _ENDED)
        ids = HandleIndex(incident.id for incident in recent.items).named(text)
    found = []
    for incident_id in ids[: _SHOWN + 1]:
        try:
            found.append(await store.incident(incident_id))
        except NotFound:  # forgotten since the index was made
            continue
    return found


async def _by_id(call: Call, text: str) -> list[Incident]:
    if len(text) != _UUID:
        return []
    try:
        return [await call.duty.ports.incidents.incident(text)]
    except NotFound:
        return []


async def _alive_of(call: Call, product_id: str) -> list[Incident]:
    if len(product_id) > _LONGEST_ID:
        return []
    latest = await call.duty.ports.incidents.latest([product_id])
    return [incident for incident in latest.get(product_id, ()) if incident.state in ALIVE]


async def _no_incident(call: Call, text: str) -> Told:
    index = await call.memory.handles.index(call.duty)
    near = nearest(trimmed(text), index.handles()) if len(text) < _UUID else ""
    if near:
        return Told(call.say("no_such_incident_near", text=call.typed(text), near=near))
    return Told(call.say("no_such_incident", text=call.typed(text)))


async def answered_notice(call: Call) -> SentNotice | None:
    """Return the notice that the message answers, None when it answers nothing. Raises Told when it is no notice."""
    if call.asked.quote is None:
        return None
    found = await quoted(call.duty, call.asked)
    if not found:
        raise Told(call.say("no_notice_quoted"))
    if len({notice.incident_ids for notice in found}) > 1:
        raise Told(call.say("several_notices"))
    return found[0]


async def quoted(duty: Duty, asked: Asked) -> Sequence[SentNotice]:
    """Return the notices that a message may quote, newest first. Raises Unavailable where the daemon has no bot."""
    if asked.quote is None:
        return ()
    if duty.ports.bot is None:
        raise Unavailable("this daemon has no bot")
    since = duty.ports.clock.now() - _NOTICE_AGE
    return quoted_notices(asked.quote, await duty.ports.bot.notices(asked.room_id or asked.contact_id, since))


async def sole_notice(call: Call) -> SentNotice:
    """Return the one notice of the last minutes. Raises Told when there was none, or more than one."""
    within = timedelta(seconds=call.duty.config.bot.answer_within)
    sent = await call.bot.notices(call.asked.room_id or call.asked.contact_id, call.now - within)
    notices = whole_notices(sent)
    if not notices:
        raise Misused(call.say("which_incident"))
    if len(notices) > 1:
        raise Told(call.say("which_notice", count=len(notices)))
    return notices[0]


async def noticed(call: Call) -> Sequence[str]:
    """Return the ids of the incidents of the notice that is answered, or of the only one of the last minutes."""
    notice = await answered_notice(call) or await sole_notice(call)
    return notice.incident_ids


async def product_named(call: Call, text: str) -> Product:
    """Return the product of an id, or the only one of a sku or gtin. Raises Told when that is none or several."""
    catalogue = call.duty.ports.catalogue
    if len(text) > _LONGEST_ID:
        raise Told(call.say("no_such_product", text=call.typed(text)))
    for spelt in dict.fromkeys((text, text.strip(".,;:!?#、。"))):
        found = await catalogue.get_many([spelt])
        if found:
            return found[spelt]
    for where in (ProductFilter(sku=text), ProductFilter(gtin=text)):
        page = await catalogue.find(where, _NEAR)
        if len(page.items) == 1:
            product: Product = page.items[0]
            return product
        if page.items:
            raise Told(call.say("several_products", text=call.typed(text), near=_ids(call, page.items)))
    raise await _no_product(call, text)


async def _no_product(call: Call, text: str) -> Told:
    near = await call.duty.ports.catalogue.find(ProductFilter(text=text), _NEAR) if text.strip() else None
    if near and near.items:
        return Told(call.say("no_such_product_near", text=call.typed(text), near=_ids(call, near.items)))
    return Told(call.say("no_such_product", text=call.typed(text)))


def _ids(call: Call, products: Sequence[Product]) -> str:
    return call.joined(named(product) if product.title else plain(product.id, ID) for product in products)
