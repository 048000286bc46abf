"""The engine that asks the rules, and the tables that configure them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from daemon.errors import InvalidInput
from daemon.products.context import MemoryContext
from daemon.products.product import Product, Status, Unparsed
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import ConfiguredRule, Rulebook
from daemon.products.rules import BY_ID, SPECS
from daemon.products.verdicts import OK, Needs, Outcome, PassContext, Rule, RuleSpec, Severity, Verdict, bad
from tests.unit.products.rules.case import NOW, ago, ahead, context, listed

DEFAULT = Rulebook.build({}, RemedyMode.SHADOW)
OFFLINE = Rulebook(tuple(rule for rule in DEFAULT.rules if rule.spec.needs is not Needs.EVIDENCE))


def said(rulebook: Rulebook, product: Product, around: MemoryContext | None = None) -> dict[str, Verdict]:
    return {rule.spec.id: verdict for rule, verdict in rulebook.evaluate(product, around or context())}


def sound(**fields: object) -> Product:
    return listed(**{"category": "Kitchen", "images": ("https://shop.example/board.jpg",), **fields})


def book_of(check: Rule) -> Rulebook:
    spec = RuleSpec(
        id="own", title="", title_zh="", fields=(), severity=Severity.MINOR, check=check, reference="", settings={}
    )
    return Rulebook((configured(spec),))


def configured(spec: RuleSpec) -> ConfiguredRule:
    return ConfiguredRule(
        spec=spec, severity=spec.severity, remedy_mode=RemedyMode.OFF, settings={}, open_after=1, open_min_s=0.0,
        close_after=1,
    )  # fmt: skip


def faults(tables: dict[str, dict[str, object]]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        Rulebook.build(tables, RemedyMode.OFF)
    return dict(refused.value.faults)


def test_the_table_holds_the_28_rules_once_each_in_the_order_of_the_research() -> None:
    assert [spec.id for spec in SPECS][:5] == [
        "price_missing", "price_type", "price_nonpositive", "price_precision", "price_jump"
    ]  # fmt: skip
    assert len(SPECS) == len(BY_ID) == 28
    assert SPECS[-1].id == "time_bad"


def test_every_rule_has_a_title_in_both_languages_its_fields_and_its_reference() -> None:
    for spec in SPECS:
        assert spec.title
        assert spec.title_zh
        assert spec.reference
        assert spec.fields
        assert set(spec.fields) <= set(Product.__struct_fields__), spec.id
        assert spec.check.__doc__


def test_a_sound_product_gets_no_verdict_at_all() -> None:
    assert said(OFFLINE, sound()) == {}


def test_a_bad_product_gets_the_verdict_of_each_rule_that_it_breaks() -> None:
    found = said(DEFAULT, sound(price=Decimal(0), currency="¥", archived_at=ago(days=1)))
    assert {r for r, v in found.items() if v.outcome is Outcome.BAD} == {
        "price_nonpositive", "currency_bad", "listed_archived"
    }  # fmt: skip


def test_verdicts_come_in_the_order_of_the_table() -> None:
    product = sound(
        price=None, currency="¥", sale_price=Decimal(1), stock=Decimal(-1), description="<script>", gtin="1", images=(),
        sale_end=ago(days=1), title=" ",
    )  # fmt: skip
    order = [rule.spec.id for rule in DEFAULT.rules]
    found = [rule.spec.id for rule, _ in DEFAULT.evaluate(product, context())]
    assert len(found) >= 8
    assert found == sorted(found, key=order.index)


class WithoutWords(MemoryContext):
    """A context in which no list of words is known."""

    def settings(self, rule_id: str) -> Mapping[str, object]:
        """Return the thresholds of any other rule."""
        if rule_id == "banned_words":
            raise KeyError(rule_id)
        return super().settings(rule_id)


def test_what_is_asked_first_asks_for_no_settings_of_a_rule_that_is_off() -> None:
    others = Rulebook(tuple(rule for rule in OFFLINE.rules if rule.spec.id != "banned_words"))
    around = WithoutWords(now=NOW)
    assert said(others, sound(description="<p>A miracle cure</p>"), around) == {}
    assert set(said(others, sound(description="<script>"), around)) == {"html_danger"}


def test_what_is_asked_first_may_fail_and_the_rules_are_asked_all_the_same() -> None:
    found = said(OFFLINE, sound(description="<script>"), WithoutWords(now=NOW))
    assert found["html_danger"].outcome is Outcome.BAD
    assert found["banned_words"].failed


def test_a_good_verdict_that_time_will_change_is_passed_on() -> None:
    found = said(DEFAULT, sound(sale_price=Decimal(10), sale_end=ahead(hours=1)))
    assert found["sale_window_passed"] == Verdict(Outcome.OK, recheck_at=ahead(hours=1, minutes=5))


def test_the_same_product_is_bad_an_hour_later_though_nobody_touched_it() -> None:
    product = sound(sale_price=Decimal(10), sale_end=ahead(hours=1))
    due = said(DEFAULT, product)["sale_window_passed"].recheck_at
    assert due is not None
    assert said(DEFAULT, product, context(now=due))["sale_window_passed"].outcome is Outcome.BAD
    assert said(DEFAULT, product, context(now=due - timedelta(seconds=1)))["sale_window_passed"].outcome is Outcome.OK


def test_a_rule_that_raises_is_unknown_and_marked_and_the_others_are_still_asked() -> None:
    def broken(_product: Product, _context: PassContext) -> Verdict:
        raise ZeroDivisionError("by a table")

    spec = book_of(broken).rules[0].spec
    rulebook = Rulebook((configured(spec), *DEFAULT.rules))
    found = said(rulebook, sound(price=None))
    assert found["own"].outcome is Outcome.UNKNOWN
    assert found["own"].failed
    assert "ZeroDivisionError: by a table" in found["own"].message
    assert found["price_missing"].outcome is Outcome.BAD


def test_a_rule_that_raises_over_an_unknown_status_is_marked_too() -> None:
    def broken(_product: Product, _context: PassContext) -> Verdict:
        raise KeyError("gone")

    assert said(book_of(broken), sound(status=Unparsed("vitrine")))["own"].failed


def test_under_a_status_that_nobody_knows_what_would_be_bad_is_unknown() -> None:
    found = said(DEFAULT, sound(status=Unparsed("vitrine"), price=None))
    assert found["price_missing"].outcome is Outcome.UNKNOWN
    assert "whether it is listed is not known" in found["price_missing"].message
    assert found["listed_archived"].field == "status"
    assert not [v for v in found.values() if v.outcome is Outcome.BAD]


def test_under_a_status_that_nobody_knows_what_is_good_of_a_listed_product_is_good() -> None:
    assert set(said(OFFLINE, sound(status=Unparsed("vitrine")))) == {"listed_archived"}


def test_a_verdict_equal_to_ok_is_left_out_whoever_made_it() -> None:
    assert said(book_of(lambda _p, _c: Verdict(Outcome.OK)), sound()) == {}
    assert said(book_of(lambda _p, _c: OK), sound()) == {}
    assert said(book_of(lambda _p, _c: Verdict(Outcome.NOT_APPLICABLE, recheck_at=NOW)), sound()) != {}


def test_a_rule_can_be_switched_off() -> None:
    rulebook = Rulebook.build({"price_missing": {"enabled": False}}, RemedyMode.SHADOW)
    assert "price_missing" not in said(rulebook, sound(price=None))
    assert len(rulebook.rules) == len(DEFAULT.rules) - 1


def test_a_rule_takes_what_its_table_says_and_keeps_the_rest() -> None:
    table = {"severity": "minor", "remedy": "on", "open_after": 3, "open_min": "10m", "close_after": 2, "grace_s": "2h"}
    rulebook = Rulebook.build({"soldout_listed": table}, RemedyMode.SHADOW)
    rule = next(rule for rule in rulebook.rules if rule.spec.id == "soldout_listed")
    assert (rule.severity, rule.remedy_mode, rule.open_after) == (Severity.MINOR, RemedyMode.ON, 3)
    assert (rule.open_min_s, rule.close_after, rule.settings) == (600.0, 2, {"grace_s": 7200.0})
    assert {r.remedy_mode for r in rulebook.rules if r is not rule} == {RemedyMode.SHADOW}


def test_a_threshold_of_the_table_changes_what_the_rule_says() -> None:
    rulebook = Rulebook.build({"discount_absurd": {"min_percent": 60}}, RemedyMode.OFF)
    product = sound(sale_price=Decimal(10))
    assert said(rulebook, product, context(rulebook=rulebook))["discount_absurd"].outcome is Outcome.BAD
    assert "discount_absurd" not in said(DEFAULT, product)


def test_all_faults_of_the_tables_are_named_at_once_with_the_nearest_key() -> None:
    found = faults({
        "price_jmp": {},
        "time_bad": {"stale_day": 1, "skew_s": "soon", "stale_days_by_category": {"Milk": "a week"}},
        "currency_bad": {"currencies": "EUR", "severity": "grave", "remedy": "yes", "enabled": 1},
        "price_jump": {"min_days": -1, "z": float("nan"), "open_after": 0, "slip_percent": 2000},
    })  # fmt: skip
    assert found["rules.price_jmp"] == 'no such rule; the nearest is "price_jump"'
    assert found["rules.time_bad.stale_day"] == 'no such key; the nearest is "stale_days"'
    assert "duration" in found["rules.time_bad.skew_s"]
    assert "number of 0 or more" in found["rules.time_bad.stale_days_by_category"]
    assert "expected a list" in found["rules.currency_bad.currencies"]
    assert "info, minor, major, critical" in found["rules.currency_bad.severity"]
    assert "off, shadow, on" in found["rules.currency_bad.remedy"]
    assert "true or false" in found["rules.currency_bad.enabled"]
    assert "whole number" in found["rules.price_jump.min_days"]
    assert "0 or more" in found["rules.price_jump.z"]
    assert "1 or more" in found["rules.price_jump.open_after"]
    assert "0 to 1000" in found["rules.price_jump.slip_percent"]
    assert len(found) == 12


@pytest.mark.parametrize("value", [True, "12", None, [1], {}, float("inf"), -1])
def test_a_number_is_a_number(value: object) -> None:
    assert "rules.price_jump.z" in faults({"price_jump": {"z": value}})


def test_a_table_must_be_a_table() -> None:
    assert "rules.price_jump" in faults({"price_jump": 3})  # type: ignore[dict-item]


def test_lists_and_tables_of_settings_keep_their_entries() -> None:
    tables: dict[str, dict[str, object]] = {
        "currency_bad": {"currencies": ["EUR", "CNY"]},
        "time_bad": {"stale_days_by_category": {"Milk": 7}},
    }
    by_id = {rule.spec.id: rule for rule in Rulebook.build(tables, RemedyMode.OFF).rules}
    assert by_id["currency_bad"].settings["currencies"] == ("EUR", "CNY")
    assert by_id["time_bad"].settings["stale_days_by_category"] == {"Milk": 7.0}


def test_defaults_pass_their_own_validation() -> None:
    tables = {spec.id: dict(spec.settings) for spec in SPECS}
    assert Rulebook.build(tables, RemedyMode.OFF).rules == Rulebook.build({}, RemedyMode.OFF).rules


def test_no_rule_raises_for_any_mixture_of_unreadable_fields() -> None:
    odd = (
        None,
        Unparsed("?"),
        Unparsed("1.234", ambiguous=True),
        Decimal("NaN"),
        Decimal("-Infinity"),
        Decimal(10) ** 60,
    )
    moments = (None, Unparsed("soon"), NOW, NOW.replace(tzinfo=None))
    for n, amount in enumerate(odd):
        for moment in moments:
            other = odd[(n + 1) % len(odd)]
            product = sound(
                price=amount, sale_price=other, cost=amount, stock=other, sale_end=moment, created_at=moment,
                updated_at=moment, expires_at=moment, archived_at=moment, availability_date=moment,
                status=Status.LISTED, is_free=Unparsed("?"), availability=Unparsed("?"),
            )  # fmt: skip
            assert not [v for v in said(DEFAULT, product).values() if v.failed]


def test_a_bad_verdict_keeps_what_the_rule_made_of_it() -> None:
    verdict = bad("title", "x", "is x", severity=Severity.INFO)
    assert said(book_of(lambda _p, _c: verdict), sound())["own"] is verdict
