"""Results drawn as SVG: judged by what is on the page, not by its bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree.ElementTree import Element

import msgspec
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.result.svg import draw_page
from daemon.inference.association.result.svg_parts import SURENESS, fitted, sureness, width_of, wrapped
from daemon.inference.association.result.svg_tree import tree_of
from daemon.inference.association.result.svg_view import view_of
from daemon.inference.association.search.trajectory import SearchedTask, Trajectory
from daemon.ports.sightings import Camera, Way
from daemon.products.phrases import Language
from tests.unit.inference.association.result.test_json_result import TRAJECTORIES
from tests.unit.inference.association.result.trajectories import (
    ABOUT,
    NOON,
    SHARED,
    hop,
    nothing,
    realistic,
    shared_graph,
    small,
    square,
    town,
)

SVG = "{http://www.w3.org/2000/svg}"


def page(
    trajectory: Trajectory, graph: CameraGraph | None = None, language: Language = "en", zone: str = "UTC"
) -> Element:
    found: Element = fromstring(draw_page(trajectory, graph or square(), ABOUT, language, zone).encode())
    return found


def texts(found: Element) -> list[str]:
    return ["".join(element.itertext()) for element in found.iter(f"{SVG}text")]


def test_the_page_says_what_it_is_to_who_cannot_see_it() -> None:
    found = page(small())
    assert found.get("role") == "img"
    title, description = found.find(f"{SVG}title"), found.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert found.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "Way of a target over 5 sightings"
    assert "From 0-0 at 12:00:00. 5 sightings at 3 cameras" in (description.text or "")


def test_the_page_says_who_searched_why_and_when_it_was_taken() -> None:
    told = "\n".join(texts(page(small())))
    for part in ("Li Wei (u-7)", "Lost child, station (0192-case)", ABOUT.purpose, "2026-03-02 08:30:05 by u-9"):
        assert part in told


def test_the_way_is_drawn_with_times_a_scale_north_and_a_legend() -> None:
    told = texts(page(small()))
    for part in ("0 · 12:00:00", "1 · 12:02:10", "5 · 12:19:50", "100 m", "N", "How sure: ≥ 99%", "passed unseen"):
        assert part in told


def test_every_sighting_stands_in_the_table_with_its_reasons() -> None:
    told = texts(page(small()))
    assert "body 0.81, face 0.93, 2 min 10 s for 170 m" in told
    assert "or 31%: d77 at 2-1, 12:19:40 (body 0.74, 2 min 0 s for 170 m)" in told
    assert "Came back to 1-2: 12:06:30, 12:19:50" in told


def test_legs_have_the_colour_of_their_posterior() -> None:
    found = page(small())
    drawn = [path.get("stroke") for path in found.iter(f"{SVG}path") if path.get("stroke-width") == "3.5"]
    legs = [small().hops[number].posterior for number in (0, 1, 2, 4)]
    assert drawn[: len(legs)] == [sureness(posterior).colour for posterior in legs]
    assert len({step.colour for step in SURENESS}) == len(SURENESS)


def test_colours_can_be_told_from_the_paper() -> None:
    """WCAG 2.2, 1.4.11: marks have a contrast of 3 at least."""
    for step in SURENESS:
        assert 1.05 / (_luminance(step.colour) + 0.05) >= 3


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_chinese_pages_are_chinese() -> None:
    told = texts(page(small(), square(name={"1-2": "北门"}), "zh", "Asia/Shanghai"))
    assert "目标行踪，5 次目击" in told
    assert "北门（1-2）" in told
    assert "2 · 20:06:30" in told


HOSTILE = ("<script>alert(1)</script>", '"onload="x', "a&b;]]>", "\u202egnp.exe")


def test_whatever_cameras_are_called_nothing_of_it_is_markup() -> None:
    cameras = [
        Camera(id=name, longitude=n * 0.001, latitude=0.0, name=name[::-1]) for n, name in enumerate(HOSTILE[:3])
    ]
    ways = [
        Way(origin=a.id, target=b.id, metres=120.0) for a in cameras for b in cameras if a is not b and _beside(a, b)
    ]
    odd = hop(HOSTILE[1], 100, seconds=100.0, metres=120.0, detection=HOSTILE[0], carried=HOSTILE[2], missed=HOSTILE)
    way = replace(
        small(), query_camera=HOSTILE[0], hops=(odd,), alternatives=((odd,),), tree=(odd,), ended=HOSTILE[0],
        tasks=(task(HOSTILE[0], HOSTILE[1]), task(HOSTILE[1], "")),
    )  # fmt: skip
    about = msgspec.structs.replace(ABOUT, purpose=HOSTILE[0], case_title=HOSTILE[1], searcher_name=HOSTILE[2])
    drawn = draw_page(way, CameraGraph.of(cameras, ways), about)
    found = fromstring(drawn.encode())
    assert not list(found.iter(f"{SVG}script"))
    assert not [element for element in found.iter() for name in element.attrib if name.startswith("on")]
    assert "<script" not in drawn
    assert "\u202e" not in drawn
    assert any(HOSTILE[0] in told for told in texts(found))


def _beside(one: Camera, other: Camera) -> bool:
    return abs(one.longitude - other.longitude) < 0.0015


def task(camera: str, reason: str) -> SearchedTask:
    return replace(small().tasks[0], camera=camera, reason=reason)


def test_nothing_is_fetched_from_outside() -> None:
    drawn = draw_page(small(), square(), ABOUT)
    assert not re.findall(r"(?:href|src|url)\s*[=(]\s*[\"']?(?!#)", drawn.replace("url(#", ""))
    assert not re.findall(r"https?://(?!www\.w3\.org/)", drawn)


@pytest.mark.parametrize("trajectory", [nothing(), replace(nothing(), tasks=()), replace(small(), query_camera="gone")])
def test_a_page_is_drawn_of_little_too(trajectory: Trajectory) -> None:
    assert texts(page(trajectory))


def test_a_way_by_cameras_that_are_gone_is_told_without_a_map() -> None:
    graph = CameraGraph.of([Camera(id="other", longitude=0, latitude=0)], [])
    told = texts(page(small(), graph))
    assert "Not on the map: 0-0, 1-0, 1-2, 2-2" in told
    assert "N" not in told
    assert "body 0.81, face 0.93, 2 min 10 s for 170 m" in told


@settings(max_examples=25)
@given(TRAJECTORIES)
def test_whatever_was_found_the_page_is_xml(trajectory: Trajectory) -> None:
    assert texts(page(trajectory, square(2)))


@pytest.mark.parametrize("cameras", [9, 100, 900, pytest.param(10_000, marks=pytest.mark.slow)])
def test_only_what_lies_around_the_way_is_drawn(cameras: int) -> None:
    graph, trajectory = town(cameras)
    view = view_of(trajectory, graph)
    assert view is not None
    assert {hop.camera for hop in trajectory.hops} <= view.seen().keys()
    assert len(view.seen()) <= 200
    drawn = draw_page(trajectory, graph, ABOUT)
    assert len(drawn) < 100_000
    assert fromstring(drawn.encode()) is not None


def test_the_map_is_true_to_scale_and_north_is_up() -> None:
    view = view_of(small(), square())
    assert view is not None
    (ax, ay), (bx, by) = view.places["0-0"], view.places["1-0"]
    assert (bx - ax) / view.pixels_a_metre == pytest.approx(155.8, abs=0.5)
    assert by == pytest.approx(ay)
    assert view.places["0-1"][1] < ay


def test_a_crowded_map_writes_its_ends_and_counts_the_rest() -> None:
    ends = ["0-0", "1-0"]
    hops = tuple(hop(ends[n % 2], 130.0 * n, seconds=130.0, metres=170.0, parent=n - 2) for n in range(1, 61))
    told = texts(page(replace(small(), hops=hops, alternatives=(), tree=hops, tasks=())))
    assert "0 · 12:00:00 +30" in told
    assert "1 · 12:02:10 +29" in told
    assert "60" in told


def test_the_query_stays_in_sight_where_the_target_came_back_to_its_camera() -> None:
    back = (hop("1-0", 130, seconds=130.0, metres=170.0), hop("0-0", 260, seconds=130.0, metres=170.0))
    drawn = draw_page(replace(small(), hops=back, alternatives=(), tree=back), square(), ABOUT)
    assert drawn.index("<title>2: 0-0") < drawn.index("<title>0: 0-0")


def test_the_tree_hangs_each_task_on_the_sighting_it_was_opened_for() -> None:
    tree = tree_of(small())
    assert len(tree.rows) == len(small().tasks)
    order = [(row.task.camera, row.task.parent) for row in tree.rows]
    assert order[:2] == [("0-1", -1), ("1-0", -1)]
    for row in tree.rows:
        if row.task.parent >= 0:
            assert tree.holder[row.task.parent] < tree.rows.index(row)
    assert [row.accepted for row in tree.rows if row.task.camera == "1-0"] == [True]


def test_a_sighting_that_hangs_on_another_parent_stays_in_the_window_that_found_it() -> None:
    """The likeliest way to a sighting may lead by another one than the task was opened for."""
    elsewhere = (replace(small().tree[0], parent=3), *small().tree[1:])
    rows = tree_of(replace(small(), tree=elsewhere)).rows
    assert [row.nodes for row in rows if row.task.camera == "1-0"] == [(0,)]


def test_a_large_tree_keeps_the_way_and_what_held_most() -> None:
    more = tuple(replace(small().tasks[0], camera=f"x{n}", mass=n / 1_000, parent=-1) for n in range(300))
    tree = tree_of(replace(small(), tasks=(*small().tasks, *more)), most=20)
    assert len(tree.rows) == 20
    assert tree.left_out == 291
    assert {row.task.camera for row in tree.rows if row.accepted} == {"1-0", "1-2", "2-2"}
    assert "x299" in {row.task.camera for row in tree.rows}
    assert "x0" not in {row.task.camera for row in tree.rows}


def test_a_tree_whose_parents_are_wrong_is_drawn_all_the_same() -> None:
    circle = (hop("1-0", 130, parent=1), hop("0-1", 140, parent=0))
    tasks = (
        replace(small().tasks[0], camera="1-0", parent=1, start_s=NOON + 100, end_s=NOON + 200),
        replace(small().tasks[0], camera="0-1", parent=0, start_s=NOON + 100, end_s=NOON + 200),
        replace(small().tasks[0], camera="0-1", parent=99),
    )
    odd = replace(small(), tree=circle, tasks=tasks)
    assert len(tree_of(odd).rows) <= 3
    assert texts(page(odd))


def test_text_is_wrapped_and_cut_to_a_width() -> None:
    words = "a longer line of words that must be broken into several 以及没有空格的中文也要换行才行"
    lines = wrapped(words, 120, 12)
    assert all(width_of(line, 12) <= 120 for line in lines)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    assert wrapped("x" * 100, 120, 12)[0] == "x" * 16
    assert wrapped("", 120, 12) == [""]
    assert fitted("中央广场东侧入口", 60, 12).endswith("…")
    assert width_of(fitted("中央广场东侧入口", 60, 12), 12) <= 60
    assert fitted("short", 60, 12) == "short"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not beside the repository")
def test_a_true_way_is_drawn_with_every_sighting_once() -> None:
    told = texts(page(realistic(), shared_graph()))
    for number in range(1, len(realistic().hops) + 1):
        assert sum(part.startswith(f"{number} · ") for part in told) == 1
