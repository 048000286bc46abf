"""Results in words, in both languages."""

from __future__ import annotations

from dataclasses import replace
from string import Formatter
from typing import Any

import pytest

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.result.following import what_follows
from daemon.inference.association.result.following_words import follows, leg_words, summary
from daemon.inference.association.result.phrases import TABLES
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import SearchedTask
from daemon.products.phrases import Language
from tests.unit.inference.association.result.trajectories import NOON, hop, nothing, small, square


def words(language: Language = "en", zone: str = "UTC", graph: CameraGraph | None = None) -> Words:
    return Words.of(small(), graph or square(), language, zone)


def test_both_tables_have_the_same_keys_and_places() -> None:
    assert TABLES["en"].keys() == TABLES["zh"].keys()
    for key, english in TABLES["en"].items():
        assert _places(english) == _places(TABLES["zh"][key]), key


def _places(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


def test_a_hop_is_told_by_its_terms() -> None:
    told = hop("1-0", 64, face=0.93, seconds=64.0, metres=310.0, turn_deg=4.0)
    assert words().hop(told) == "body 0.81, face 0.93, 64 s for 310 m, straight on"
    assert words("zh").hop(told) == "外观 0.81，人脸 0.93，64 秒行 310 米，直行"


@pytest.mark.parametrize(
    ("more", "english"),
    [
        ({"body": None, "carried": "plate 沪A12345"}, "plate 沪A12345, 64 s later"),
        ({"body": None}, "no picture to compare, 64 s later"),
        ({"missed": ("c1", "c2"), "metres": 12_345.0}, "body 0.81, 64 s for 12.3 km, not seen at c1, c2"),
        ({"metres": 0.0}, "body 0.81, at the same camera 64 s later"),
        ({"filled": True}, "body 0.81, 64 s later, found afterwards between two others"),
        ({"carried": "tag 12"}, "body 0.81, tag 12, 64 s later"),
    ],
)
def test_every_kind_of_hop_has_its_words(more: dict[str, Any], english: str) -> None:
    assert words().hop(hop("1-0", 64, **{"seconds": 64.0, **more})) == english


@pytest.mark.parametrize(
    ("turn", "english", "chinese"),
    [(0, "straight on", "直行"), (-20, "straight on", "直行"), (45, "slightly right", "稍向右"),
     (-45, "slightly left", "稍向左"), (90, "right", "右转"), (-120, "left", "左转"), (180, "back", "折返"),
     (-170, "back", "折返")],
)  # fmt: skip
def test_turns_have_names(turn: float, english: str, chinese: str) -> None:
    assert (words().turn(turn), words("zh").turn(turn)) == (english, chinese)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.4, "0 s"),
        (64, "64 s"),
        (119.6, "2 min 0 s"),
        (3_599, "59 min 59 s"),
        (3_600, "1 h 0 min"),
        (7_260, "2 h 1 min"),
    ],
)
def test_spans_of_time_are_told_as_people_do(seconds: float, told: str) -> None:
    assert words().duration(seconds) == told


@pytest.mark.parametrize(
    ("probability", "told"),
    [(0, "0%"), (1, "100%"), (0.0004, "<0.1%"), (0.99995, ">99.9%"), (0.5, "50%"), (0.991, "99.1%"), (0.012, "1.2%"),
     (1.2, "100%")],
)  # fmt: skip
def test_shares_are_never_rounded_to_certainty(probability: float, told: str) -> None:
    assert words().share(probability) == told


def test_support_is_told_by_the_likelihood_ratio() -> None:
    told = hop("1-0", 64, body_llr=4.0, face=0.9, face_llr=-8.0, space_time_llr=0.1)
    assert words().support(told) == "body: moderate support, face: very strong evidence against, time and way: neutral"
    assert words("zh").support(replace(told, face=None)) == "外观：中等支持，时间与路线：中性"
    assert "very strong support" in words().support(replace(told, body_llr=float("inf")))


def test_times_are_those_of_the_reader_and_show_other_days() -> None:
    assert words().time(NOON) == "12:00:00"
    shanghai = words("zh", "Asia/Shanghai")
    assert shanghai.time(NOON) == "20:00:00"
    assert shanghai.time(NOON + 5 * 3_600) == "2026-03-02 01:00:00"
    assert shanghai.zone_shown(NOON) == "时间：2026-03-01, Asia/Shanghai (UTC+08:00)"
    assert words(zone="America/St_Johns").zone_shown(NOON).endswith("(UTC-03:30)")
    assert words().zone_shown(NOON) == "Times: 2026-03-01, UTC"


def test_cameras_are_named_by_people_where_they_have_a_name() -> None:
    named = words(graph=square(name={"1-0": "North gate\u202e"}))
    assert named.camera("1-0") == "North gate (1-0)"
    assert named.camera("0-0") == "0-0"
    assert named.camera("gone\n\x1b[31m") == "gone"


def test_alternatives_are_told_best_first_and_counted() -> None:
    others = [hop("2-1", 60 + n, 0.3 - n / 20, seconds=64.0, metres=310.0) for n in range(5)] + [hop("2-1", 99, 0.001)]
    lines = words().alternatives(others)
    assert lines[0] == "30%: d60 at 2-1, 12:01:00 (body 0.81, 64 s for 310 m)"
    assert len(lines) == 4
    assert lines[-1] == "and 2 more"
    assert words().alternatives([]) == []


def test_the_summary_tells_the_whole_way() -> None:
    following = what_follows(small(), square())
    assert (
        summary(small(), following, words())
        == "5 sightings at 3 cameras, 850 m in 19 min 50 s, last seen at 1-2, 12:19:50"
    )
    assert summary(nothing(), what_follows(nothing(), square()), words("zh")) == "没有找到后续目击"
    one = replace(small(), hops=small().hops[:1], alternatives=((),))
    assert summary(one, what_follows(one, square()), words()).startswith("One sighting, 170 m in 2 min 10 s")
    past = replace(small(), hops=(hop("1-0", -130, seconds=130.0, metres=170.0),), alternatives=((),))
    assert "first seen at 1-0, 11:57:50" in summary(past, what_follows(past, square()), words())


def test_what_follows_is_told_line_by_line() -> None:
    following = what_follows(small(), square())
    assert follows(following, words()) == [
        "Usual speed 1.3 m/s",
        "At 2-2 for 60 s, from 12:16:40 to 12:17:40",
        "Came back to 1-2: 12:06:30, 12:19:50",
        "Between 1-0 and 1-2, 4 min 20 s long: not seen at 1-1",
        "Between 1-2 and 2-2, 10 min 10 s long: about 8 min 0 s more than the way takes",
    ]
    assert "再次来到 1-2：12:06:30，12:19:50" in follows(following, words("zh"))


@pytest.mark.parametrize(
    ("seconds", "pace"), [(600, "slow"), (130, "walking"), (50, "running"), (20, "faster than on foot")]
)
def test_speeds_have_names(seconds: float, pace: str) -> None:
    quick = replace(small(), hops=(hop("1-0", seconds, seconds=seconds, metres=170.0),), alternatives=((),))
    (leg,) = what_follows(quick, square()).legs
    assert pace in leg_words(leg, words())


def test_what_was_not_searched_is_told_by_reason() -> None:
    first, second = words().unsearched(small().tasks)
    assert first == "Not searched, as unlikely: 2 windows at 3-2 (0.2%), 2-3 (0.1%)"
    assert second == "Not searched, as the case does not hold the camera: one window at 0-2 (20%)"
    many = [
        SearchedTask(camera=f"c{n}", start_s=0, end_s=1, parent=-1, mass=0.01, reason="new reason") for n in range(9)
    ]
    (line,) = words().unsearched(many)
    assert line.startswith("Not searched (new reason): 9 windows at c0 (1%)")
    assert line.endswith("3 more")


@pytest.mark.parametrize(
    ("ended", "told"),
    [("explored", "All was searched"), ("tasks", "limit of tasks"), ("compared", "limit of comparisons"),
     ("seconds", "limit of time"), ("cancelled", "Cancelled"), ("", "The search goes on"), ("<odd>", "Ended: <odd>")],
)  # fmt: skip
def test_every_end_is_told_with_what_is_left(ended: str, told: str) -> None:
    line = words().ended(replace(small(), ended=ended))
    assert told in line
    assert "2.1%" in line


def test_the_cost_is_told() -> None:
    assert words().cost(small()) == "118 sightings compared in 9 rounds, 1.1 ms of computing"
    assert words("zh").cost(replace(small(), cpu_s=2.5)) == "比对 118 条目击，9 轮，计算 2.5 秒"
