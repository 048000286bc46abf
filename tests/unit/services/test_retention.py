"""What is kept, and for how long."""

from __future__ import annotations

from dataclasses import replace as replace_ports
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from daemon.adapters.memory.gallery import MemoryGallery
from daemon.config import (
    AssociationSection,
    AuditSection,
    BotSection,
    ChecksSection,
    Config,
    NoticesSection,
    RetentionSection,
)
from daemon.errors import NotFound
from daemon.forum.rooms import Handling, SentNotice
from daemon.ports import Camera, Case, Detection, Search, SearchState, Sighting
from daemon.products.passes import PassKind, PassRecord, PassState
from daemon.products.product import Status
from daemon.products.remedies import Override
from daemon.services import retention
from tests.contract.makers import audit, batch, evidence, message, product
from tests.house import House, house

DAY_S = timedelta(days=1).total_seconds()


async def full_house(**sections: object) -> House:
    """Return a house with a record of every kind that is forgotten, all of them made or ended now."""
    home = house(config=Config.model_validate(sections))
    now, stores = home.clock.now(), home.stores
    await home.shelve(product("p1", stock=1, price=Decimal(1)))
    for change in ({"stock": 2}, {"status": Status.UNLISTED}):
        read = await stores.catalogue.get("p1")
        await stores.catalogue.replace(read, replace(read, **change), actor="ann", now=now)
    await stores.evidence.keep([evidence("https://a/", fetched_at=now)])
    override = Override(product_id="p1", rule="stock_negative", until=now, by="ann")
    await stores.incidents.commit(batch(overrides=[override]))
    await stores.incidents.add_pass(
        PassRecord(id="r1", kind=PassKind.FULL, state=PassState.FINISHED, started_at=now, finished_at=now)
    )
    await stores.bot.begin(message(state=Handling.DONE, seen_at=now))
    await stores.bot.remember_notice(SentNotice(message_id="n", conversation_id="r", incident_ids=("i",), sent_at=now))
    await stores.bot.remember_told([("e1", "r")], now)
    return home


async def kept(home: House) -> set[str]:
    """Return the kinds of which the house still has a record."""
    stores, past = home.stores, home.clock.now() - timedelta(days=36_000)
    edits = (await stores.catalogue.edits("p1", 10)).items
    there = {
        "edit": any("stock" in edit.changes for edit in edits),
        "status": any("status" in edit.changes for edit in edits),
        "evidence": bool(await stores.evidence.evidence(["https://a/"])),
        "override": bool(await stores.incidents.overrides(["p1"], past)),
        "pass": bool((await stores.incidents.passes(1)).items),
        "notice": bool(await stores.bot.notices("r", past)),
        "told": bool(await stores.bot.told(["e1"])),
    }
    return {kind for kind, is_there in there.items() if is_there}


ALL = {"edit", "status", "evidence", "override", "pass", "notice", "told"}


@pytest.mark.parametrize(
    ("days", "gone"),
    [
        (7, set()),
        (7.1, {"pass"}),
        (30, {"pass"}),
        (30.1, {"pass", "evidence", "notice", "told"}),
        (90, {"pass", "evidence", "notice", "told"}),
        (90.1, {"pass", "evidence", "notice", "told", "override"}),
        (365, {"pass", "evidence", "notice", "told", "override"}),
        (365.1, ALL - {"status"}),
        (3_650, ALL - {"status"}),
    ],
)
async def test_every_kind_is_kept_for_its_time(days: float, gone: set[str]) -> None:
    home = await full_house()
    home.clock.advance(days * DAY_S)
    await retention.forget(home.duty)
    assert await kept(home) == ALL - gone
    assert await retention.forget(home.duty) == 0


async def test_the_times_are_those_of_the_configuration() -> None:
    times = RetentionSection.model_validate(dict.fromkeys(("ended", "passes", "edits", "evidence", "messages"), "2d"))
    home = await full_house(retention=times)
    home.clock.advance(2 * DAY_S + 1)
    with capture_logs() as logs:
        assert await retention.forget(home.duty) == 7
    assert await kept(home) == {"status"}
    (line,) = logs
    assert line["event"] == "records.forgotten"
    assert (line["count"], line["edits"], line["evidence"], line["messages"]) == (2, 1, 1, 3)


async def test_what_is_still_fetched_is_kept_however_seldom_that_is() -> None:
    home = await full_house(checks=ChecksSection.model_validate({"network_interval": "60d"}))
    home.clock.advance(180 * DAY_S)
    await retention.forget(home.duty)
    assert "evidence" in await kept(home)
    home.clock.advance(1)
    await retention.forget(home.duty)
    assert "evidence" not in await kept(home)


async def test_a_message_that_could_still_be_answered_is_known_again() -> None:
    home = await full_house(
        retention=RetentionSection.model_validate({"messages": "1s"}),
        bot=BotSection.model_validate({"max_age": "1h"}),
        notices=NoticesSection.model_validate({"age_limit": "1m"}),
    )
    home.clock.advance(3_600)
    await retention.forget(home.duty)
    assert not await home.stores.bot.begin(message())
    home.clock.advance(1)
    await retention.forget(home.duty)
    assert await home.stores.bot.begin(message())


async def test_who_was_told_is_known_for_as_long_as_a_notice_may_be_tried() -> None:
    home = await full_house(notices=NoticesSection.model_validate({"age_limit": "60d"}))
    home.clock.advance(60 * DAY_S)
    await retention.forget(home.duty)
    assert "told" in await kept(home)
    home.clock.advance(1)
    await retention.forget(home.duty)
    assert "told" not in await kept(home)


async def with_search(home: House, ended: bool) -> Search:
    """Begin a search in a case of its own, and a detection that it could find."""
    now, gallery = home.clock.now(), MemoryGallery()
    home.duty.ports = replace_ports(home.duty.ports, cases=home.stores.cases, gallery=gallery)
    await gallery.put_network([Camera(id="c1", longitude=0.0, latitude=0.0)], [])
    seen = Detection(id="d1", camera="c1", time=now, body_model="m")
    await gallery.ingest([Sighting(seen, np.ones(8, np.float32))])
    case = Case(
        id="k1", title="t", purpose="p", owner="mei", created_at=now, expires_at=now + timedelta(days=1), quota=9
    )
    await home.stores.cases.add_case(case, audit())
    search = Search(
        id="s1", case_id="k1", purpose="p", searcher="mei", created_at=now, state=SearchState.RUNNING, asked={},
    )  # fmt: skip
    await home.stores.cases.begin_search(search, audit(), [b"vector"])
    if ended:
        await home.stores.cases.change_search(replace(search, state=SearchState.DONE, ended_at=now, result={"a": 1}))
    return search


async def test_searches_cases_and_sightings_are_kept_for_their_times_and_the_audit_log_for_good() -> None:
    times = RetentionSection.model_validate({"searches": "2d", "sightings": "3d"})
    home = house(config=Config(retention=times))
    await with_search(home, ended=True)
    gallery = home.duty.ports.gallery
    assert gallery is not None
    home.clock.advance(2 * DAY_S + 1)
    with capture_logs() as logs:
        assert await retention.forget(home.duty) == 1
    assert (logs[-1]["searches"], logs[-1]["sightings"]) == (1, 0)
    assert (await home.stores.cases.searches(9)).items == ()
    assert len((await home.stores.cases.cases(9)).items) == 1  # it expired a day after the search ended
    home.clock.advance(DAY_S)
    assert await retention.forget(home.duty) == 2
    assert (await home.stores.cases.cases(9)).items == ()
    with pytest.raises(NotFound):
        await gallery.detection("d1")
    assert len((await home.stores.audit.entries(9)).items) == 2


async def test_a_search_that_nobody_goes_on_with_ends_and_is_forgotten_in_its_time() -> None:
    home = house()
    search = await with_search(home, ended=False)
    await retention.forget(home.duty)
    assert (await home.stores.cases.search(search.id)).state is SearchState.INTERRUPTED
    home.clock.advance(30 * DAY_S + 1)
    await retention.forget(home.duty)
    assert (await home.stores.cases.searches(9)).items == ()


async def test_a_search_that_has_not_ended_is_kept_with_its_case() -> None:
    on = AssociationSection.model_validate({"kind": "on"})
    home = house(config=Config(association=on, audit=AuditSection(secret="audit")))
    search = await with_search(home, ended=False)
    home.clock.advance(400 * DAY_S)
    await retention.forget(home.duty)
    assert await home.stores.cases.search(search.id) == search
    assert len((await home.stores.cases.cases(9)).items) == 1


@pytest.mark.parametrize("name", ["searches", "sightings"])
@pytest.mark.parametrize("value", ["0", "0s", "-1d"])
def test_what_is_kept_of_people_cannot_be_kept_for_no_time(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        RetentionSection.model_validate({name: value})
