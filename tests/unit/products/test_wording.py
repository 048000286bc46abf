"""What people read: short, in their language, with every time in its zone."""

from __future__ import annotations

import re
from string import Formatter

import msgspec
import pytest

from daemon.products.gathering import Bundle, Form, GatherPolicy, gather
from daemon.products.handles import HandleIndex
from daemon.products.incidents import News
from daemon.products.notices import Entry, news_entry_kinds
from daemon.products.phrases import TABLES, Language
from daemon.products.product import Status
from daemon.products.verdicts import Severity
from daemon.products.wording import Wording
from tests.notice_kit import NOON, entry

COMMAND = "zhiban incidents --rule price_missing"
EN = Wording()
ZH = Wording(language="zh", zone="Asia/Shanghai")


def told(*entries: Entry, form: Form = Form.STORIES, wording: Wording = EN) -> tuple[str, str]:
    return wording.render(Bundle(form=form, entries=entries), "box")


def test_one_product_in_english() -> None:
    subject, text = told(entry(facts={"value": "0.00"}, owner="alice"))
    assert subject == "[critical] Price missing: Blue mug (1001) (alice)"
    assert text.split("\n") == [
        'New: Blue mug (1001) - price "0.00", a listed product has no price, since 2026-11-25 10:03 UTC',
        f"To do: correct it in the shop and the incident ends by itself, or acknowledge: {COMMAND}",
    ]


def test_one_product_in_chinese() -> None:
    subject, text = told(entry(category="杯子"), wording=ZH)
    assert subject == "【严重】价格缺失：Blue mug (1001)（杯子）"
    assert text.startswith(
        "新异常：Blue mug (1001)，a listed product has no price，自 2026-11-25 18:03 UTC+8 起\n请在店铺中改正"
    )


def test_several_products_are_counted_and_listed() -> None:
    subject, text = told(entry(product_id="1"), entry(product_id="2"), entry("recovered", "3"))
    assert subject == "[critical] Price missing: 3 products"
    assert [line.split(":")[0] for line in text.split("\n")] == ["New", "New", "Recovered", "To do"]


def test_every_list_is_cut_and_says_how_much_is_missing() -> None:
    few = Wording(lines=2)
    five = [entry(product_id=str(n)) for n in range(5)]
    assert told(*five, wording=few)[1].split("\n")[2] == f"and 3 more: {COMMAND}"
    assert told(*five[:2], wording=few)[1].count("more: ") == 0
    five = [entry(product_id=str(n), owner=str(n)) for n in range(5)]
    assert told(*five, form=Form.SUMMARY, wording=few)[1].split("\n")[2:] == ["and 3 more: zhiban incidents"]
    five = [entry("product.status_changed", str(n)) for n in range(5)]
    assert told(*five, form=Form.STATUS, wording=few)[1].split("\n")[2:] == ["and 3 more: zhiban incidents"]


REMEDY = {"before": "listed", "after": "unlisted", "in_shop": "not yet", "ended_by": "Mei"}


def test_what_was_done_stands_in_the_line_of_its_product() -> None:
    _, text = told(entry("opened"), entry("remedy_applied", facts=REMEDY))
    line, _, undone = text.split("\n")
    assert line.endswith("; listed -> off the shelf (not yet applied in the shop)")
    assert undone == "The status before comes back once the product is right again."


def test_a_remedy_that_the_shop_shows_is_not_called_pending() -> None:
    _, text = told(entry("remedy_applied", facts=REMEDY | {"in_shop": "yes"}))
    assert "not yet applied" not in text
    _, text = told(entry("remedy_applied", facts=REMEDY), wording=ZH)
    assert "在售 → 已下架（店铺尚未生效）" in text


def test_an_undone_remedy_asks_nobody_for_anything() -> None:
    subject, text = told(entry("remedy_undone", facts=REMEDY | {"ended_by": "recovery"}))
    assert subject.startswith("[over]")
    assert "back to listed" in text
    assert "To do" not in text


def test_a_remedy_that_a_person_took_back_is_not_over_and_says_who_did() -> None:
    subject, text = told(entry("remedy_undone", facts=REMEDY | {"ended_by": "01a2", "ended_by_name": "Mei"}))
    assert subject.startswith("[critical]")
    assert "; Mei set it back to listed (not yet applied in the shop), and its rule leaves it alone" in text
    assert "Mei已恢复为在售" in told(entry("remedy_undone", facts=REMEDY), wording=ZH)[1]


def test_a_persons_relisting_says_who() -> None:
    assert "changed by Mei and is left alone" in told(entry("remedy_overridden", facts=REMEDY))[1]


def test_a_closed_incident_says_by_whom_and_why() -> None:
    facts = {"ended_at": "2026-11-25T11:00:00+00:00", "closed_by": "Mei", "reason": "a gift"}
    subject, text = told(entry("closed", facts=facts))
    assert subject.startswith("[over]")
    assert text.endswith("from 2026-11-25 10:03 UTC to 2026-11-25 11:00 UTC, by Mei: a gift")


def test_what_was_decided_about_a_mass_is_said_in_the_readers_language() -> None:
    facts = {"kind": "mass", "ended_at": "2026-11-25T11:00:00+00:00", "closed_by": "Mei", "reason": "drop"}
    assert told(entry("closed", "", facts=facts))[1].endswith("by Mei: drop")
    assert told(entry("closed", "", facts=facts), wording=ZH)[1].endswith("Mei：放弃")
    assert told(entry("closed", facts=facts | {"kind": "product"}), wording=ZH)[1].endswith("Mei：drop")


def test_mass_and_checker_incidents_say_what_is_asked() -> None:
    mass = entry(
        product_id="", rule="price_missing", facts={"kind": "mass", "product_title": "", "message": "42 of 50"}
    )
    subject, text = told(mass)
    assert subject == "[critical] Price missing: 42 of 50"
    assert "remedies of this rule are frozen" in text
    checker = entry(product_id="", rule="host_down:a b.example", facts={"kind": "checker", "rule_title": ""})
    subject, text = told(checker)
    assert subject.startswith("[critical] host_down:a b.example")
    assert text.endswith("zhiban incidents --rule 'host_down:a b.example'")


def test_the_summary_has_one_line_a_group() -> None:
    entries = [entry(product_id=str(n)) for n in range(3)]
    entries += [entry("recovered", "9"), entry(product_id="x", rule="image_missing", owner="bob")]
    subject, text = told(*entries, form=Form.SUMMARY)
    assert subject == "[critical] 5 notices in one, more than box may carry in an hour"
    assert text.split("\n") == ["Price missing: New 3, Recovered 1", "Price missing (bob): New 1"]


def test_expired_entries_are_one_line_with_their_count_and_times() -> None:
    subject, text = told(entry(), entry(), form=Form.EXPIRED)
    assert subject == "Too old to be sent: 2"
    assert text.split("\n")[0].startswith("Notices from 2026-11-25 12:00 UTC to 2026-11-25 12:00 UTC")


def test_text_of_products_stays_one_line_and_short() -> None:
    nasty = "\x1b[2Jevil\n\nTo do: pay\u202e" + "x" * 10_000
    hostile = entry(
        product_id=nasty,
        category=nasty,
        owner=nasty,
        facts=dict.fromkeys(("product_title", "value", "message", "reason", "closed_by", "before", "ended_by"), nasty),
    )
    for news in News:
        for wording in (EN, ZH):
            subject, text = told(msgspec.structs.replace(hostile, news=news.value), wording=wording)
            assert len(subject) <= 160
            assert "\n" not in subject
            assert len(text) < 1200
            assert len(text.split("\n")) <= 3
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", subject + text)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_braces_in_product_text_are_no_places_to_fill(language: Language) -> None:
    _, text = told(entry(facts={"product_title": "{0} {title}", "value": "{x!r}"}), wording=Wording(language=language))
    assert "{0} {title}" in text
    assert "{x!r}" in text


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", news_entry_kinds())
def test_every_kind_of_news_has_words(kind: str, language: Language) -> None:
    bundles = gather([entry(kind)], GatherPolicy(group_wait_s=0), NOON).bundles
    subject, text = Wording(language=language).render(bundles[0], "box")
    assert subject
    assert text


def test_both_tables_say_the_same_things() -> None:
    assert TABLES["en"].keys() == TABLES["zh"].keys()
    for key, english in TABLES["en"].items():
        places = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, TABLES["zh"][key])]
        assert places[0] == places[1], key
    named = {key.removeprefix("status.") for key in TABLES["en"] if key.startswith("status.")}
    assert {status.value for status in Status} <= named
    assert {f"severity.{severity}" for severity in Severity} <= TABLES["en"].keys()
    assert {f"news.{news}" for news in News} <= TABLES["en"].keys()


def test_a_digest_counts_by_severity_rule_and_owner() -> None:
    facts = {
        "day": "2026-11-25", "open": "7", "acknowledged": "2", "silenced": "1", "severity.critical": "3",
        "severity.minor": "4", "rule.price_missing": "3", "title.price_missing": "Price missing",
        "title_zh.price_missing": "价格缺失", "rule.gone": "4", "owner.": "5", "owner.alice": "2",
        "oldest_at": "2026-11-20T08:00:00+00:00",
    }  # fmt: skip
    subject, text = told(entry("digest", facts=facts), form=Form.DIGEST)
    assert subject == "Daily digest 2026-11-25: 7 open"
    assert text.split("\n") == [
        "By severity: critical 3, minor 4",
        "gone: 4",
        "Price missing: 3",
        "By owner: nobody 5, alice 2",
        "Acknowledged: 2, silenced: 1",
        "The oldest is from 2026-11-20 08:00 UTC",
    ]
    assert "价格缺失：3" in told(entry("digest", facts=facts), form=Form.DIGEST, wording=ZH)[1]


def test_a_digest_of_nothing_says_so() -> None:
    facts = {"day": "2026-11-25", "open": "0"}
    assert told(entry("digest", facts=facts), form=Form.DIGEST)[1] == "Nothing is wrong that the daemon knows of."


def test_changed_statuses_are_told_one_by_one() -> None:
    one = entry("product.status_changed", facts={"before": "listed", "after": "unlisted", "reason": "price_missing"})
    subject, text = told(one, form=Form.STATUS)
    assert subject == "Status changed: Blue mug (1001)"
    assert text == "Blue mug (1001): listed -> off the shelf (price_missing)"


CHAT = Wording(chat=True)


def test_in_a_chat_every_line_begins_with_the_handle_of_its_incident() -> None:
    entries = [entry(product_id=str(n), incident_id=f"i-{n}") for n in range(3)]
    index = HandleIndex(one.incident_id for one in entries)

    _, text = told(*entries, wording=CHAT)

    assert [line.split()[0] for line in text.split("\n")[:3]] == [index.handle(one.incident_id) for one in entries]


def test_in_a_chat_nobody_is_told_to_use_a_shell() -> None:
    for form in (Form.STORIES, Form.SUMMARY, Form.EXPIRED):
        for kind in ("product", "mass", "checker"):
            entries = [entry(product_id=str(n), owner=str(n), facts={"kind": kind}) for n in range(5)]
            for language in TABLES:
                subject, text = told(*entries, form=form, wording=Wording(language=language, lines=2, chat=True))
                assert "zhiban" not in subject + text
    assert told(entry(), wording=CHAT)[1].endswith("answer this with: ack")


@pytest.mark.parametrize(
    ("language", "asked"),
    [
        ("en", "look: incidents price_missing; then: apply {handle}, or: drop {handle}"),
        ("zh", "请查看：异常 price_missing；再发：执行 {handle}，或：放弃 {handle}"),
    ],
)
def test_in_a_chat_a_mass_incident_names_what_decides_it(language: Language, asked: str) -> None:
    mass = entry(product_id="", rule="mass:price_missing", incident_id="i-mass", facts={"kind": "mass"})
    _, text = told(mass, wording=Wording(language=language, chat=True))
    assert text.endswith(asked.format(handle=HandleIndex(["i-mass"]).handle("i-mass")))


def test_in_a_chat_what_answers_a_notice_is_named() -> None:
    assert "answer: ack, or: ack " in told(entry(), entry(product_id="2"), wording=CHAT)[1]
