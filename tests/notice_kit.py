"""Entries and channels to try notices with."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from daemon.config import ChannelSection, Config, NoticesSection
from daemon.ports import Notifier
from daemon.products.ids import new_id
from daemon.products.notices import Entry, EntryState, Message
from daemon.products.verdicts import Severity
from tests.house import House, house

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def entry(news: str = "opened", product_id: str = "1001", **fields: object) -> Entry:
    """Return an entry of one product and one rule, with the facts that services/news.py gives."""
    facts = {
        "kind": "product",
        "rule_title": "Price missing",
        "rule_title_zh": "价格缺失",
        "product_title": "Blue mug",
        "field": "price",
        "value": "",
        "message": "a listed product has no price",
        "first_bad_at": "2026-11-25T10:03:00+00:00",
    }
    given = fields.pop("facts", {})
    assert isinstance(given, dict)
    whole: dict[str, object] = {
        "id": new_id(), "channel": "box", "news": news, "incident_id": f"i-{product_id}", "product_id": product_id,
        "rule": "price_missing", "severity": Severity.CRITICAL, "facts": facts | given, "created_at": NOON,
    }  # fmt: skip
    return Entry(**(whole | fields))  # type: ignore[arg-type]


class Channel:
    """A Notifier that does as told, one act a message, and then takes everything."""

    def __init__(self, *acts: Callable[[], Awaitable[None]] | Exception | None, idempotent: bool = False) -> None:
        self.name = "box"
        self.idempotent = idempotent
        self.acts = list(acts)
        self.calls: list[Message] = []
        self.taken: list[Message] = []
        self.called = asyncio.Event()

    async def send(self, message: Message) -> None:
        self.calls.append(message)
        self.called.set()
        act = self.acts.pop(0) if self.acts else None
        if isinstance(act, Exception):
            raise act
        if act is not None:
            await act()
        self.taken.append(message)

    @property
    def subjects(self) -> list[str]:
        return [message.subject for message in self.taken]


class Taker(Protocol):
    """A channel that keeps what it took, in order."""

    taken: list[Message]
    idempotent: bool


def reached_people(box: Taker) -> Counter[str]:
    """Count how often each entry reached people: those behind an idempotent channel drop ids that they have had."""
    first: dict[str, Message] = {}
    for number, message in enumerate(box.taken):
        first.setdefault(message.id if box.idempotent else str(number), message)
    return Counter(one.id for message in first.values() for one in message.entries)


async def never() -> None:
    """Hang until cancelled."""
    await asyncio.Event().wait()


def notice_house(*notifiers: Notifier, sections: tuple[ChannelSection, ...] | None = None, **notices: object) -> House:
    """Return a house at noon whose channels are these; `notices` are settings of [notices]."""
    chosen = sections or tuple(ChannelSection(name=n.name, min_severity="info") for n in notifiers)
    config = Config(channels=chosen, notices=NoticesSection.model_validate({"digest_at": ""} | notices))
    home = house(config=config)
    home.clock.set_wall(NOON)
    home.duty.ports = replace(home.duty.ports, notifiers={notifier.name: notifier for notifier in notifiers})
    return home


async def states(home: House) -> dict[str, EntryState]:
    """Return the state of every entry by id."""
    page = await home.stores.outbox.find((), 100_000)
    return {one.id: one.state for one in page.items}


async def all_entries(home: House) -> list[Entry]:
    """Return every entry, oldest first."""
    page = await home.stores.outbox.find((), 100_000)
    return list(reversed(page.items))
