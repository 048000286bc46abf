"""Short names of incidents."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.products.handles import ALPHABET, SHORTEST, HandleIndex, code_of, is_handle, told_by_part

IDS = [f"incident-{n}" for n in range(3000)]


def test_each_of_thousands_is_found_by_its_handle_and_only_it() -> None:
    index = HandleIndex(IDS)
    assert all(list(index.named(index.handle(incident_id))) == [incident_id] for incident_id in IDS)


def test_most_are_as_short_as_can_be_and_none_is_a_word() -> None:
    handles = HandleIndex(IDS).handles()
    assert sum(len(handle) == SHORTEST for handle in handles) > 0.9 * len(handles)
    assert all(is_handle(handle) for handle in handles)
    assert not set(ALPHABET) & set("aeioul0123456789")


def test_two_that_begin_alike_are_both_named_by_what_is_too_short() -> None:
    by_start: dict[str, list[str]] = {}
    for incident_id in IDS:
        by_start.setdefault(code_of(incident_id)[:SHORTEST], []).append(incident_id)
    start, alike = next(pair for pair in by_start.items() if len(pair[1]) == 2)
    assert HandleIndex([alike[0]]).handle(alike[0]) == start
    index = HandleIndex(alike)
    assert set(index.named(start)) == set(alike)
    assert len(index.handle(alike[0])) > SHORTEST
    assert HandleIndex([alike[0]]).handle(alike[1]) == index.handle(alike[1])


@given(st.text())
def test_any_text_may_be_asked_for(text: str) -> None:
    assert HandleIndex(["a", "b"]).handle(text)
    assert is_handle(text) is (4 <= len(text) <= 12 and all(letter in ALPHABET for letter in text))


def test_an_empty_index_names_nothing() -> None:
    assert list(HandleIndex().named("bcdf")) == []
    assert len(HandleIndex().handle("x")) == SHORTEST


FOUR = ("i1", "i2", "i3", "i4")
LINES = {incident: f"{code_of(incident)[:4]} Mug ({incident})" for incident in FOUR}


def test_a_part_tells_of_the_incidents_whose_handles_begin_its_lines() -> None:
    parts = [f"[critical] Price is zero: 3 products\n{LINES['i1']}", f"{LINES['i2']}\n{LINES['i3']}"]
    assert told_by_part(parts, FOUR[:3]) == [("i1",), ("i2", "i3")]


def test_what_has_no_line_of_its_own_belongs_to_the_last_part() -> None:
    parts = [f"subject\n{LINES['i1']}", f"{LINES['i3']}\nand 2 more: incidents price_missing"]
    assert told_by_part(parts, FOUR) == [("i1",), ("i2", "i3", "i4")]


def test_a_part_without_handles_tells_of_all() -> None:
    parts = [f"subject\n{LINES['i1']}", f"To do: correct it, or answer: ack {LINES['i1'][:4]}"]
    assert told_by_part(parts, FOUR[:2]) == [("i1",), ("i1", "i2")]
    assert told_by_part(["3 more notices in one"], FOUR) == [FOUR]
    assert told_by_part([], FOUR) == []
