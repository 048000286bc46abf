"""The group asks how the shop's own database stands, and hears of its incidents as of any other."""

from __future__ import annotations

import pytest

from daemon.products.imports import SourceState
from daemon.services.catalogue_health import AWAY, watch
from tests.elsewhere_kit import Elsewhere, minutes
from tests.unit.handlers.bot.commands.team import ADMIN, Team, team

AWAY_FOR = {
    "en": "Catalogue shop: away since 2026-11-25 00:00 UTC: MongoDB: nobody is there",
    "zh": "商品库 shop：2026-11-25 00:00 UTC 起无法访问：MongoDB: nobody is there",
}


def shop_of(language: str) -> tuple[Team, Elsewhere]:
    group = team(language)
    return group, Elsewhere(group.house)


async def standing(group: Team) -> list[str]:
    """Return the lines about the shop."""
    lines = (await group.say("status" if group.house.duty.config.bot.language == "en" else "状态")).splitlines()
    return [line for line in lines if line.startswith(("Catalogue", "商品库", "  ", "Source", "来源"))]


async def test_a_daemon_with_a_catalogue_of_its_own_says_nothing_of_one_elsewhere() -> None:
    assert await standing(team("en")) == []


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", ["Catalogue shop: away since 2026-11-25 00:00 UTC: not asked yet", "  not read yet"]),
        ("zh", ["商品库 shop：2026-11-25 00:00 UTC 起无法访问：尚未连接", "  尚未读取"]),
    ],
)
async def test_before_it_was_ever_asked(language: str, lines: list[str]) -> None:
    group, _ = shop_of(language)
    assert await standing(group) == lines


@pytest.mark.parametrize(
    ("language", "live", "lines"),
    [
        ("en", True, ["Catalogue shop: connected since 2026-11-25 00:00 UTC, live",
                      "  1200 documents, read 5 min ago, 3 unreadable"]),
        ("en", False, ["Catalogue shop: connected since 2026-11-25 00:00 UTC, looked through again and again",
                       "  1200 documents, read 5 min ago, 3 unreadable"]),
        ("zh", True, ["商品库 shop：2026-11-25 00:00 UTC 起已连接，实时跟踪",
                      "  文档 1200 份，5 分钟前读取，3 份无法识别"]),
        ("zh", False, ["商品库 shop：2026-11-25 00:00 UTC 起已连接，定时查看",
                       "  文档 1200 份，5 分钟前读取，3 份无法识别"]),
    ],
)  # fmt: skip
async def test_while_it_is_followed(language: str, live: bool, lines: list[str]) -> None:
    group, shop = shop_of(language)
    shop.is_back()
    shop.stands(live=live)
    shop.is_read(1200, rejected=3)
    group.house.clock.advance(minutes(5))
    assert await standing(group) == lines


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_while_it_is_away_its_fault_is_told_once(language: str) -> None:
    group, shop = shop_of(language)
    shop.is_away()
    state = SourceState(name="shop", error=shop.upstream.problem)
    await group.house.stores.catalogue.save_source(state)
    told = await standing(group)
    assert told[0] == AWAY_FOR[language]
    assert len(told) == 2


async def test_its_incident_is_listed_and_taken_on_in_chinese() -> None:
    group, shop = shop_of("zh")
    shop.is_away()
    group.house.clock.advance(minutes(6))
    await watch(group.house.duty)
    listed = await group.say("异常")
    assert "商品库无法读取（shop）：无法读取：MongoDB: nobody is there；商品按上次读到的内容检查" in listed
    incident = await group.house.stores.incidents.latest_of_rule(f"{AWAY}shop")
    assert incident is not None
    assert "由你接手" in await group.say(f"接手 {incident.id}", ADMIN)
