"""A group that speaks Chinese gets no English sentence from a rule, from the checks, from a source or from a store."""

from __future__ import annotations

import dataclasses
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

import daemon
from daemon.errors import Unavailable
from daemon.products.imports import SourceState
from daemon.products.incidents import ALIVE, Incident
from daemon.products.passes import PassKind
from daemon.products.product import Variant
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.products.translations import translated
from daemon.products.verdicts import Severity
from daemon.services.checkers import report
from daemon.services.passes import run_pass
from tests.house import product
from tests.message_templates import Code
from tests.syntax import HOLE
from tests.unit.handlers.bot.commands.team import ADMIN, Team, team

ENGLISH = re.compile("[A-Za-z]{2,}")
HOME = Path(daemon.__file__).parent
#: What commands call.
SERVICES = Code.of(
    [HOME / "products" / "incidents.py"]
    + [HOME / "services" / f"{name}.py" for name in (
        "contacts", "deciding", "incidents", "passes", "products", "remedies", "room_settings", "settling",
    )]
)  # fmt: skip
SHOP = Code.of(
    [HOME / "adapters" / "mongo" / f"{name}.py" for name in ("catalogue", "status_words", "writable", "writing")]
    + [HOME / "adapters" / "sql" / "mirror.py"]
)
RAISED = dict.fromkeys(("Conflict", "InvalidInput", "NotFound", "PreconditionFailed", "Unavailable"), 0)
REFUSED = (SERVICES.arguments(RAISED) | SHOP.arguments(RAISED)) - {HOLE}
#: Names that are the same in every language.
KEYS = re.compile(r"\[mongodb\.\w+\]")


async def shop_of_faults(language: str = "zh") -> Team:
    """A team of a shop whose products have faults of the real rules, more than one in some."""
    made = team(language, Rulebook.build({}, RemedyMode.SHADOW))
    sound: dict[str, Any] = {"currency": "CNY", "images": ("https://s.example/a.jpg",), "category": "杯子"}
    await made.shop(
        product("p1", None, **sound),
        product("p2", "12.345", cost=Decimal(20), **sound),
        product("p3", "0", gtin="4006381333932", **sound),
        product("p4", variants=(Variant(sku="S", price=Decimal(-1)), Variant(sku="L", price=Decimal(0))),
                **sound),
    )  # fmt: skip
    return made


async def alive(group: Team) -> list[Incident]:
    latest = await group.house.stores.incidents.latest(["p1", "p2", "p3", "p4"])
    return [one for several in latest.values() for one in several if one.state in ALIVE]


async def test_the_details_of_every_incident_are_chinese() -> None:
    group = await shop_of_faults()
    incidents = await alive(group)
    assert len({one.rule for one in incidents}) >= 4
    for one in incidents:
        told = await group.say(f"详情 {one.id}")
        fault = told.split("\n")[1].replace("GTIN", "").replace("CNY", "")
        assert ENGLISH.search(fault) is None, told


@pytest.mark.parametrize(
    ("product_id", "rule", "line"),
    [
        ("p1", "price_missing", "价格：没有价格"),
        ("p2", "price_precision", "价格：12.345 小数位数超出 CNY 的 2 位"),
        ("p2", "price_below_cost", "价格：12.345 低于成本 20"),
        ("p3", "gtin_bad", "GTIN：4006381333932 校验位是 2，应为 1"),
        ("p4", "price_nonpositive", "价格：-1 规格“S”：小于 0（另有 1 处）"),
    ],
)
async def test_a_fault_reads_in_the_language_of_the_bot(product_id: str, rule: str, line: str) -> None:
    group = await shop_of_faults()
    (one,) = [one for one in await alive(group) if (one.product_id, one.rule) == (product_id, rule)]
    assert (await group.say(f"详情 {one.id}")).split("\n")[1] == line


async def test_an_english_group_reads_what_the_rule_said() -> None:
    group = await shop_of_faults("en")
    (one,) = [one for one in await alive(group) if one.rule == "price_below_cost"]
    assert (await group.say(f"incident {one.id}")).split("\n")[1] == "price: 12.345 is below the cost of 20"


async def test_incidents_of_the_checks_are_listed_and_taken_on_in_chinese() -> None:
    group = team("zh")
    duty = group.house.duty
    problem = "a product planted to fail was found healthy: the rules do not work"
    await report(duty, "checker.canary", problem, severity=Severity.CRITICAL, title="canary")
    problem = "shop.example does not answer; its images and pages cannot be judged"
    await report(duty, "host_down:shop.example", problem, fingerprint="shop.example", title="shop.example")
    listed = await group.say("异常")
    assert "自检失败：自检用的异常商品被判为正常：规则失效" in listed
    assert "网站无响应（shop.example）：shop.example 无响应，其图片和页面无法判断" in listed
    incident = await group.house.stores.incidents.latest_of_rule("checker.canary")
    assert incident is not None
    told = await group.say(f"接手 {incident.id}", ADMIN)
    assert told.endswith("由你接手：自检用的异常商品被判为正常：规则失效")


async def test_why_a_source_failed_is_told_in_chinese() -> None:
    group = team("zh")
    state = SourceState(
        name="main", error="line 7: JSON ends inside the item that begins here; nothing after this was read"
    )
    await group.house.stores.catalogue.save_source(state)
    assert "来源 main 读取失败：第 7 行：JSON 在此处开始的一项中结束；此后的内容未读" in await group.say("状态")


async def test_why_a_pass_failed_stays_what_the_program_said_where_nobody_has_words_for_it() -> None:
    group = team("zh")
    await run_pass(group.house.duty, PassKind.FULL)
    store = group.house.stores.incidents
    record = (await store.passes(1)).items[0]
    await store.add_pass(msgspec.structs.replace(record, error="the store is closed"))
    assert (await group.say("巡检")).splitlines()[-1] == "  数据库已关闭"
    await store.add_pass(msgspec.structs.replace(record, error="OSError: disk"))
    assert (await group.say("巡检")).splitlines()[-1] == "  OSError: disk"


async def test_what_cannot_be_done_is_told_in_chinese() -> None:
    group = team("zh")

    class Gone:
        async def passes(self, limit: int) -> None:
            raise Unavailable("the store cannot be used just now: database is locked")

    ports = dataclasses.replace(group.house.duty.ports, incidents=Gone())  # type: ignore[arg-type]
    group.house.duty.ports = ports
    assert await group.say("巡检") == "暂时办不到：数据库暂时不可用：database is locked"


@pytest.mark.parametrize("template", sorted(REFUSED))
def test_every_refusal_of_what_commands_call_has_its_chinese(template: str) -> None:
    assert ENGLISH.search(KEYS.sub("", translated(template.replace(HOLE, "7"), "zh"))) is None
