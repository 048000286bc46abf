import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.forum.handles import ALPHABET, LENGTH, handle, read_handle
from daemon.products.ids import new_id


def test_an_incident_has_the_same_handle_at_every_time() -> None:
    # Handles stand in messages of yesterday, so this may never change.
    assert handle("019abc12-0000-7000-8000-000000000000") == handle("019abc12-0000-7000-8000-000000000000")
    assert handle("i-1001") == "rqbmp"


def test_a_thousand_incidents_seldom_share_a_handle() -> None:
    assert len({handle(new_id()) for _ in range(1000)}) >= 997


@given(st.text(max_size=60))
def test_a_handle_is_read_back_however_it_is_typed(incident_id: str) -> None:
    made = handle(incident_id)
    assert len(made) == LENGTH
    assert set(made) <= set(ALPHABET)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in made.upper())
    assert {read_handle(typed) for typed in (made, f" #{made.upper()} ", wide, f"＃{wide}")} == {made}


@pytest.mark.parametrize("text", ["", "#", "help", "k7m2", "k7m2xx", "k7m2o", "k7m-2", "工单工单工"])
def test_what_is_no_handle_is_none(text: str) -> None:
    assert read_handle(text) is None
