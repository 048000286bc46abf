"""Two trainings side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("opencc")

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.training.curves import differences, other_batches, read_curve
from daemon.inference.chat.training.finished import read_finished
from daemon.inference.chat.training.packaging import package
from tests.unit.inference.chat.training.small_training import trained


def test_a_training_and_the_model_of_it_have_one_course_and_the_same_recipe_again_too(tmp_path: Path) -> None:
    _, prepared = trained(tmp_path / "one", tmp_path / "own.jsonl")
    package(read_finished(tmp_path / "one"), prepared, tmp_path / "model.zip")
    trained(tmp_path / "again", tmp_path / "own.jsonl", steps=6)
    first = read_curve(tmp_path / "one")
    assert read_curve(tmp_path / "model.zip") == first
    again = read_curve(tmp_path / "again")
    assert other_batches(first, again) is None
    found = {one.figure: (one.steps, one.size) for one in differences(first, again)}
    assert found == {"bits_per_token": (6, 0.0), "held_out_bits_per_token": (1, 0.0)}


def test_another_seed_goes_another_way(tmp_path: Path) -> None:
    trained(tmp_path / "one", tmp_path / "own.jsonl")
    trained(tmp_path / "other", tmp_path / "own.jsonl", seed=6)
    first, second = (read_curve(tmp_path / name) for name in ("one", "other"))
    assert other_batches(first, second) is not None
    bits, _ = differences(first, second)
    assert bits.size == max(
        abs(first[step]["bits_per_token"] - second[step]["bits_per_token"]) for step in range(1, 11)
    )
    assert bits.size > 0.001


def test_what_is_no_log_and_what_has_no_step_in_common_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"step":1,"bits_per_token":2.0}\n')
    (tmp_path / "b.jsonl").write_text('{"step":2,"bits_per_token":2.0}\n')
    with pytest.raises(InvalidInput, match="no step in common"):
        differences(read_curve(tmp_path / "a.jsonl"), read_curve(tmp_path / "b.jsonl"))
    (tmp_path / "a.jsonl").write_text('{"step":1}\n{"steps":1}\n')
    with pytest.raises(UnreadableFile, match="line 2"):
        read_curve(tmp_path / "a.jsonl")
    with pytest.raises(UnreadableFile):
        read_curve(tmp_path)
