"""A person works on a product in the back end while the daemon is about to act: the person wins, every time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from bson import Decimal128
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from daemon.adapters.mongo import collection
from tests.interop.mongo_shop import DRIVERS, Driver
from tests.mongo_server import Shop
from tests.unit.adapters.mongo.back_end import Edit
from tests.unit.adapters.mongo.plays import Curtain
from tests.unit.adapters.mongo.stories import FIELDS, FOLLOWER, WISHES, Play

_PARTS: Final = (*WISHES, "get", "read", "settle")
_OTHER: Final[dict[str, Any]] = FIELDS | {"title": "Green tea", "price": 7}
EDITS: Final = (
    Edit("set", {"price": 5}),
    Edit("set", {"price": "5"}),
    Edit("set", {"price": Decimal128("5.5")}),
    Edit("set", {"price": None}),
    Edit("set", {"price": {"common": 5, "sale": 4}}),
    Edit("set", {"title": "Black tea"}),
    Edit("set", {"title": "Tea"}),
    Edit("set", {"state": "draft"}),
    Edit("set", {"state": "published"}),
    Edit("set", {"state": "archived"}),
    Edit("set", {"qty": 0}),
    Edit("set", {"image": ["https://i.example/a.jpg", "https://i.example/b.jpg"]}),
    Edit("set", {"note": "nothing that is read"}),
    Edit("set", {"createdAt": datetime(2026, 1, 1, tzinfo=UTC)}),
    Edit("unset", {"price": ""}),
    Edit("unset", {"qty": ""}),
    Edit("unset", {"state": ""}),
    Edit("replace", FIELDS),
    Edit("replace", _OTHER),
    Edit("delete"),
    Edit("insert"),
    Edit("insert", {"price": 9}),
)
#: Edits that each stand for a kind: a price, a text, a list of what was one, the daemon's word, a whole document, none.
_FEW: Final = (EDITS[0], EDITS[5], EDITS[11], EDITS[7], EDITS[18], EDITS[19])
_TURNS: Final = st.sampled_from(["0", "0", "0", "1", "1", "2", FOLLOWER, FOLLOWER, FOLLOWER, "person", "clock"])
_PLAYS: Final = st.builds(
    Play,
    parts=st.lists(st.sampled_from(_PARTS), min_size=1, max_size=3),
    edits=st.lists(st.sampled_from(EDITS), max_size=4),
    turns=st.lists(_TURNS, min_size=20, max_size=80),
    begins=st.sampled_from(((), ("remedy",))),
    tracked=st.booleans(),
    streamed=st.booleans(),
    dies=st.none() | st.integers(0, 25),
)


@pytest.fixture(params=["motor"])
def curtain(
    request: pytest.FixtureRequest, mongo: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Curtain]:
    chosen: Driver = request.param
    monkeypatch.setattr(collection, "_QUIET_S", 0.01)
    with Curtain(tmp_path, mongo, chosen) as opened:
        yield opened


def rehearsed(examples: int) -> settings:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, suppress_health_check=checks)


def at_every_moment(curtain: Curtain, edit: Edit, story: str, begins: Sequence[str], *, tracked: bool) -> None:
    """Let the edit come before each step of a story, from the first to the last, and be told of at once."""
    for moment in range(50):
        turns = [*["0"] * moment, "person", *[FOLLOWER] * 20]
        show = curtain.give(Play([story], [edit], turns, begins, tracked=tracked))
        if not show.in_time:
            break
    assert show.outcomes[-1] == "made"
    assert moment > 10


@rehearsed(80)
@given(play=_PLAYS)
def test_a_person_wins_in_any_order_of_things(curtain: Curtain, play: Play) -> None:
    note(repr(play))
    curtain.give(play)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("curtain", DRIVERS, indirect=True)
@rehearsed(2000)
@given(play=_PLAYS)
def test_a_person_wins_in_a_great_many_orders_of_things(curtain: Curtain, play: Play) -> None:
    note(repr(play))
    curtain.give(play)


@pytest.mark.parametrize("curtain", DRIVERS, indirect=True)
@rehearsed(6)
@given(play=_PLAYS)
def test_a_person_wins_whatever_the_driver(curtain: Curtain, play: Play) -> None:
    note(repr(play))
    curtain.give(play)


@pytest.mark.parametrize(("edit", "tracked"), [(edit, bool(number % 2)) for number, edit in enumerate(_FEW)], ids=repr)
def test_a_person_wins_at_every_moment_of_a_remedy(curtain: Curtain, edit: Edit, tracked: bool) -> None:
    at_every_moment(curtain, edit, "remedy", (), tracked=tracked)


def test_a_status_of_the_same_word_is_not_stored_over_what_a_person_wrote_meanwhile(curtain: Curtain) -> None:
    at_every_moment(curtain, Edit("set", {"note": "nothing that is read"}), "review", ("remedy",), tracked=False)


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("story", ["undo", "review"])
def test_a_change_that_is_cut_off_anywhere_is_told_once_or_never(curtain: Curtain, story: str, tracked: bool) -> None:
    for dies in range(14):
        curtain.give(Play([story], (), ["0"] * 20, ("remedy",), tracked=tracked, streamed=False, dies=dies))


@pytest.mark.parametrize("story", ["get", "read", "colleague"])
def test_a_document_that_says_again_what_it_had_said_is_not_left_as_it_was_between(
    curtain: Curtain, story: str
) -> None:
    there_and_back = [Edit("set", {"title": "Black tea"}), Edit("set", {"title": "Tea"})]
    for moment in range(24):
        turns = ["person", *["0"] * moment, "person", *[FOLLOWER] * 20]
        curtain.give(Play([story], there_and_back, turns, tracked=False))


@pytest.mark.slow
@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("story", ["remedy", "undo", "review", "colleague"])
@pytest.mark.parametrize("edit", EDITS, ids=repr)
def test_a_person_wins_at_every_moment_of_every_story(curtain: Curtain, edit: Edit, story: str, tracked: bool) -> None:
    at_every_moment(curtain, edit, story, ("remedy",) if story in {"undo", "review"} else (), tracked=tracked)


@pytest.mark.parametrize("tracked", [True, False])
def test_of_many_tasks_at_once_one_acts_and_none_against_a_person(curtain: Curtain, tracked: bool) -> None:
    """Eight tasks, each of which would act alone, and a person who edits early, late or not at all."""
    rounds = [str(turn % 8) for turn in range(200)]
    for moment in (0, 20, 40, 60, 75, 90, 105):
        turns = [*rounds[:moment], "person", *rounds[moment:]]
        show = curtain.give(Play(["remedy"] * 8, [Edit("set", {"price": 5})], turns, tracked=tracked))
        assert show.outcomes.count("made") <= 1
    assert curtain.give(Play(["remedy"] * 8, (), rounds, tracked=tracked)).outcomes.count("made") == 1
