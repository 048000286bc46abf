"""Amounts as sources write them: what is exact, what could be read in more than one way, what is no number."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import InvalidInput
from daemon.products.money import (
    amount_from_json,
    check_locale,
    is_currency,
    minor_units,
    parse_amount,
    parse_price,
    price_from_json,
)
from daemon.products.product import Unparsed

D = Decimal


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.90", "12.90"),
        ("0", "0"),
        ("12", "12"),
        ("12.9000", "12.9000"),
        ("0.5", "0.5"),
        ("$.89", "0.89"),
        ("12.", "12"),
        ("-5.00", "-5.00"),
        ("−5.00", "-5.00"),
        ("+5", "5"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        (" 12.90\u00a0", "12.90"),
        ("1,600.00", "1600.00"),
        ("1.234.567,89", "1234567.89"),
        ("1,234,567.890", "1234567.890"),
        ("1 234,56", "1234.56"),
        ("1'234.50", "1234.50"),
        ("1’234.50", "1234.50"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1 234 567", "1234567"),
        ("1\u202f234\u202f567", "1234567"),
        ("12,34,567", "1234567"),
        ("12.-", "12.00"),
        ("１２．９０", "12.90"),
        ("١٢٫٥٠", "12.50"),
        ("Rs. 1,299.00", "1299.00"),
        ("Rs.500", "500"),
        ("5\u200b", "5"),
    ],
)
def test_what_can_be_read_in_one_way_only_is_exact(text: str, amount: str) -> None:
    assert parse_amount(text) == D(amount)


@pytest.mark.parametrize(
    "text",
    [
        "1.234",
        "3.350",
        "0.125",
        ".890",
        "1,234",
        "12,90",
        ",89",
        "12,3456",
        "1 770",
        "1'234",
        "49,-",
        "€ 12,90",
        "1.234 €",
    ],
)
def test_what_a_locale_would_decide_is_ambiguous_without_one(text: str) -> None:
    assert parse_amount(text) == Unparsed(text, ambiguous=True)


@pytest.mark.parametrize(
    "text",
    [
        "call us",
        "1e3",
        "1E+3",
        "12,90 - 15,90 €",
        "12-15",
        "from 12.90",
        "12.90/件",
        "10%",
        "1_000",
        "0x10",
        "12²",
        "½",
        "1.234.56",
        "1.23.45",
        "1.234,567,890",
        "12 90",
        "1,234 567",
        "1 2.3,4",
        "--5",
        "5-",
        "USD 12 EUR",
        "5 K",
        "true",
        '["12.90"]',
        "2026-11-25",
        "12:30",
        "€",
        ".",
        "0,123,456",
        "9" * 65,
        "12.90 12.90",
        "a" * 100_000,
    ],
)
def test_what_is_a_number_in_no_locale_is_kept_as_text(text: str) -> None:
    assert parse_amount(text) == Unparsed(text)


@pytest.mark.parametrize("text", ["", " ", "\u00a0", "\ufeff", "\t\n"])
def test_blank_is_no_amount(text: str) -> None:
    assert parse_price(text) == (None, None)


@pytest.mark.parametrize(
    "text", ["1,234,567.890", "3.350", ",89", "-5.00", "1e3", "12,90 - 15,90 €", "1,600.00", "1 770"]
)
def test_faults_of_price_parser_are_not_ours(text: str) -> None:
    wrong = {D("1234567890"), D(3350), D(89), D("5.00"), D(1), D("12.90"), D("1.6")}
    assert parse_amount(text) not in wrong


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("6250.00 EGP", "6250.00", "EGP"),
        ("EUR12.90", "12.90", "EUR"),
        ("12.90eur", "12.90", "EUR"),
        ("€12.90", "12.90", "EUR"),
        ("¥100", "100", "¥"),
        ("￥100", "100", "¥"),
        ("100円", "100", "円"),
        ("12 元", "12", "元"),
        ("$5", "5", "$"),
        ("US$5", "5", "US$"),
        ("US$5 USD", "5", "USD"),
        ("RM 9.90", "9.90", "RM"),
        ("R 100", "100", "R"),
        ("kr. 5", "5", "kr."),
        ("₹ 1,299.00", "1299.00", "INR"),
        ("د.إ 12.50", "12.50", "د.إ"),
        ("5.00 RMB", "5.00", "RMB"),
    ],
)
def test_the_currency_around_a_number_is_told(text: str, amount: str, currency: str) -> None:
    assert parse_price(text) == (D(amount), currency)


def test_an_ambiguous_number_still_tells_its_currency_and_keeps_its_text() -> None:
    assert parse_price("€ 12,90") == (Unparsed("€ 12,90", ambiguous=True), "EUR")


def test_three_decimals_are_exact_in_a_currency_that_has_three() -> None:
    assert parse_amount("12.345", "KWD") == D("12.345")
    assert parse_price("12.345 KWD") == (D("12.345"), "KWD")
    assert parse_amount("12.345 KWD", "EUR") == D("12.345"), "the currency in the text goes before the column's"
    assert parse_amount("12.345", "EUR") == Unparsed("12.345", ambiguous=True)
    assert parse_amount("12,345", "KWD") == Unparsed("12,345", ambiguous=True)


@pytest.mark.parametrize(
    ("text", "locale", "amount"),
    [
        ("1.234,50", "de_DE", "1234.50"),
        ("1.234", "de_DE", "1234"),
        ("12,90", "de-DE", "12.90"),
        (",89", "de", "0.89"),
        ("3.350", "en_US", "3.350"),
        ("1,234", "en_US", "1234"),
        ("1 770", "fr_FR", "1770"),
        ("1\u202f770,5", "fr", "1770.5"),
        ("1’234.50", "de_CH", "1234.50"),
        ("12,34,567.5", "en_IN", "1234567.5"),
        ("49,-", "de", "49.00"),
        ("€ 12,90", "nl_NL", "12.90"),
        ("12.90", "de_DE", "12.90"),
        ("1,600.00", "de_DE", "1600.00"),
        ("12", "de", "12"),
    ],
)
def test_with_a_locale_its_marks_decide(text: str, locale: str, amount: str) -> None:
    assert parse_amount(text, None, locale) == D(amount)


@pytest.mark.parametrize(("text", "locale"), [("12,90", "en_US"), ("1.234", "fr_FR"), ("1 770", "en_US")])
def test_what_does_not_fit_the_locale_is_not_bent_to_it(text: str, locale: str) -> None:
    assert parse_amount(text, None, locale) == Unparsed(text, ambiguous=True)


def test_an_unknown_locale_is_refused_by_name() -> None:
    for locale in ("xx_YY", "de_DE_bavarian_beer", "!"):
        with pytest.raises(InvalidInput, match="unknown locale"):
            check_locale(locale)
    check_locale("")
    check_locale("zh_Hans_CN")


@pytest.mark.parametrize("text", ["NaN", "nan", "inf", "-Infinity", "+INF"])
def test_what_is_not_finite_is_kept_for_its_rule(text: str) -> None:
    amount = parse_amount(text)
    assert isinstance(amount, Decimal)
    assert not amount.is_finite()


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (None, None),
        (12, D(12)),
        (12.9, D("12.9")),
        (1.234, D("1.234")),
        (D("3.350"), D("3.350")),
        ("12.90", D("12.90")),
        (1e3, D(1000)),
        (True, Unparsed("true")),
        (False, Unparsed("false")),
        ([12.9], Unparsed("[12.9]")),
        ({"amount": "1"}, Unparsed('{"amount": "1"}')),
        ("3.350", Unparsed("3.350", ambiguous=True)),
        ("", None),
    ],
)
def test_json_numbers_are_exact_and_other_values_are_no_amounts(value: object, amount: object) -> None:
    assert amount_from_json(value) == amount


def test_json_nan_and_huge_numbers_are_kept() -> None:
    nan = amount_from_json(float("nan"))
    assert isinstance(nan, Decimal)
    assert nan.is_nan()
    assert amount_from_json(10**5000) == D(10) ** 5000
    assert price_from_json("12.90 USD") == (D("12.90"), "USD")


@pytest.mark.parametrize(
    ("currency", "units"),
    [
        ("JPY", 0),
        ("KRW", 0),
        ("VND", 0),
        ("EUR", 2),
        ("usd", 2),
        ("KWD", 3),
        ("CLF", 4),
        # CLDR says 0 for these.
        ("IQD", 3),
        ("LBP", 2),
        ("RSD", 2),
        ("MMK", 2),
        ("ALL", 2),
        ("XAU", None),
        ("XXX", None),
        ("DEM", None),
        ("¥", None),
        ("", None),
        (None, None),
    ],
)
def test_minor_units_are_those_of_iso_4217(currency: str | None, units: int | None) -> None:
    assert minor_units(currency) == units


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("EUR", True),
        ("eur", True),
        ("SVC", True),
        ("XAU", True),
        ("DEM", False),
        ("CNH", False),
        ("RMB", False),
        ("XTS", False),
        ("XXX", False),
        ("", False),
        ("EURO", False),
        ("€", False),
    ],
)
def test_only_active_codes_are_currencies(code: str, known: bool) -> None:
    assert is_currency(code) is known


@given(st.text(max_size=80))
def test_any_text_is_read_or_kept(text: str) -> None:
    for locale in (None, "de_DE"):
        amount = parse_amount(text, None, locale)
        assert amount is None or isinstance(amount, Decimal | Unparsed)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_what_a_program_writes_is_read_back(amount: Decimal) -> None:
    assert parse_amount(f"{amount:f}") == amount
    assert parse_amount(f"{amount:,f}") == amount
    assert parse_amount(f"{amount:f} EUR", None, "de_DE") == amount
