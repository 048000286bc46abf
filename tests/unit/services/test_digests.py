"""One digest a local day, over restarts, sleeps and clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daemon.config import ChannelSection, NoticesSection
from daemon.ports import Batch
from daemon.products.incidents import Incident, State
from daemon.products.verdicts import Severity
from daemon.services.duty import Duty
from daemon.services.notices import deliver, digest, next_digest
from tests.house import House
from tests.notice_kit import Channel, all_entries, notice_house


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # the parts are as many as given


def section(at: str = "09:00", timezone: str = "Europe/Berlin") -> NoticesSection:
    return NoticesSection(digest_at=at, timezone=timezone)


@pytest.mark.parametrize(
    ("at", "last_day", "now", "due"),
    [
        ("09:00", None, utc(2026, 11, 25, 7), utc(2026, 11, 25, 8)),
        ("09:00", None, utc(2026, 11, 25, 8), utc(2026, 11, 26, 8)),
        ("09:00", "2026-11-24", utc(2026, 11, 25, 7), utc(2026, 11, 25, 8)),
        ("09:00", "2026-11-24", utc(2026, 11, 25, 19), utc(2026, 11, 25, 8)),  # slept through: late, but today
        ("09:00", "2026-11-24", utc(2026, 11, 25, 21), utc(2026, 11, 26, 8)),  # too late to be of use
        ("23:59", "2026-11-24", utc(2026, 11, 26, 3), utc(2026, 11, 25, 22, 59)),  # made up for after midnight
        ("09:00", "2026-11-20", utc(2026, 11, 25, 7), utc(2026, 11, 25, 8)),  # those in between are not made up for
        ("09:00", "2026-11-25", utc(2026, 11, 25, 20), utc(2026, 11, 26, 8)),
        ("09:00", "2026-03-28", utc(2026, 3, 28, 20), utc(2026, 3, 29, 7)),  # summer time begins that night
        ("09:00", "2026-10-24", utc(2026, 10, 24, 20), utc(2026, 10, 25, 8)),  # and ends
        ("02:30", "2026-03-28", utc(2026, 3, 28, 20), utc(2026, 3, 29, 1, 30)),  # skipped that night
        ("02:30", "2026-10-24", utc(2026, 10, 24, 20), utc(2026, 10, 25, 0, 30)),  # twice that night: the first
        ("02:30", "2026-10-25", utc(2026, 10, 25, 1, 30), utc(2026, 10, 26, 1, 30)),  # not again at the second
        ("09:00", "2026-12-01", utc(2026, 11, 25, 7), utc(2026, 12, 2, 8)),  # the clock was wrong, or set back
        ("", "2026-11-24", utc(2026, 11, 25, 7), None),
    ],
)
def test_the_next_digest_is_at_its_local_time(at: str, last_day: str | None, now: datetime, due: datetime) -> None:
    assert next_digest(section(at), last_day, now) == due


@pytest.mark.parametrize("start", [utc(2026, 3, 26), utc(2026, 10, 22), utc(2026, 11, 25)])
@pytest.mark.parametrize("at", ["02:30", "00:00", "23:59"])
async def test_there_is_exactly_one_digest_a_local_day_whatever_the_night_does(start: datetime, at: str) -> None:
    home = notice_house(Channel(), digest_at=at, timezone="Europe/Berlin")
    home.clock.set_wall(start)
    days = 7
    for tick in range(days * 24 * 4):
        await digest(home.duty, home.clock.now())
        home.clock.advance(900)
        if tick % 5 == 0:
            home.duty = Duty(home.duty.ports, home.duty.config, home.duty.rulebook)
    told = [one.facts["day"] for one in await all_entries(home)]
    assert len(told) == len(set(told))
    assert days - 1 <= len(told) <= days


async def test_the_first_start_of_all_waits_for_the_next_time() -> None:
    home = notice_house(Channel(), digest_at="09:00")
    home.clock.set_wall(utc(2026, 11, 25, 12))
    assert not await digest(home.duty, home.clock.now())
    home.clock.set_wall(utc(2026, 11, 26, 8, 59))
    assert not await digest(home.duty, home.clock.now())
    home.clock.set_wall(utc(2026, 11, 26, 9, 0))
    assert await digest(home.duty, home.clock.now())
    assert not await digest(home.duty, home.clock.now())


async def open_incident(home: House, number: int, **fields: object) -> None:
    now = home.clock.now()
    whole: dict[str, object] = {
        "id": f"i{number:03}", "product_id": str(number), "rule": "price_missing", "fingerprint": "f",
        "state": State.OPEN, "severity": Severity.CRITICAL, "first_bad_at": now, "last_bad_at": now, "opened_at": now,
    }  # fmt: skip
    await home.stores.incidents.commit(Batch(incidents=(Incident(**(whole | fields)),)))  # type: ignore[arg-type]


async def test_the_digest_counts_what_is_open_as_each_channel_would_hear_it() -> None:
    everything, worst = Channel(), Channel()
    everything.name, worst.name = "all", "worst"
    sections = (
        ChannelSection(name="all", min_severity="info"),
        ChannelSection(name="worst", min_severity="critical"),
        ChannelSection(name="deaf", news=("opened",)),
    )
    home = notice_house(everything, worst, sections=sections, digest_at="09:00")
    home.clock.set_wall(utc(2026, 11, 25, 8))
    await digest(home.duty, home.clock.now())
    await open_incident(home, 1, owner="alice")
    await open_incident(home, 2, state=State.ACKNOWLEDGED)
    await open_incident(home, 3, rule="soldout_listed", severity=Severity.MINOR)
    await open_incident(home, 4, state=State.RECOVERED)
    await open_incident(home, 5, inhibited_by="i001")
    await open_incident(home, 6, state=State.SUSPECTED)

    home.clock.advance(3600)
    assert await digest(home.duty, home.clock.now())
    home.clock.advance(1)
    await deliver(home.duty)

    (one,) = everything.taken
    assert one.subject == "Daily digest 2026-11-25: 3 open"
    assert "By severity: critical 2, minor 1" in one.text
    assert "price_missing: 2" in one.text
    assert "By owner: nobody 2, alice 1" in one.text
    assert "Acknowledged: 1" in one.text
    (other,) = worst.taken
    assert other.subject == "Daily digest 2026-11-25: 2 open"


async def test_more_incidents_than_a_page_are_all_counted() -> None:
    home = notice_house(Channel(), digest_at="09:00")
    home.clock.set_wall(utc(2026, 11, 25, 8))
    await digest(home.duty, home.clock.now())
    now = home.clock.now()
    many = tuple(
        Incident(id=f"i{n:05}", product_id=str(n), rule="price_missing", fingerprint="f", state=State.OPEN,
                 severity=Severity.MINOR, first_bad_at=now, last_bad_at=now, opened_at=now + timedelta(seconds=n))
        for n in range(1_203)
    )  # fmt: skip
    await home.stores.incidents.commit(Batch(incidents=many))
    await digest(home.duty, utc(2026, 11, 25, 9))
    (one,) = await all_entries(home)
    assert one.facts["open"] == "1203"
    assert one.facts["oldest_at"] == now.isoformat()
