"""A Chinese team reads Chinese: every message that rules and checks can make has its words in the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from string import Formatter

import pytest

import daemon
from daemon import demo
from daemon.products.context import MemoryContext
from daemon.products.evidence import Evidence, ImageFacts, PageFacts, Reach
from daemon.products.feeds import FeedOptions, open_feed
from daemon.products.imports import Parsed, with_soldout_since
from daemon.products.product import Availability, Product, Status
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.products.rules import BY_ID
from daemon.products.translations import CATALOGUES, check_title, translated, translated_value
from daemon.products.verdicts import Outcome
from tests.message_templates import Code
from tests.syntax import HOLE
from tests.unit.products.rules.case import tables

HOME = Path(daemon.__file__).parent
ROWS = [case for _, cases in tables() for case in cases]
#: What Chinese readers know under no other name.
KNOWN = re.compile(
    r"ISO 4217|SKU|GTIN|slug|CNY|JPY|USD|CAD|AUD|GBP|EGP|UTF-8|U\+|FFFD|GBK|Latin-1|Windows-1252|https?"
    r"|JSON Lines|JSON|XML|CSV|ZIP|Excel|PDF|SQLite|Parquet|PNG|JPEG|gzip|bzip2|xz|zstd|Handle|Shopify|jsonl"
    r"|max_bytes|id,title,price|item|entry"
)
WORD = re.compile("[A-Za-z]{2,}")
CHINESE_AND_LATIN = re.compile("[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9%][\u4e00-\u9fff]")

_BESIDE = [HOME / "products" / f"{name}.py" for name in ("landing", "rulebook", "verdicts")]
RULES = Code.of([*(HOME / "products" / "rules").glob("*.py"), *_BESIDE])
CHECKS = Code.of((HOME / "services").glob("*.py"))
FETCHING = Code.of(HOME / "adapters" / f"{name}.py" for name in (
    "address_policy", "bodies", "guarded_session", "pages", "source_reader", "trip",
))  # fmt: skip
FEEDS = Code.of([*(HOME / "products" / "feeds").glob("*.py"), HOME / "services" / "source_files.py"])


def sample(template: str) -> str:
    """Return a message of a template, with a number of its own for each value."""
    numbers = count(41)
    return "".join(str(next(numbers)) if character == HOLE else character for character in template)


def english_in(message: str, values: str = "") -> list[str]:
    """Return the words of a message in Chinese that are English and stand in none of the values."""
    told = translated(message, "zh")
    return [word for word in WORD.findall(KNOWN.sub("", told)) if word not in values]


def made(code: Code, names: Mapping[str, int]) -> list[str]:
    """Return a sample of every message; what is nothing but a value from elsewhere is left out."""
    return [sample(template) for template in sorted(code.arguments(names)) if template not in {"", HOLE}]


BY_RULES = made(RULES, {"bad": 2, "unknown": 2, "Verdict": 3, "msgspec.structs.replace": 9})
BY_CHECKS = made(CHECKS, {"report": 2, "checkers.report": 2})
BY_FEEDS = made(FEEDS, {"BrokenFileError": 0, "UnreadableFile": 0})
BY_FETCHING = made(FETCHING, dict.fromkeys(("AddressRefused", "BodyTooLarge", "BodyUndecodable", "Unavailable"), 0))


@pytest.mark.parametrize("message", BY_RULES)
def test_what_a_rule_can_say_is_said_in_chinese(message: str) -> None:
    assert english_in(message) == []
    assert sorted(re.findall("4[1-9]", translated(message, "zh"))) == sorted(re.findall("4[1-9]", message))


@pytest.mark.parametrize("message", BY_CHECKS)
def test_what_the_checks_say_of_themselves_is_said_in_chinese(message: str) -> None:
    assert english_in(message) == []
    assert sorted(re.findall("4[1-9]", translated(message, "zh"))) == sorted(re.findall("4[1-9]", message))


@pytest.mark.parametrize("message", BY_FEEDS + BY_FETCHING)
def test_why_a_source_cannot_be_read_is_said_in_chinese(message: str) -> None:
    assert english_in(message) == []


def test_nothing_that_rules_and_checks_say_is_beyond_reading() -> None:
    """What a message is made of that no code here writes: add nothing to it without its words in the catalogue."""
    assert RULES.unread == {"evidence.problem", "evidence.reach.value"}
    assert CHECKS.unread == {"str(exc)", "done.broken"}
    assert FEEDS.unread == set()
    assert len(BY_RULES) > 150
    assert min(len(BY_CHECKS), len(BY_FEEDS), len(BY_FETCHING)) > 5


@pytest.mark.parametrize("reach", Reach)
def test_how_far_a_fetch_got_is_said_in_chinese(reach: Reach) -> None:
    if reach is not Reach.FETCHED:
        assert english_in(reach.value) == []


@pytest.mark.parametrize("case", ROWS, ids=lambda case: f"{case.rule}: {case.name}")
def test_every_row_of_the_rules_reads_chinese(case: object) -> None:
    verdict = BY_ID[case.rule].check(case.product, case.context)  # type: ignore[attr-defined]
    if verdict.outcome is Outcome.UNKNOWN and verdict.message == "timed out":  # as the network said it
        return
    assert english_in(verdict.message, _values(case)) == []


def _values(case: object) -> str:
    """Return all that a row's product and pages hold, which a message may quote."""
    shown = [repr(case.product), repr(vars(case.context))]  # type: ignore[attr-defined]
    return " ".join(shown) + " application/pdf EUR pln"


@pytest.fixture
def products(tmp_path: Path) -> list[Product]:
    path = demo.write_catalogue(tmp_path, NOW, "http://127.0.0.1:8080")
    with open_feed(path, FeedOptions(source="demo")) as feed:
        return [with_soldout_since(None, row.product, NOW) for row in feed if isinstance(row, Parsed)]


NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)


def test_everything_that_is_wrong_in_the_demonstration_reads_chinese(products: list[Product]) -> None:
    rulebook = Rulebook.build({}, RemedyMode.SHADOW)
    seen = {
        url: Evidence(url=url, fetched_at=NOW, reach=Reach.FETCHED, status=200, length=9, image=ImageFacts(format=None),
                      page=PageFacts(text="board"))
        for product in products
        for url in (*product.images, product.link or "")
    }  # fmt: skip
    context = MemoryContext(
        now=NOW, rulebook=rulebook, products=products, history=demo.history(NOW), evidence=seen
    )  # fmt: skip
    verdicts = [(one, verdict) for one in products for _, verdict in rulebook.evaluate(one, context) if verdict.message]
    assert len({verdict.message for _, verdict in verdicts}) > 40
    left = {verdict.message for one, verdict in verdicts if english_in(verdict.message, f"{one!r} {seen!r}")}
    assert left == set()


def test_english_readers_get_what_was_made() -> None:
    for case in ROWS:
        message = BY_ID[case.rule].check(case.product, case.context).message
        assert translated(message, "en") == message


def test_a_message_of_no_template_stays_as_it_is() -> None:
    assert translated("the shelf is on fire", "zh") == "the shelf is on fire"
    assert translated("", "zh") == ""


@pytest.mark.parametrize(
    ("message", "chinese"),
    [
        ('variant "TV 12": black": is below the cost of 9.90 (and 2 more)',
         "规格“TV 12\": black”：低于成本 9.90（另有 2 处）"),
        ('variant "is below zero": is below zero', "规格“is below zero”：小于 0"),
        ('variant "{x} %s": is not a number', "规格“{x} %s”：不是数字"),
        ("also sku of rock and roll, R of B and 2 more", "与商品 rock and roll、R of B 及另外 2 个的 SKU 相同"),
        ('variant "two\nlines": no price', "规格“two\nlines”：没有价格"),
        ('variant "M": made up', "规格“M”：made up"),
        ("2 of 3 images: is empty; has 9 x 9 pixels; 100 x 100 is the least; is no image",
         "3 张图片中 2 张有问题：内容为空；尺寸 9 × 9 像素，至少应为 100 × 100；不是图片"),
        ("the page asks 1E+2 EUR, we 5 or 4", "页面价为 1E+2 EUR，目录中为 5 或 4"),
        ("down -3% from 1", "down -3% from 1"),
    ],
)  # fmt: skip
def test_values_stay_what_they_were_whatever_they_hold(message: str, chinese: str) -> None:
    assert translated(message, "zh") == chinese


def test_no_message_takes_long_however_it_was_made() -> None:
    """Places that take any text are few, so that a match cannot try many ways to share a text among them."""
    for catalogue in CATALOGUES["zh"]:
        for template in catalogue:
            kinds = [kind for _, name, kind, _ in Formatter().parse(template) if name is not None]
            assert sum(kind not in {"number", "word", "field"} for kind in kinds) <= 2, template
    for text in ("(and 1 more) " * 150, 'variant "' * 200, "x; " * 600, "1 of 1 images: " * 130, " and 1, we " * 180):
        translated(text, "zh")
        translated(text + "; whether it is listed is not known", "zh")


@pytest.mark.parametrize(
    ("template", "chinese"), [row for catalogue in CATALOGUES["zh"] for row in catalogue.items()]
)  # fmt: skip
def test_a_template_is_written_as_the_house_writes(template: str, chinese: str) -> None:
    theirs = {name for _, name, _, _ in Formatter().parse(chinese) if name is not None}
    ours = {name: kind for _, name, kind, _ in Formatter().parse(template) if name is not None}
    assert theirs <= set(ours)
    outside_of_quotes = re.sub("“[^“”]*”", "“”", chinese)
    assert not re.search("[,;:!?()]", re.sub(r"\{\w+\}|id,title,price|max_bytes", "", outside_of_quotes))
    # A number or a name is parted from Chinese by a space; what becomes Chinese itself is not.
    shown = chinese.format(**{n: "41" if k in {"", "number", "names", "choice"} else "某" for n, k in ours.items()})
    assert not CHINESE_AND_LATIN.search(shown), shown


def test_words_that_are_values_are_told_in_chinese() -> None:
    for word in Availability:
        assert WORD.search(translated_value("availability", word.value, "zh")) is None
    for status in Status:
        assert WORD.search(translated_value("status", status.value, "zh")) is None
    assert translated_value("title", "listed", "zh") == "listed"
    assert translated_value("availability", "in_stock", "en") == "in_stock"
    assert translated_value("availability", "in a while", "zh") == "in a while"


@pytest.mark.parametrize(
    ("rule", "chinese"),
    [
        ("checker.canary", "自检失败"),
        ("host_down:shop.example:8443", "网站无响应（shop.example:8443）"),
        ("source:main", "来源读取失败（main）"),
        ("mass:price_missing", "一次涉及过多（price_missing）"),
        ("price_missing", "price_missing"),
    ],
)
def test_incidents_of_the_checks_have_names(rule: str, chinese: str) -> None:
    assert check_title(rule, "zh") == chinese
    assert check_title(rule, "en") == rule


def test_every_incident_of_the_checks_has_a_name() -> None:
    named = r"checker\.\w+|host_down:|source:|mass:"
    rules = {
        rule for path in (HOME / "services").glob("*.py") for rule in re.findall(f'"({named})', path.read_text("utf-8"))
    } | {"source:"}
    assert len(rules) >= 7
    for rule in rules:
        assert WORD.search(check_title(rule, "zh")) is None, rule
