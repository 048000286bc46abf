"""Searches compared on folders: what is counted, what is told, and what needs not be there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from daemon.inference.association.folders.evaluation import Evaluation, evaluate
from daemon.inference.association.folders.folder import DataFolder
from daemon.inference.association.search.query import Limits
from tests.unit.inference.association.folders.small_world import write_small_world

SHARED = Path(__file__).parents[6] / "shared" / "data" / "association"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_world(tmp_path_factory.mktemp("evaluation") / "world")


@pytest.fixture(scope="module")
def result(world: Path) -> Evaluation:
    return evaluate(DataFolder.read(world))


def copied(world: Path, to: Path, *, without: tuple[str, ...] = ()) -> Path:
    to.mkdir()
    for file in world.iterdir():
        if file.name not in without:
            (to / file.name).write_bytes(file.read_bytes())
    return to


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def told(result: Evaluation) -> Any:
    return msgspec.json.decode(msgspec.json.encode(result))


def test_exhaustive_search_compares_every_detection_within_the_horizon_after_the_query(
    world: Path, result: Evaluation
) -> None:
    rows = DataFolder.read(world).rows
    times = dict(zip(rows.ids, rows.times.tolist(), strict=True))
    counts = []
    for query in lines_of(world / "queries.jsonl"):
        asked = times[query["detection"]]
        later = [name for name, time in times.items() if asked <= time < asked + query["horizon_s"]]
        counts.append(len(set(later) - {query["detection"]}))
    assert result.exhaustive.compared == sum(counts) / len(counts)
    assert result.exhaustive.rounds == 1


def test_scores_are_those_of_what_is_said_to_be_found(world: Path, result: Evaluation) -> None:
    truth = {line["query"]: set(line["detections"]) for line in lines_of(world / "truth.jsonl")}
    own = {line["query"]: line["detection"] for line in lines_of(world / "queries.jsonl")}
    for way in ("exhaustive", "greedy", "best_first"):
        figures = told(result)[way]
        assert figures["found"].keys() == truth.keys()
        found = {name: set(some) for name, some in figures["found"].items()}
        assert not any(own[name] in some for name, some in found.items())
        right = sum(len(found[name] & truth[name]) for name in truth)
        assert figures["recall"] == right / sum(map(len, truth.values()))
        assert figures["precision"] == right / sum(map(len, found.values()))
        assert figures["f1"] == pytest.approx(2 / (1 / figures["recall"] + 1 / figures["precision"]))


def test_best_first_search_finds_more_for_less(result: Evaluation) -> None:
    best = result.best_first
    assert best.compared < result.exhaustive.compared / 4
    assert isinstance(best.f1, float)
    assert isinstance(result.exhaustive.f1, float)
    assert best.f1 > max(0.7, result.exhaustive.f1)
    assert best.tasks >= best.rounds > 0


def test_all_that_is_promised_is_told(result: Evaluation) -> None:
    written = told(result)
    assert {"exhaustive", "greedy", "best_first", "calibration_error"} <= written.keys()
    for way in ("exhaustive", "greedy", "best_first"):
        assert {"compared", "recall", "precision", "f1", "rounds", "cpu_ms", "found"} <= written[way].keys()
        assert written[way]["cpu_ms"] > 0
    assert 0 <= written["calibration_error"] < 0.5
    assert 0 <= written["best_first"]["unexplored"] <= 1
    assert written["best_first"]["missed"] == 1 - written["best_first"]["recall"]
    assert written["batch"] == 1


@pytest.mark.slow
def test_the_same_folder_gives_the_same_answers(world: Path, result: Evaluation) -> None:
    again = evaluate(DataFolder.read(world))
    for way in ("exhaustive", "greedy", "best_first"):
        one, other = (told(some)[way] for some in (result, again))
        assert (one["found"], one["compared"], one["rounds"]) == (other["found"], other["compared"], other["rounds"])
    assert again.calibration_error == result.calibration_error


def test_without_answers_it_is_told_what_was_found_and_what_it_cost(
    world: Path, result: Evaluation, tmp_path: Path
) -> None:
    unknown = told(evaluate(DataFolder.read(copied(world, tmp_path / "w", without=("truth.jsonl",)))))
    assert unknown["calibration_error"] is None
    for way in ("exhaustive", "greedy", "best_first"):
        assert not {"recall", "precision", "f1", "missed"} & unknown[way].keys()
        assert unknown[way]["found"] == told(result)[way]["found"]


def test_without_passages_priors_do(world: Path, tmp_path: Path) -> None:
    result = evaluate(DataFolder.read(copied(world, tmp_path / "w", without=("passages.jsonl",))))
    assert result.passages == 0
    assert isinstance(result.best_first.f1, float)
    assert result.best_first.f1 > 0.3


def test_without_queries_nothing_is_asked(world: Path, tmp_path: Path) -> None:
    folder = copied(world, tmp_path / "w", without=("queries.jsonl", "truth.jsonl"))
    result = evaluate(DataFolder.read(folder))
    assert result.queries == 0
    assert result.best_first.found == {}


def test_a_query_without_an_answer_is_asked_and_not_scored(world: Path, tmp_path: Path) -> None:
    folder = copied(world, tmp_path / "w")
    answers = lines_of(world / "truth.jsonl")
    (folder / "truth.jsonl").write_text(json.dumps(answers[0]) + "\n")
    result = evaluate(DataFolder.read(folder))
    found = set(result.best_first.found[answers[0]["query"]])
    right = set(answers[0]["detections"])
    assert result.best_first.recall == len(found & right) / len(right)
    assert len(result.best_first.found) == len(answers)


@pytest.mark.slow
def test_only_the_first_queries_may_be_asked(world: Path, result: Evaluation) -> None:
    few = evaluate(DataFolder.read(world), most=3)
    assert few.queries == 3
    assert list(few.best_first.found.items()) == list(result.best_first.found.items())[:3]


@pytest.mark.slow
def test_vectors_of_any_width_precision_and_length_do(world: Path, result: Evaluation, tmp_path: Path) -> None:
    folder = copied(world, tmp_path / "w")
    body = np.load(folder / "body.npy").astype(np.float32)
    lengths = np.random.default_rng(1).uniform(0.01, 50, (len(body), 1))
    padded = np.hstack([body * lengths, np.zeros((len(body), 37))])
    np.save(folder / "body.npy", np.asfortranarray(padded.astype(np.float32)))
    again = evaluate(DataFolder.read(folder))
    assert again.best_first.f1 == pytest.approx(result.best_first.f1, abs=0.05)
    assert again.exhaustive.compared == result.exhaustive.compared


@pytest.mark.slow
def test_faces_need_not_be_there(world: Path, tmp_path: Path) -> None:
    folder = copied(world, tmp_path / "w", without=("face.npy",))
    lines = [line | {"face": None} for line in lines_of(world / "detections.jsonl")]
    (folder / "detections.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = evaluate(DataFolder.read(folder))
    assert isinstance(result.best_first.f1, float)
    assert result.best_first.f1 > 0.6


@pytest.mark.slow
def test_each_query_is_answered_among_vectors_of_its_own_model(world: Path, tmp_path: Path) -> None:
    folder = copied(world, tmp_path / "w")
    lines = lines_of(world / "detections.jsonl")
    for number, line in enumerate(lines):
        line["model"] = line["face_model"] = "ab"[number % 2]
    (folder / "detections.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    model = {line["id"]: line["model"] for line in lines}
    result = evaluate(DataFolder.read(folder))
    asked = {line["query"]: model[line["detection"]] for line in lines_of(world / "queries.jsonl")}
    assert result.best_first.found.keys() == asked.keys()
    assert set(asked.values()) == {"a", "b"}
    for way in (result.exhaustive, result.greedy, result.best_first):
        assert all(model[name] == asked[query] for query, found in way.found.items() for name in found)


@pytest.mark.slow
def test_all_sightings_of_a_track_are_found_together(tmp_path: Path) -> None:
    folder = write_small_world(
        tmp_path / "w", repeats=1.5, detections=3_000, queries=6,
        columns=frozenset({"track", "quality", "direction", "box", "model"}),
    )  # fmt: skip
    lines = lines_of(folder / "detections.jsonl")
    result = evaluate(DataFolder.read(folder))
    tracks: dict[Any, set[str]] = {}
    for line in lines:
        tracks.setdefault((line["camera"], line["track"], line["time"][:10]), set()).add(line["id"])
    track_of = {name: names for names in tracks.values() for name in names}
    assert any(len(names) > 1 for names in tracks.values())
    for found in result.best_first.found.values():
        assert all(track_of[name] <= set(found) for name in found)
    assert isinstance(result.best_first.f1, float)
    assert result.best_first.f1 > 0.7


@pytest.mark.slow
def test_several_tasks_a_round_make_fewer_rounds(world: Path, result: Evaluation) -> None:
    batched = evaluate(DataFolder.read(world), limits=Limits(batch=8))
    assert batched.batch == 8
    assert batched.best_first.rounds < result.best_first.rounds


@pytest.mark.slow
def test_less_is_compared_when_a_search_stops_earlier(world: Path, result: Evaluation) -> None:
    early = evaluate(DataFolder.read(world), limits=Limits(stop_mass=0.2))
    assert early.best_first.compared < result.best_first.compared
    assert early.best_first.unexplored > result.best_first.unexplored


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not there")
def test_the_frozen_world_is_searched_as_well_as_it_was() -> None:
    result = evaluate(DataFolder.read(SHARED), most=60)
    assert result.exhaustive.compared == pytest.approx(2_400, rel=0.15)
    assert isinstance(result.exhaustive.f1, float)
    assert isinstance(result.best_first.f1, float)
    assert result.exhaustive.f1 > 0.85
    assert result.best_first.f1 > 0.93
    assert result.best_first.compared < result.exhaustive.compared / 20
    assert result.calibration_error is not None
    assert result.calibration_error < 0.05
