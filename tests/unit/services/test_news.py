"""Which channels hear of what, and what the entries say."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from daemon.config import ChannelSection
from daemon.products import incident_life as life
from daemon.products.incidents import Change, Incident, LifePolicy, News, State, Subject
from daemon.products.notices import Entry
from daemon.products.product import Status
from daemon.products.remedies import Remedy, RemedyState
from daemon.products.verdicts import OK, RemedyKind, Severity, bad
from daemon.services.news import entries_for, hears, remedy_entries, status_changed_entries
from tests.elsewhere_kit import Elsewhere
from tests.house import House, house, product
from tests.notice_kit import NOON, Channel, notice_house

MINUTE = timedelta(minutes=1)


def incident(**fields: object) -> Incident:
    whole: dict[str, object] = {
        "id": "i1", "product_id": "1001", "rule": "price_missing", "fingerprint": "price=", "state": State.OPEN,
        "severity": Severity.MAJOR, "title": "Blue mug", "category": "Mugs", "owner": "alice", "field": "price",
        "value": "", "message": "no price", "first_bad_at": NOON, "last_bad_at": NOON, "opened_at": NOON,
    }  # fmt: skip
    return Incident(**(whole | fields))  # type: ignore[arg-type]


def channels(*sections: ChannelSection) -> House:
    return notice_house(*[_named(section.name) for section in sections], sections=sections)


def _named(name: str) -> Channel:
    channel = Channel()
    channel.name = name
    return channel


def heard(entries: tuple[Entry, ...]) -> list[tuple[str, str]]:
    return [(one.channel, one.news) for one in entries]


def test_a_change_without_news_makes_no_entry() -> None:
    assert entries_for(house().duty, [Change(incident(), None)], NOON) == ()


def test_every_channel_hears_what_is_severe_enough_for_it() -> None:
    home = channels(
        ChannelSection(name="all", min_severity="info"),
        ChannelSection(name="same", min_severity="major"),
        ChannelSection(name="worst", min_severity="critical"),
    )
    entries = entries_for(home.duty, [Change(incident(), None, News.OPENED)], NOON)
    assert heard(entries) == [("all", "opened"), ("same", "opened")]
    assert len({one.id for one in entries}) == 2


def test_an_entry_says_what_its_text_needs() -> None:
    home = channels(ChannelSection(name="box"))
    (one,) = entries_for(
        home.duty, [Change(incident(value="0"), None, News.OPENED)], NOON, {"i1": {"link": "https://shop.example/1001"}}
    )
    assert (one.incident_id, one.product_id, one.rule) == ("i1", "1001", "price_missing")
    assert (one.category, one.owner, one.severity, one.created_at) == ("Mugs", "alice", Severity.MAJOR, NOON)
    assert dict(one.facts) == {
        "kind": "product",
        "rule_title": "price_missing",
        "rule_title_zh": "price_missing",
        "product_title": "Blue mug",
        "field": "price",
        "value": "0",
        "message": "no price",
        "state": "open",
        "first_bad_at": "2026-11-25T12:00:00+00:00",
        "opened_at": "2026-11-25T12:00:00+00:00",
        "link": "https://shop.example/1001",
    }


@pytest.mark.parametrize(
    ("listed", "news", "wanted"),
    [
        ((), "opened", True),
        ((), "digest", True),
        ((), "product.status_changed", False),
        (("product.status_changed",), "product.status_changed", True),
        (("product.status_changed",), "opened", False),
        (("opened",), "recovered", False),
        (("opened",), "digest", False),
        (("opened",), "reopened", True),
        (("opened",), "changed", True),
        (("opened",), "flapping", True),
        (("recovered",), "reopened", False),
    ],
)
def test_a_channel_hears_what_it_lists(listed: tuple[str, ...], news: str, wanted: bool) -> None:
    assert hears(ChannelSection(name="box", news=listed), news) is wanted


def test_a_channel_that_wants_no_recoveries_hears_of_every_new_fault() -> None:
    """alertmanager 1063: with resolved notices off, only the first of many firings was ever sent."""
    home = channels(ChannelSection(name="box", news=("opened",)))
    policy, now, current, told = LifePolicy(flap_count=99), NOON, None, []
    subject = Subject(product_id="1001", rule="price_missing", severity=Severity.MAJOR)
    for n in range(10):
        now += 5 * MINUTE
        verdict = OK if n % 2 else bad("price", "", "no price")
        changes = life.observe(current, verdict, subject, policy, now, f"i{n}")
        current = changes[-1].incident
        told += [one.news for one in entries_for(home.duty, changes, now)]
    assert told == ["opened"] + ["reopened"] * 4


def remedy(**fields: object) -> Remedy:
    whole: dict[str, object] = {
        "id": "r1", "incident_id": "i1", "product_id": "1001", "rule": "price_missing", "kind": RemedyKind.OFF_SHELF,
        "state": RemedyState.APPLIED, "before": Status.LISTED, "after": Status.UNLISTED, "planned_at": NOON,
        "source": "shop",
    }  # fmt: skip
    return Remedy(**(whole | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("applied", "news", "in_shop"),
    [
        (remedy(), News.REMEDY_APPLIED, "not yet"),
        (remedy(shop_confirmed_at=NOON), News.REMEDY_APPLIED, "yes"),
        (remedy(source=""), News.REMEDY_APPLIED, "yes"),
        (remedy(), News.REMEDY_UNDONE, "yes"),
        (remedy(shop_confirmed_at=NOON), News.REMEDY_UNDONE, "not yet"),
        (remedy(source=""), News.REMEDY_UNDONE, "yes"),
    ],
)
def test_a_remedy_entry_says_before_and_after_and_whether_the_shop_shows_it(
    applied: Remedy, news: News, in_shop: str
) -> None:
    home = channels(ChannelSection(name="box"))
    (one,) = remedy_entries(home.duty, incident(), applied, news, NOON)
    assert one.news == news
    facts = {"remedy": "off_shelf", "remedy_id": "r1", "before": "listed", "after": "unlisted", "in_shop": in_shop}
    assert facts.items() <= one.facts.items()


@pytest.mark.parametrize("news", [News.REMEDY_APPLIED, News.REMEDY_UNDONE])
@pytest.mark.parametrize("confirmed_at", [None, NOON])
def test_what_is_changed_in_the_shop_itself_is_in_force_there_at_once(
    news: News, confirmed_at: datetime | None
) -> None:
    home = channels(ChannelSection(name="box"))
    Elsewhere(home)
    one, imported = (
        remedy_entries(home.duty, incident(), remedy(shop_confirmed_at=confirmed_at, source=source), news, NOON)[0]
        for source in ("shop", "supplier")
    )
    assert one.facts["in_shop"] == "yes"
    waits = (confirmed_at is None) == (news is News.REMEDY_APPLIED)
    assert imported.facts["in_shop"] == ("not yet" if waits else "yes")


def test_status_changes_go_to_the_channels_that_name_them_alone() -> None:
    home = channels(
        ChannelSection(name="people"),
        ChannelSection(name="shop", min_severity="critical", news=("product.status_changed",)),
    )
    changed = msgspec.structs.replace(product("1001"), revision=7, link="https://shop.example/1001", sku="M-1")
    (one,) = status_changed_entries(home.duty, changed, "listed", "unlisted", "price_missing", NOON)
    assert (one.channel, one.product_id, one.news) == ("shop", "1001", "product.status_changed")
    assert dict(one.facts) == {
        "product_title": "Tea 1001", "sku": "M-1", "source": "shop", "link": "https://shop.example/1001",
        "revision": "7", "before": "listed", "after": "unlisted", "reason": "price_missing",
    }  # fmt: skip


def test_thousands_of_changes_are_cheap_enough_to_be_made_in_a_commit() -> None:
    changes = [Change(incident(id=f"i{n}"), None, News.OPENED) for n in range(5_000)]
    entries = entries_for(channels(ChannelSection(name="a"), ChannelSection(name="b")).duty, changes, NOON)
    assert len(entries) == 10_000
    assert entries[0].facts is entries[1].facts, "channels share the facts of a change"
