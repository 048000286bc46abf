"""Results as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import InvalidInput
from daemon.inference.association.result.json_result import document, from_json, to_json, trajectory_of
from daemon.inference.association.search.trajectory import Hop, SearchedTask, Trajectory
from tests.unit.inference.association.result.trajectories import ABOUT, NOON, hop, nothing, small, square

TIMES = st.floats(NOON - 1e6, NOON + 1e6)
NAMES = st.text(max_size=8)
HOPS = st.builds(
    Hop, row=st.integers(0, 9), detection=NAMES, camera=st.sampled_from(["0-0", "1-0", "<script>"]), time_s=TIMES,
    posterior=st.floats(0, 1), body=st.none() | st.floats(-1, 1), face=st.none() | st.floats(-1, 1),
    body_llr=st.floats(), face_llr=st.floats(), space_time_llr=st.floats(), carried=NAMES, seconds=st.floats(-1e5, 1e5),
    metres=st.none() | st.floats(0, 1e5), turn_deg=st.none() | st.floats(-180, 180),
    missed=st.lists(NAMES, max_size=2).map(tuple), filled=st.booleans(), parent=st.integers(-1, 3),
)  # fmt: skip
TASKS = st.builds(
    SearchedTask, camera=NAMES, start_s=TIMES, end_s=TIMES, parent=st.integers(-1, 3), mass=st.floats(0, 1),
    compared=st.integers(0, 99), reason=st.sampled_from(["", "tasks", "below stop_mass"]),
)  # fmt: skip
TRAJECTORIES = st.builds(
    Trajectory, query_camera=st.sampled_from(["0-0", "gone"]), query_time_s=TIMES,
    hops=st.lists(HOPS, max_size=3).map(lambda hops: tuple(sorted(hops, key=lambda one: one.time_s))),
    alternatives=st.lists(st.lists(HOPS, max_size=2).map(tuple), max_size=3).map(tuple),
    tree=st.lists(HOPS, max_size=4).map(tuple), tasks=st.lists(TASKS, max_size=4).map(tuple),
    unexplored=st.floats(0, 1), rounds=st.integers(0, 99), compared=st.integers(0, 99), cpu_s=st.floats(0, 9),
    ended=st.sampled_from(["", "explored"]),
)  # fmt: skip


def test_a_document_tells_all_there_is() -> None:
    found = document(small(), square(name={"1-0": "North gate"}), ABOUT)
    assert (found.about.searcher, found.about.case, found.about.purpose) == ("u-7", "0192-case", ABOUT.purpose)
    assert [hit.number for hit in found.hops] == [1, 2, 3, 4, 5]
    first = found.hops[0]
    assert (first.place.name, first.place.longitude, first.terms.face) == ("North gate", 0.0014, 0.93)
    assert first.words == "body 0.81, face 0.93, 2 min 10 s for 170 m"
    assert [other.detection for other in found.hops[4].alternatives] == ["d77"]
    assert len(found.windows) == len(small().tasks)
    assert found.cost.unexplored == 0.021
    assert found.follows.metres == 850.0


def test_times_are_rfc_3339_in_utc() -> None:
    plain = json.loads(to_json(document(small(), square(), ABOUT)))
    assert plain["query_time"] == "2026-03-01T12:00:00Z"
    assert plain["hops"][0]["time"] == "2026-03-01T12:02:10Z"
    assert plain["about"]["exported_at"] == "2026-03-02T08:30:05Z"
    assert plain["windows"][0]["start"] == "2026-03-01T12:01:00Z"


def test_its_members_stay_what_they_are() -> None:
    """Programs read this: members are added, and none is renamed or taken away."""
    plain = json.loads(to_json(document(small(), square(), ABOUT)))
    assert (plain["format"], plain["version"]) == ("zhiban-trajectory", 1)
    assert plain.keys() >= {
        "about", "query", "query_time", "summary", "hops", "weighed", "windows", "follows", "follows_words",
        "unsearched_words", "cost", "language",
    }  # fmt: skip
    assert plain["hops"][0].keys() >= {
        "number", "detection", "place", "time", "posterior", "terms", "seconds", "metres", "turn_deg", "missed",
        "filled", "parent", "words", "support", "alternatives",
    }  # fmt: skip
    assert plain["hops"][0]["terms"].keys() >= {"body", "face", "body_llr", "face_llr", "space_time_llr", "carried"}
    assert plain["cost"].keys() >= {"rounds", "compared", "cpu_s", "unexplored", "ended", "words"}
    assert plain["follows"].keys() >= {"legs", "stays", "returns", "gaps", "metres", "seconds", "usual_speed_m_s"}


def test_words_are_in_the_language_asked_for() -> None:
    found = document(small(), square(), ABOUT, "zh", "Asia/Shanghai")
    assert found.hops[0].words.startswith("外观 0.81")
    assert "20:19:50" in found.summary


@settings(max_examples=25)
@given(TRAJECTORIES)
def test_what_is_written_reads_back_as_it_was(trajectory: Trajectory) -> None:
    found = document(trajectory, square(2), ABOUT)
    assert from_json(to_json(found)) == found


@settings(max_examples=25)
@given(TRAJECTORIES)
def test_a_trajectory_kept_as_plain_values_is_the_same_again(trajectory: Trajectory) -> None:
    calm = replace(trajectory, hops=(), tree=(), alternatives=())  # JSON has no infinities
    assert trajectory_of(msgspec.json.decode(msgspec.json.encode(calm))) == calm
    assert trajectory_of(msgspec.to_builtins(small())) == small()


def test_infinite_evidence_is_a_number_and_missing_evidence_none() -> None:
    odd = hop("1-0", 1, body_llr=float("inf"), face_llr=float("-inf"), space_time_llr=float("nan"))
    (hit,) = document(replace(nothing(), hops=(odd,), alternatives=((),)), square(), ABOUT).hops
    assert (hit.terms.body_llr, hit.terms.face_llr, hit.terms.space_time_llr) == (1e308, -1e308, 0.0)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"format": "other"}', b"[" * 100_000])
def test_what_is_no_document_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="no exported trajectory"):
        from_json(content)


def test_a_later_version_is_refused_by_its_number() -> None:
    later = msgspec.structs.replace(document(small(), square(), ABOUT), version=2)
    with pytest.raises(InvalidInput, match="has version 2; up to 1"):
        from_json(to_json(later))


def test_what_was_kept_and_is_no_trajectory_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no trajectory"):
        trajectory_of({"hops": 5})
