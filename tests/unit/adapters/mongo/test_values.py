from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from bson import Code, DatetimeMS, Decimal128, Int64, MinKey, ObjectId, Regex, Timestamp

from daemon.adapters.mongo import values
from daemon.products.product import Availability, Unparsed

OID = ObjectId("65f1a2b3c4d5e6f708091a01")
NOON = datetime(2026, 11, 25, 12, 0, 0, 123000, tzinfo=UTC)
STRANGE: list[Any] = [
    {},
    {"a": {"b": 1}},
    [],
    [1, 2],
    [[1]],
    b"\0",
    Regex("a"),
    Code("f"),
    MinKey(),
    OID,
    DatetimeMS(2**60),
]


@pytest.mark.parametrize(
    ("lying", "amount"),
    [
        (12, "12"),
        (Int64(4500), "4500"),
        (12.5, "12.5"),
        (0.1, "0.1"),
        (12.9, "12.9"),
        (0.0, "0.0"),
        (-3.25, "-3.25"),
        (1e22, "10000000000000000000000"),
        (Decimal128("19.90"), "19.90"),
        (Decimal128("0.1000000000000000000000000000000001"), "0.1000000000000000000000000000000001"),
        ("12.50", "12.50"),
        (" 1,600.00 ", "1600.00"),
        ({"amount": Decimal128("5.10"), "currency": "CHF"}, "5.10"),
        ({"value": "7"}, "7"),
    ],
)
def test_numbers_are_exact_whatever_keeps_them(lying: Any, amount: str) -> None:
    assert values.price_of(lying, "EUR", "")[0] == Decimal(amount)


@pytest.mark.parametrize("lying", [float("nan"), Decimal128("NaN"), Decimal128("sNaN"), Decimal128("-NaN"), "NaN"])
def test_what_is_not_a_number_stays_that(lying: Any) -> None:
    amount = values.price_of(lying, None, "")[0]

    assert isinstance(amount, Decimal)
    assert amount.is_qnan()


@pytest.mark.parametrize(("lying", "sign"), [(float("inf"), 1), (float("-inf"), -1), (Decimal128("-Infinity"), -1)])
def test_infinities_stay_infinite(lying: Any, sign: int) -> None:
    assert values.price_of(lying, None, "")[0] == sign * Decimal("inf")


@pytest.mark.parametrize("lying", ["", "  ", {"amount": ""}])
def test_blank_money_is_no_amount(lying: Any) -> None:
    assert values.price_of(lying, None, "")[0] is None


@pytest.mark.parametrize(
    ("lying", "ambiguous"),
    [("1.234", True), ("12,50", True), ("abc", False), (True, False), (1e300, False), (Decimal128("1E+6000"), False),
     ("9" * 5000, False), (NOON, False)],
)  # fmt: skip
def test_what_is_no_certain_amount_stays_text(lying: Any, ambiguous: bool) -> None:
    amount = values.price_of(lying, None, "")[0]

    assert isinstance(amount, Unparsed)
    assert amount.ambiguous is ambiguous
    assert 0 < len(amount.text) <= 1000


def test_a_locale_decides_as_in_files() -> None:
    assert values.price_of("1.234,50", None, "de_DE")[0] == Decimal("1234.50")
    assert values.amount_of("1.234", "de_DE") == Decimal(1234)


def test_a_text_states_its_currency() -> None:
    assert values.price_of("12.90 EGP", None, "") == (Decimal("12.90"), "EGP")
    assert values.price_of({"amount": 5, "currency": "CHF"}, None, "") == (Decimal(5), "CHF")
    assert values.amount_of("12 EUR", "") == Unparsed("12 EUR")


@pytest.mark.parametrize("lying", STRANGE)
def test_nothing_is_too_strange_for_an_amount_a_time_or_a_flag(lying: Any) -> None:
    for read in (lambda v: values.price_of(v, None, "")[0], lambda v: values.amount_of(v, ""),
                 lambda v: values.time_of(v, None, ""), values.flag_of, values.availability_of):  # fmt: skip
        found = read(lying)
        assert isinstance(found, Unparsed)
        assert 0 < len(found.text) <= 1000


@pytest.mark.parametrize("lying", STRANGE)
def test_nothing_is_too_strange_for_text_or_images(lying: Any) -> None:
    for read in (values.text_of, values.markup_of, values.category_of):
        found = read(lying)
        assert found is None or isinstance(found, str)
    assert values.images_of(lying) == ()


@pytest.mark.parametrize(
    ("lying", "time"),
    [
        (NOON, NOON),
        ("2026-11-25T12:00:00.123456Z", NOON),
        (1764072000, datetime(2025, 11, 25, 12, tzinfo=UTC)),
        (Int64(1764072000123), datetime(2025, 11, 25, 12, 0, 0, 123000, tzinfo=UTC)),
        (1764072000123.0, datetime(2025, 11, 25, 12, 0, 0, 123000, tzinfo=UTC)),
        (Timestamp(1764072000, 1), datetime(2025, 11, 25, 12, tzinfo=UTC)),
        ("", None),
        (None, None),
        ("0000-00-00", None),
    ],
)
def test_times_are_read_from_every_kind(lying: Any, time: datetime | None) -> None:
    assert lying is None or values.time_of(lying, None, "") == time


def test_dates_beyond_the_calendar_stay_text() -> None:
    assert values.time_of(DatetimeMS(253402300800000), None, "") == Unparsed("253402300800000 ms from 1970")
    assert isinstance(values.time_of("31/02/2026", None, ""), Unparsed)


@pytest.mark.parametrize(
    ("lying", "flag"),
    [(True, True), (False, False), ("yes", True), (0, False), (1.0, True), ("", None), ("?", Unparsed("?"))],
)  # fmt: skip
def test_flags(lying: Any, flag: object) -> None:
    assert values.flag_of(lying) == flag


@pytest.mark.parametrize(
    ("lying", "availability"),
    [(True, Availability.IN_STOCK), ("out of stock", Availability.OUT_OF_STOCK), ("?", Unparsed("?")), ("", None)],
)
def test_availability(lying: Any, availability: object) -> None:
    assert values.availability_of(lying) == availability


@pytest.mark.parametrize(
    ("lying", "text"),
    [
        ("  Mug ", "Mug"),
        ("", None),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (Decimal128("7.10"), "7.10"),
        (OID, str(OID)),
        ({"md": "**Mug**", "html": "<p><b>Mug</b> &amp; more</p>\n"}, "Mug & more"),
        ({"name": "Shoes"}, "Shoes"),
        (["", "First", "Second"], "First"),
        ("a\0b", "a\ufffdb"),
        ({"en": "Mug"}, None),
    ],
)
def test_text(lying: Any, text: str | None) -> None:
    assert values.text_of(lying) == text


@pytest.mark.parametrize(
    ("lying", "text"),
    [
        ("<p>Mug</p>", "<p>Mug</p>"),
        ({"md": "**Mug**", "html": "<p><b>Mug</b></p>"}, "<p><b>Mug</b></p>"),
        ({"md": "**Mug**", "html": ""}, "**Mug**"),
        ({"brief": "x"}, None),
    ],
)
def test_a_description_keeps_the_markup_that_html_danger_judges(lying: Any, text: str | None) -> None:
    assert values.markup_of(lying) == text


def test_very_long_text_is_cut() -> None:
    assert len(values.markup_of("x" * 5_000_000) or "") == values.LONGEST
    assert len(values.text_of({"html": "<i>" * 1_000_000}) or "") < values.LONGEST


@pytest.mark.parametrize(
    ("lying", "images"),
    [
        ({"secure_url": "https://i.example/a.jpg", "url": "http://i.example/a.jpg"}, ("https://i.example/a.jpg",)),
        ({"secure_url": "", "url": "http://i.example/a.jpg"}, ("http://i.example/a.jpg",)),
        ([{"url": "http://i.example/a,b.jpg"}, "https://i.example/c.jpg", 7, None], ("http://i.example/a,b.jpg", "https://i.example/c.jpg")),
        ("https://i.example/a.jpg|https://i.example/b.jpg", ("https://i.example/a.jpg", "https://i.example/b.jpg")),
        (["https://i.example/a.jpg", "https://i.example/a.jpg"], ("https://i.example/a.jpg",)),
        ({"filename": "a.jpg"}, ()),
        ("/uploads/a.jpg", ("/uploads/a.jpg",)),
    ],
)  # fmt: skip
def test_images(lying: Any, images: tuple[str, ...]) -> None:
    assert values.images_of(lying) == images


def test_a_category_may_be_a_path_of_names() -> None:
    assert values.category_of(["Home", "Kitchen"]) == "Home > Kitchen"
    assert values.category_of({"name": "Kitchen"}) == "Kitchen"
