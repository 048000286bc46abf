"""What a daemon knows when it starts again on the stores that the one before it left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from daemon.adapters.sql import open_stores
from daemon.ports import IncidentFilter
from daemon.products.imports import Parsed
from daemon.products.incidents import Incident, State
from daemon.products.passes import PassKind
from daemon.products.rulebook import Rulebook
from daemon.products.verdicts import RemedyKind
from daemon.services import incidents, passes, remedies
from tests.house import House, price_missing, product, rule
from tests.last_word_kit import house_on

_RULES = Rulebook((rule(price_missing, remedy=RemedyKind.OFF_SHELF, open_after=3),))


@asynccontextmanager
async def started(folder: Path, hours: int) -> AsyncIterator[House]:
    """Be a daemon that starts so many hours after the first one."""
    async with open_stores(folder / "zhiban.db") as stores:
        home = house_on(stores, _RULES)
        home.clock.advance(timedelta(hours=hours).total_seconds())
        await passes.recover(home.duty)
        await remedies.recover(home.duty)
        yield home


async def pass_and_all(home: House) -> tuple[list[Incident], list[str]]:
    """Take a pass, let clocks ring; return all incidents and the kinds of news, oldest first."""
    await passes.run_pass(home.duty, PassKind.FULL)
    await incidents.tick_clocks(home.duty)
    found = (await home.duty.ports.incidents.find(IncidentFilter(), 100)).items
    entries = (await home.duty.ports.outbox.find((), 100)).items
    return list(found), [entry.news for entry in reversed(entries)]


async def test_an_incident_goes_on_after_a_restart_and_is_told_once(tmp_path: Path) -> None:
    async with started(tmp_path, 0) as home:
        page = [Parsed(product=product("tea", None))]
        await home.duty.ports.catalogue.store_page("shop", page, "1", home.clock.now())
        found, news = await pass_and_all(home)
    assert ([i.state for i in found], news) == ([State.SUSPECTED], [])
    first = found[0].id

    async with started(tmp_path, 1) as home:
        found, news = await pass_and_all(home)
    assert ([(i.id, i.state) for i in found], news) == ([(first, State.SUSPECTED)], []), "two of three"

    async with started(tmp_path, 2) as home:
        found, news = await pass_and_all(home)
    assert ([(i.id, i.state) for i in found], news) == ([(first, State.OPEN)], ["opened", "remedy_applied"])

    async with started(tmp_path, 2) as home:
        found, news = await pass_and_all(home)
        assert ([(i.id, i.state) for i in found], news) == ([(first, State.OPEN)], ["opened", "remedy_applied"])
        read = await home.duty.ports.catalogue.get("tea")
        priced = msgspec.structs.replace(read, price=Decimal(5))
        await home.duty.ports.catalogue.replace(read, priced, actor="mei", now=home.clock.now())

    async with started(tmp_path, 3) as home:
        found, news = await pass_and_all(home)
    assert [(i.id, i.state) for i in found] == [(first, State.RECOVERED)]
    assert news == ["opened", "remedy_applied", "recovered", "remedy_undone"]


async def test_no_lapse_of_time_ends_an_incident(tmp_path: Path) -> None:
    async with started(tmp_path, 0) as home:
        page = [Parsed(product=product("tea", None))]
        await home.duty.ports.catalogue.store_page("shop", page, "1", home.clock.now())
        for _ in range(3):
            await pass_and_all(home)

    for day in (1, 30, 365):
        async with started(tmp_path, day * 24) as home:
            await incidents.tick_clocks(home.duty)
            await passes.run_pass(home.duty, PassKind.CHANGED)
            found = (await home.duty.ports.incidents.find(IncidentFilter(), 100)).items
        assert [i.state for i in found] == [State.ESCALATED]
