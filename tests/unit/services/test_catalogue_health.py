"""The shop's database as a whole: away for long, far smaller than before, with documents that nobody can read."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from daemon.config import ChannelSection, Config, MongodbSection
from daemon.products.imports import Reject
from daemon.products.incidents import State
from daemon.products.verdicts import Severity
from daemon.services import incidents
from daemon.services.catalogue_health import AWAY, SHORT, watch
from tests.elsewhere_kit import Elsewhere, minutes
from tests.house import PERSON, House, house


@pytest.fixture
def home() -> House:
    return house()


@pytest.fixture
def shop(home: House) -> Elsewhere:
    return Elsewhere(home)


async def stands(home: House, rule: str) -> State | None:
    found = await home.stores.incidents.latest_of_rule(f"{rule}shop")
    return None if found is None else found.state


async def told(home: House, rule: str) -> list[str]:
    return [news for _, named, news in await home.news() if named == f"{rule}shop"]


async def later(home: House, count_minutes: float) -> None:
    home.clock.advance(minutes(count_minutes))
    await watch(home.duty)


async def healthy(home: House, shop: Elsewhere, documents: int = 100) -> None:
    shop.is_back()
    shop.is_read(documents)
    await watch(home.duty)


async def test_a_catalogue_of_our_own_is_not_watched(home: House) -> None:
    await watch(home.duty)
    assert (await home.stores.incidents.counts())[State.OPEN] == 0


async def test_a_short_outage_is_no_incident(home: House, shop: Elsewhere) -> None:
    await healthy(home, shop)
    shop.is_away()
    await later(home, 4.9)
    await healthy(home, shop)
    await later(home, 10)
    assert await stands(home, AWAY) is None


async def test_a_long_outage_is_one_incident_until_all_was_read_again(home: House, shop: Elsewhere) -> None:
    await healthy(home, shop)
    shop.is_away()
    for _ in range(5):
        await later(home, 1)
    incident = await home.stores.incidents.latest_of_rule(f"{AWAY}shop")
    assert incident is not None
    assert (incident.state, incident.severity) == (State.OPEN, Severity.CRITICAL)
    assert incident.message == ("cannot be read: MongoDB: nobody is there; products are checked as they were last read")

    shop.is_back()
    await later(home, 1)
    assert await stands(home, AWAY) is State.OPEN, "what changed meanwhile is not known yet"
    shop.is_read(100)
    await watch(home.duty)
    assert await stands(home, AWAY) is State.RECOVERED
    assert await told(home, AWAY) == ["opened", "recovered"]


async def test_an_outage_that_nobody_takes_on_escalates_and_one_that_is_taken_on_does_not(
    home: House, shop: Elsewhere
) -> None:
    shop.is_away()
    await later(home, 5)
    await incidents.tick_clocks(home.duty)
    home.clock.advance(home.duty.config.incidents.escalate_after)
    await incidents.tick_clocks(home.duty)
    assert await stands(home, AWAY) is State.ESCALATED

    incident = await home.stores.incidents.latest_of_rule(f"{AWAY}shop")
    assert incident is not None
    await incidents.acknowledge(home.duty, PERSON, incident.id)
    await later(home, 60)
    await incidents.tick_clocks(home.duty)
    assert await stands(home, AWAY) is State.ACKNOWLEDGED
    assert await told(home, AWAY) == ["opened", "escalated"]


async def test_a_line_that_breaks_again_and_again_is_away(home: House, shop: Elsewhere) -> None:
    await healthy(home, shop)
    for _ in range(7):
        shop.is_away("MongoDB: not authorized on shop")
        await later(home, 0.5)
        shop.is_back()
        await later(home, 0.5)
    assert await stands(home, AWAY) is State.OPEN


async def test_a_long_reading_after_a_short_outage_is_no_outage(home: House, shop: Elsewhere) -> None:
    await healthy(home, shop)
    shop.is_away()
    await later(home, 1)
    shop.is_back()
    for _ in range(10):
        await later(home, 1)
    assert await stands(home, AWAY) is None


async def test_a_daemon_that_begins_during_an_outage_does_not_call_it_over(home: House, shop: Elsewhere) -> None:
    shop.is_away()
    await later(home, 5)
    again = Elsewhere(home)
    await later(home, 0)
    again.is_away()
    await later(home, 1)
    again.is_back()
    await later(home, 1)
    assert await stands(home, AWAY) is State.OPEN
    again.is_read(100)
    await watch(home.duty)
    assert await stands(home, AWAY) is State.RECOVERED


async def test_who_reads_all_of_it_often_is_told_of_an_outage_soon() -> None:
    box = ChannelSection(name="box", min_severity="info")
    home = house(config=Config(channels=(box,), mongodb=MongodbSection(scan_interval="30s")))
    shop = Elsewhere(home)
    shop.is_away()
    await later(home, 0.5)
    assert await stands(home, AWAY) is State.OPEN


@pytest.mark.parametrize("left", [0, 49])
async def test_a_reading_that_finds_far_fewer_documents_is_an_incident_until_they_are_back(
    home: House, shop: Elsewhere, left: int
) -> None:
    await healthy(home, shop, 100)
    await healthy(home, shop, left)
    incident = await home.stores.incidents.latest_of_rule(f"{SHORT}shop")
    assert incident is not None
    assert (incident.state, incident.severity) == (State.OPEN, Severity.CRITICAL)
    assert incident.message.startswith(f"holds {left} documents, and held 100;")
    await later(home, 60)
    assert await stands(home, SHORT) is State.OPEN, "the second reading is as short as the first"
    await healthy(home, shop, 98)
    assert await stands(home, SHORT) is State.RECOVERED
    assert await told(home, SHORT) == ["opened", "recovered"]


async def test_a_shop_that_shrinks_little_by_little_is_fine(home: House, shop: Elsewhere) -> None:
    for documents in (100, 60, 31, 16):
        await healthy(home, shop, documents)
    assert await stands(home, SHORT) is None


async def test_whoever_closes_the_incident_says_that_so_few_are_right(home: House, shop: Elsewhere) -> None:
    await healthy(home, shop, 100)
    await healthy(home, shop, 10)
    incident = await home.stores.incidents.latest_of_rule(f"{SHORT}shop")
    assert incident is not None
    await incidents.close(home.duty, PERSON, incident.id, "the season is over")
    await later(home, 1)
    await healthy(home, shop, 9)
    assert await stands(home, SHORT) is State.RECOVERED
    await healthy(home, shop, 4)
    assert await stands(home, SHORT) is State.OPEN


async def test_what_a_shop_held_is_known_to_the_next_daemon(home: House, shop: Elsewhere) -> None:
    await healthy(home, shop, 100)
    again = Elsewhere(home)
    await healthy(home, again, 0)
    assert await stands(home, SHORT) is State.OPEN


async def test_documents_that_cannot_be_read_are_kept_in_a_file_while_they_are_the_same(
    home: House, shop: Elsewhere, tmp_path: Path
) -> None:
    home.duty.state = tmp_path
    one, other = (
        Reject(file="shop", line=None, field="", reason=f"{name} is no product", row={"_id": name}) for name in "ab"
    )
    with capture_logs() as logs:
        for rejects in ((one,), (one,), (one, other), ()):
            shop.rejects = rejects
            await healthy(home, shop)
    kept = sorted((tmp_path / "rejects").glob("shop-*.jsonl"))
    assert [[msgspec.json.decode(line, type=Reject) for line in file.read_bytes().splitlines()] for file in kept] == [
        [one], [one, other],
    ]  # fmt: skip
    logged = [entry for entry in logs if entry["event"] == "catalogue.rejects_kept"]
    assert [(entry["rejected"], entry["file"]) for entry in logged] == [(1, str(kept[0])), (2, str(kept[1])), (0, "")]
