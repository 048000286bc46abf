from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.products.documents import Reader, json_text, to_json
from daemon.products.incidents import ALIVE, Incident, State
from daemon.products.product import PricePoint, Product
from daemon.products.records import HISTORY_POINTS, PriceRun, edit_record, next_clock, price_points
from daemon.products.verdicts import Severity

NOW = datetime(2026, 11, 25, tzinfo=UTC)
BEGIN = date(2026, 1, 1)


def day(number: int) -> str:
    return (BEGIN + timedelta(days=number)).isoformat()


@given(st.dictionaries(st.integers(0, 200), st.none() | st.integers(1, 5)), st.integers(0, 220))
def test_points_are_the_last_days_that_had_a_price(prices: dict[int, int | None], before: int) -> None:
    runs = [
        PriceRun(day(n)) if price is None else PriceRun(day(n), Decimal(price)) for n, price in sorted(prices.items())
    ]
    expected = []
    current = None
    for n in range(before):
        current = prices.get(n, current)
        if current is not None:
            expected.append(PricePoint(day(n), Decimal(current), None))
    assert price_points(runs, day(before)) == expected[-HISTORY_POINTS:]


@given(st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters()), st.lists, max_leaves=6))
def test_any_text_survives_json(value: object) -> None:
    assert Reader[object](object).read(to_json(value)) == value


@pytest.mark.parametrize(
    "document", [b"", b"{", b"\xff", b'"\xed\xa0\x80', b'{"id": 3}', b'{"id":"\xed\xa0\x80","price":[]}']
)
def test_what_is_no_such_record_is_a_value_error(document: bytes) -> None:
    with pytest.raises(ValueError):
        Reader[Product](Product).read(document)


def test_an_edit_names_what_changed_and_nothing_else() -> None:
    before = Product(id="a", revision=1, title="x", price=Decimal("NaN"), images=("1",))
    after = Product(id="a", revision=2, title="x", price=Decimal("NaN"), images=("1", "2"), missing_since=NOW)
    record = edit_record(before, after, "ann", NOW)
    assert record.changes == {"images": ('["1"]', '["1","2"]'), "missing_since": ("null", '"2026-11-25T00:00:00Z"')}
    assert (record.revision, json_text(after.price)) == (2, '"NaN"')


@pytest.mark.parametrize("state", list(State))
def test_only_the_living_have_clocks(state: State) -> None:
    incident = Incident(
        id="i", rule="r", fingerprint="f", state=state, severity=Severity.MAJOR, first_bad_at=NOW, last_bad_at=NOW,
        remind_at=NOW + timedelta(hours=2), escalate_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    assert next_clock(incident) == (NOW + timedelta(hours=1) if state in ALIVE else None)
