"""What changes a wish beside the films shown last, and what cannot be gone by."""

from __future__ import annotations

import pytest

from daemon.inference.chat.dialogue.film_changes import cannot_tell, for_children, heard
from daemon.inference.chat.dialogue.merging import merged, news, without_parts
from daemon.inference.chat.films.seed import seed_films
from daemon.inference.chat.wishes import Slots

LENGTHS = {one.id: one for one in seed_films()}
SHOWN = [LENGTHS["seed:up-2009"], LENGTHS["seed:titanic-1997"]]  # 96 and 194 minutes


@pytest.mark.parametrize(("text", "named", "means"), [
    ("less dark", Slots(moods=("dark",)), Slots(not_moods=("dark",))),
    ("not so sad please", Slots(moods=("sad",)), Slots(not_moods=("sad",))),
    ("too slow", Slots(moods=("slow",)), Slots(not_moods=("slow",))),
    ("太吓人了", Slots(moods=("scary",)), Slots(not_moods=("scary",))),
    ("that was too funny", Slots(moods=("funny",)), Slots(moods=("funny",))),
    ("more exciting", Slots(moods=("exciting",)), Slots(moods=("exciting",))),
    ("longer", Slots(), Slots(minutes=(195, 1000))), ("长一点的", Slots(), Slots(minutes=(195, 1000))),
    ("something shorter", Slots(), Slots(minutes=(1, 95))), ("太长了", Slots(), Slots(minutes=(1, 95))),
    ("under 90 minutes", Slots(), Slots(minutes=(1, 90))), ("at most two hours", Slots(), Slots(minutes=(1, 120))),
    ("at least 1.5 hours", Slots(), Slots(minutes=(90, 1000))),
    ("两个半小时以上", Slots(), Slots(minutes=(150, 1000))),
    ("90分钟以内", Slots(), Slots(minutes=(1, 90))), ("不超过两小时", Slots(), Slots(minutes=(1, 120))),
    ("nothing longer than two hours", Slots(), Slots(minutes=(1, 120))),
    ("it shouldn't be, well, I don't want more than 90 minutes", Slots(), Slots(minutes=(1, 90))),
    ("不要超过两小时", Slots(), Slots(minutes=(1, 120))), ("别超过90分钟", Slots(), Slots(minutes=(1, 90))),
    ("nothing under 90 minutes", Slots(), Slots(minutes=(90, 1000))),
    ("不能少于一小时", Slots(), Slots(minutes=(60, 1000))),
    ("in two hours", Slots(), Slots()), ("I have 90 minutes", Slots(), Slots()), ("两个小时前", Slots(), Slots()),
    ("something for my kids", Slots(), Slots(genres=("children",))),
    ("亲子电影", Slots(), Slots(genres=("children",))),
    ("not something for my kids", Slots(not_genres=("children",)), Slots(not_genres=("children",))),
    ("不要给孩子看的", Slots(not_genres=("children",)), Slots(not_genres=("children",))),
    ("给孩子看的动画片", Slots(genres=("animation",)), Slots(genres=("animation", "children"))),
    ("newer", Slots(newer=True), Slots(newer=True)),
])  # fmt: skip
def test_a_turn_means_more_than_its_words_name(text: str, named: Slots, means: Slots) -> None:
    assert heard(text, named, SHOWN) == means


def test_longer_and_shorter_have_a_sense_without_lengths_to_compare_with() -> None:
    assert heard("longer", Slots(), []) == Slots(minutes=(150, 1000))
    assert heard("短一点", Slots(), []) == Slots(minutes=(1, 95))


@pytest.mark.parametrize(("text", "keys"), [
    ("with a woman director", ("women",)), ("女导演的", ("women",)),
    ("an Oscar winner with subtitles", ("prizes", "tongues")),
    ("豆瓣高分", ("ratings",)), ("on netflix", ("places",)), ("based on a true story", ("truth",)),
    ("黑白的", ("colour",)),
    ("a comedy", ()), ("", ()), ("directed by Ang Lee", ()), ("要新一点的", ()),
])  # fmt: skip
def test_what_nothing_is_known_of_is_noticed(text: str, keys: tuple[str, ...]) -> None:
    assert cannot_tell(text) == keys


@pytest.mark.parametrize(("text", "wish"), [
    ("I want something my kids can watch", True), ("适合孩子看的", True), ("陪儿子看的片子", True),
    ("not something for kids to watch", False), ("不是给孩子看的", False),
    ("my kids are ill", False), ("孩子生病了", False), ("I watch the kids play", False), ("", False),
])  # fmt: skip
def test_a_wish_for_children_is_told_from_talk_of_them(text: str, *, wish: bool) -> None:
    assert for_children(text) is wish


def test_what_is_new_in_a_wish_is_what_the_former_did_not_name() -> None:
    before = Slots(genres=("war",), years=(1950, 1960), not_people=("A",))
    now = merged(before, Slots(genres=("war", "drama"), minutes=(1, 90), not_people=("B",)))
    assert news(before, now) == Slots(genres=("drama",), minutes=(1, 90), not_people=("B",))
    assert news(now, now) == Slots()


def test_parts_that_were_left_aside_are_no_part_of_the_wish_any_more() -> None:
    wish = Slots(
        genres=("war", "drama"), countries=("KR", "JP"), years=(1950, 1960), minutes=(1, 90), people=("A: B",),
        not_moods=("sad",),
    )  # fmt: skip
    parts = (
        "genres:war",
        "countries:KR,JP",
        "years:1950-1960",
        "minutes:1-90",
        "people:A: B",
        "not_moods:sad",
        "newer",
    )
    assert without_parts(wish, parts) == Slots(genres=("drama",))
    assert without_parts(wish, ()) == wish
