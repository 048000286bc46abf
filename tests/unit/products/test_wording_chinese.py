"""What a Chinese team reads in a notice: no sentence of English, be it of a rule, of the checks or of a source."""

from __future__ import annotations

import re

import pytest

from daemon.products.gathering import Bundle, Form
from daemon.products.wording import Wording
from tests.notice_kit import entry

ZH, CHAT = Wording(language="zh", zone="Asia/Shanghai"), Wording(language="zh", zone="Asia/Shanghai", chat=True)


def told(wording: Wording = ZH, form: Form = Form.STORIES, **given: object) -> tuple[str, str]:
    return wording.render(Bundle(form=form, entries=(entry(**given),)), "box")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({"message": "no price"}, "新异常：Blue mug (1001)，没有价格，自 2026-11-25 18:03 UTC+8 起"),
        ({"value": "0.00", "message": "is zero, and the product is not marked as free"},
         "新异常：Blue mug (1001)，价格“0.00”，为 0，但商品未标为免费，自"),
        ({"value": "9.90", "message": 'variant "L": is below the cost of 12 (and 1 more)'},
         "价格“9.90”，规格“L”：低于成本 12（另有 1 处），自"),
        ({"field": "availability", "value": "out_of_stock", "message": "the page says out_of_stock, we say in_stock"},
         "供货状态“缺货”，页面显示“缺货”，目录中为“有货”，自"),
    ],
)  # fmt: skip
def test_a_fault_of_a_product_is_told_in_chinese(facts: dict[str, str], line: str) -> None:
    for wording in (ZH, CHAT):
        assert line in told(wording, facts=facts)[1]


def test_a_long_message_is_cut_after_it_was_put_into_words() -> None:
    ids = ", ".join("p" * 60 for _ in range(3))
    _, text = told(facts={"field": "sku", "value": "A1", "message": f"also sku of {ids} and 5 more"})
    assert "SKU“A1”，与商品 ppp" in text
    assert "also" not in text
    assert "…" in text


CHECKS = [
    ("checker.pass_failed", "passes", "the last 3 passes came to no end: not done within 600 s",
     "巡检未完成：最近 3 次巡检都没有完成：600 秒内未完成"),
    ("checker.canary", "canary", "a product planted to fail was found healthy: the rules do not work",
     "自检失败：自检用的异常商品被判为正常：规则失效"),
    ("checker.rule_failed", "rules", "7 products on which a rule raised an error",
     "规则出错：有 7 个商品在检查时规则出错"),
    ("checker.short_pass", "short pass", "a full pass judged 40 products, the one before 900",
     "巡检商品过少：全量巡检只检查了 40 个商品，上一次为 900 个"),
    ("host_down:shop.example", "shop.example", "shop.example does not answer; its images and pages cannot be judged",
     "网站无响应（shop.example）：shop.example 无响应，其图片和页面无法判断"),
    ("source:main", "main", "source main: the server answered with status 503",
     "来源读取失败（main）：服务器返回状态码 503"),
    ("source:main", "main", "line 7: JSON ends inside the item that begins here; nothing after this was read",
     "来源读取失败（main）：第 7 行：JSON 在此处开始的一项中结束；此后的内容未读"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "title", "message", "chinese"), CHECKS)
def test_an_incident_of_the_checks_says_what_is_wrong_and_says_it_once(
    rule: str, title: str, message: str, chinese: str
) -> None:
    """As services/checkers.py makes it: what is wrong is its value too."""
    facts = {"kind": "checker", "rule_title": "", "rule_title_zh": "", "product_title": title, "field": "",
             "value": message, "message": message}  # fmt: skip
    subject, text = told(product_id="", rule=rule, facts=facts)
    assert subject == f"【严重】{chinese}"
    said = chinese.split("：", 1)[1]
    assert text.split("\n")[0] == f"新异常：{said}，自 2026-11-25 18:03 UTC+8 起"
    assert text.split("\n")[1].startswith("请检查巡检本身：")
    english, body = Wording().render(Bundle(form=Form.STORIES, entries=(
        entry(product_id="", rule=rule, facts=facts),)), "box")  # fmt: skip
    assert english.removeprefix(f"[critical] {rule}: ").removesuffix("…") in message
    assert body.split("\n")[0].count(message[:30]) == 1


def test_a_mass_incident_is_told_in_chinese() -> None:
    message = "price_jump asks to change 42 of 50 products at once; nothing is changed until somebody decides"
    facts = {"kind": "mass", "rule_title": "", "rule_title_zh": "", "product_title": "price_jump", "field": "",
             "value": message, "message": message}  # fmt: skip
    subject, text = told(CHAT, product_id="", rule="mass:price_jump", facts=facts)
    said = "price_jump 要一次改动 50 个商品中的 42 个；有人决定之前不作改动"
    assert subject == f"【严重】一次涉及过多（price_jump）：{said}"
    assert text.split("\n")[0].endswith(f" 新异常：{said}，自 2026-11-25 18:03 UTC+8 起")
    assert re.search("该规则的自动处理已冻结", text)


def test_the_digest_counts_what_no_rule_opened_under_a_chinese_name() -> None:
    facts = {"day": "2026-11-25", "open": "3", "rule.checker.canary": "1", "rule.host_down:a.example": "2"}
    _, text = told(form=Form.DIGEST, facts=facts)
    assert "网站无响应（a.example）：2\n自检失败：1" in text
