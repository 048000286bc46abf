"""People who have their say between any two calls that a daemon makes of its stores, and what must be left of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec
import pytest

from daemon.config import ChannelSection, Config
from daemon.errors import Conflict, PreconditionFailed
from daemon.products.imports import EditRecord, Parsed
from daemon.products.product import Product, Status
from daemon.products.remedies import RemedyState
from daemon.products.rulebook import Rulebook
from daemon.services import passes, products, settling
from daemon.services.duty import Duty
from tests.contract.adapters import Stores
from tests.house import PERSON, House, house, product

ID: Final = "tea"
AFTER: Final = {"price_missing": Status.UNLISTED, "soldout_listed": Status.OUT_OF_STOCK}
BOX: Final = Config(channels=(ChannelSection(name="box", min_severity="info"),))


class Act(NamedTuple):
    """What somebody does. after: how many moments of the daemon go by before."""

    after: int
    kind: str
    field: str
    value: Any


@dataclass
class Words:
    """What people and the shop said last, and whether it was against the daemon."""

    last: dict[str, Any]
    source: Product
    held: str = ""  # the rule whose remedy held the product when the last thing was said
    overridden: set[str] = field(default_factory=set)
    imports: int = 1
    edits: list[str] = field(default_factory=list)  # the fields that people changed by hand, in their order

    def said(self, name: str, value: Any, before: Any, *, by_hand: bool = True) -> None:
        self.last[name] = value
        if by_hand and value != before:
            self.edits.append(name)
        if name == "status":
            self.overridden |= {self.held} if self.held and value == Status.LISTED else set()


class Crowd:
    """The people of a shop, who do the next thing on their list when its moment has come."""

    def __init__(self, duty: Duty, acts: Sequence[Act], words: Words) -> None:
        self._duty, self._acts, self.words = duty, list(acts), words
        self._wait = acts[0].after if acts else 0

    @property
    def left(self) -> int:
        """How many things they have not done yet."""
        return len(self._acts)

    async def moment(self) -> None:
        """Let a moment pass between two steps of the daemon."""
        while self._acts and self._wait <= 0:
            act = self._acts.pop(0)
            self._wait = self._acts[0].after if self._acts else 0
            self.words.held = await self._held()
            await getattr(self, f"_{act.kind}")(act)
        self._wait -= 1

    async def _held(self) -> str:
        edits = (await self._duty.ports.catalogue.edits(ID, 500)).items
        by = next((edit.actor for edit in edits if "status" in edit.changes), "")
        if not by.startswith("remedy:"):
            return ""
        return (await self._duty.ports.incidents.remedy(by.removeprefix("remedy:"))).rule

    async def _set(self, act: Act) -> None:
        before = await self._duty.ports.catalogue.get(ID)
        if act.field == "status":
            changed = await products.set_status(self._duty, PERSON, ID, act.value, before.revision)
        else:
            changed = await products.correct(self._duty, PERSON, ID, {act.field: act.value}, before.revision)
        assert getattr(changed, act.field) == act.value
        self.words.said(act.field, act.value, getattr(before, act.field))

    async def _beside(self, act: Act) -> None:
        before = await self._duty.ports.catalogue.get(ID)
        new = msgspec.structs.replace(before, **{act.field: act.value})
        await self._duty.ports.catalogue.replace(before, new, actor=PERSON.id, now=self._duty.ports.clock.now())
        self.words.said(act.field, act.value, getattr(before, act.field))

    async def _stale(self, act: Act) -> None:
        before = await self._duty.ports.catalogue.get(ID)
        with pytest.raises(PreconditionFailed):
            await products.correct(self._duty, PERSON, ID, {"title": "too late"}, before.revision - 1)

    async def _import(self, act: Act) -> None:
        before = await self._duty.ports.catalogue.get(ID)
        theirs = msgspec.structs.replace(self.words.source, **{act.field: act.value})
        self.words.imports += 1
        await self._duty.ports.catalogue.store_page(
            "shop", [Parsed(product=theirs)], str(self.words.imports), self._duty.ports.clock.now()
        )
        if getattr(theirs, act.field) != getattr(self.words.source, act.field):
            self.words.said(act.field, act.value, getattr(before, act.field), by_hand=False)
        self.words.source = theirs

    async def _undo(self, act: Act) -> None:
        held = (await self._duty.ports.incidents.held([ID])).get(ID)
        if held is None:
            return
        try:
            await settling.undo(self._duty, PERSON, held.id)
        except Conflict:
            return
        self.words.said("status", held.before, held.after, by_hand=False)


class Interrupted:
    """A store between whose calls people have their moments."""

    def __init__(self, store: Any, moment: Callable[[], Any]) -> None:
        self._store, self._moment = store, moment

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            await self._moment()
            answer = await method(*args, **kwargs)
            await self._moment()
            return answer

        return call


def house_on(stores: Stores, rulebook: Rulebook | None = None, config: Config | None = None) -> House:
    """Return a daemon's insides on the stores of any adapter."""
    inner = house()
    names = ("catalogue", "incidents", "outbox", "evidence", "principals", "audit")
    ports = replace(inner.duty.ports, **{name: getattr(stores, name) for name in names})
    home = house(rulebook, config, ports)
    home.clock = inner.clock
    return home


async def begun(stores: Stores) -> tuple[House, Words]:
    home = house_on(stores, config=BOX)
    source = product(ID, None, currency="EUR", stock=Decimal(3))
    await stores.catalogue.store_page("shop", [Parsed(product=source)], "1", home.clock.now())
    last = {name: getattr(source, name) for name in ("status", "price", "title", "stock")}
    return home, Words(last, source)


async def assert_last_words_stand(duty: Duty, words: Words) -> None:
    for _ in range(3):
        await passes.tick(duty)
    stored = await duty.ports.catalogue.get(ID)
    for name in ("price", "title", "stock"):
        assert getattr(stored, name) == words.last[name], name
    assert stored.status in allowed(words)
    await assert_remedies_are_settled(duty, stored)
    assert_no_edit_was_lost((await duty.ports.catalogue.edits(ID, 500)).items[::-1], words)


def allowed(words: Words) -> set[Status]:
    """Return the statuses that the product may have: the last word, or what a rule that was not overridden sets."""
    if words.last["status"] is not Status.LISTED:
        return {words.last["status"]}
    wanted = {"price_missing": words.last["price"] is None, "soldout_listed": words.last["stock"] == 0}
    return {Status.LISTED} | {AFTER[rule] for rule, bad in wanted.items() if bad and rule not in words.overridden}


async def assert_remedies_are_settled(duty: Duty, stored: Product) -> None:
    remedies = (await duty.ports.incidents.find_remedies((), 500)).items
    assert not [r for r in remedies if r.state is RemedyState.PLANNED]
    assert [r.after for r in remedies if r.state is RemedyState.APPLIED] in ([], [stored.status])


def assert_no_edit_was_lost(edits: Sequence[EditRecord], words: Words) -> None:
    """Each edit begins where the one before it ended, and all that people did is among them."""
    known: dict[str, str] = {}
    for edit in edits:
        for name, (before, after) in edit.changes.items():
            assert known.get(name, before) == before, f"{name} at revision {edit.revision}"
            known[name] = after
    found = [name for edit in edits if edit.actor == PERSON.id for name in edit.changes if name != "updated_at"]
    assert found == words.edits
