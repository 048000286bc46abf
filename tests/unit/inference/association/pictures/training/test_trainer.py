"""The training: it learns, it may be broken off anywhere, and it ends in what the daemon opens."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

import torch
from safetensors.torch import load_file
from torch import Tensor

from daemon.errors import Conflict, InvalidInput, StoreCorrupt, StoreFull, UnreadableFile
from daemon.inference.association.pictures.osnet import OSNet
from daemon.inference.association.pictures.registry import open_embedder
from daemon.inference.association.pictures.training.crops import Gathered
from daemon.inference.association.pictures.training.finishing import MODEL, finish
from daemon.inference.association.pictures.training.progress import Progress, Standing
from daemon.inference.association.pictures.training.trainer import BEST, METRICS, train
from daemon.inference.checkpoints import load_checkpoint, save_checkpoint
from daemon.inference.metrics_file import read_metrics
from tests.unit.inference.association.pictures.training.small_training import gathered, recipe, write_people


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Gathered:
    return gathered(write_people(tmp_path_factory.mktemp("people")), recipe())


def state(folder: Path) -> dict[str, Tensor]:
    found = load_checkpoint(folder, Standing)
    assert found is not None
    return found[1]


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def curve(folder: Path) -> list[dict[str, float | bool]]:
    return [{k: v for k, v in line.items() if k != "seconds"} for line in read_metrics(folder / METRICS)]


class After:
    """Asks for the end at the n-th time that it is asked itself."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.fixture(scope="module")
def unbroken(data: Gathered, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    assert train(recipe(), data, folder).ended == "epochs"
    return folder


def test_a_training_broken_off_anywhere_and_resumed_ends_as_an_unbroken_one(
    data: Gathered, unbroken: Path, tmp_path: Path
) -> None:
    breaks = 0
    for times in (0, 1, 200, 700, 1100, 2000, 10**6):  # a step asks about 1,000 times
        outcome = train(recipe(), data, tmp_path, stop=After(times))
        breaks += outcome.ended == "stopped"
    assert breaks >= 5
    assert outcome.ended == "epochs"
    assert same(state(unbroken), state(tmp_path))
    assert same(load_file(unbroken / BEST), load_file(tmp_path / BEST))
    assert curve(unbroken) == curve(tmp_path)


def test_a_training_that_died_goes_on_from_its_last_checkpoint(data: Gathered, unbroken: Path, tmp_path: Path) -> None:
    def die(progress: Progress) -> None:
        if progress.step == 5:
            raise MemoryError

    with pytest.raises(MemoryError):
        train(recipe(), data, tmp_path, observer=die)
    with (tmp_path / METRICS).open("ab") as file:
        file.write(b'{"step": 6, "los')
    train(recipe(), data, tmp_path)
    assert same(state(unbroken), state(tmp_path))
    assert curve(unbroken) == curve(tmp_path)


def test_progress_and_figures_are_told(data: Gathered, unbroken: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []

    def look(progress: Progress) -> None:
        seen.append(progress)

    train(recipe(), data, tmp_path, observer=look, steps=3)
    assert [one.step for one in seen] == [1, 2, 3]
    assert all(one.images_per_s > 0 and one.left_s > 0 and one.steps == 6 for one in seen)
    assert (seen[1].held_out, seen[2].held_out is None) == (None, False)
    lines = read_metrics(unbroken / METRICS)
    assert [line["step"] for line in lines if "held_out_mean_ap" in line] == [2, 4, 6]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4, 5, 6]


def test_it_ends_when_nothing_gets_better(data: Gathered, tmp_path: Path) -> None:
    outcome = train(recipe(epochs=50, patience=2, rate=1e-30, warmup=0, decay=0.0), data, tmp_path)
    assert outcome.ended == "patience"
    assert outcome.step == outcome.best_step + 2 * 2


@pytest.mark.slow
def test_people_it_never_saw_are_told_apart_and_the_model_is_opened(tmp_path: Path) -> None:
    how = recipe(epochs=30, people=6, patience=30, held_out=0.4)
    data = gathered(write_people(tmp_path / "people", people=20), how)
    (folder := tmp_path / "into").mkdir()
    outcome = train(how, data, folder)
    found = finish(how, data, folder, "CC0-1.0")
    assert outcome.best_ap is not None
    assert found.held_out.mean_ap == pytest.approx(outcome.best_ap, abs=1e-6)
    assert found.held_out.mean_ap > 0.7
    embedder = open_embedder(folder / MODEL)
    assert embedder.model_id == found.manifest.model_id
    by_torch = open_embedder(folder / MODEL / "osnet_x0_25.safetensors")
    pictures = [data.held_out.picture(number) for number in range(8)]
    np.testing.assert_allclose(embedder.embed(pictures), by_torch.embed(pictures), atol=1e-4)
    calibration = found.manifest.calibration
    assert calibration is not None
    assert calibration.same.mean > calibration.different.mean + calibration.different.sd


def test_what_learned_nothing_is_not_given_out(data: Gathered, tmp_path: Path) -> None:
    train(recipe(rate=1e-30, warmup=0, decay=0.0, epochs=1), data, tmp_path)
    with pytest.raises(InvalidInput, match="never trained"):
        finish(recipe(), data, tmp_path, "CC0-1.0")


def test_nothing_is_finished_before_the_first_epoch(data: Gathered, tmp_path: Path) -> None:
    train(recipe(), data, tmp_path, steps=1)
    with pytest.raises(UnreadableFile, match="no epoch has ended yet"):
        finish(recipe(), data, tmp_path, "CC0-1.0")


def test_it_begins_with_the_weights_that_it_is_given(data: Gathered, tmp_path: Path) -> None:
    torch.manual_seed(77)
    start = OSNet()
    before = start.conv1.conv.weight.detach().clone()
    train(recipe(start="a" * 64, rate=1e-30, warmup=0, decay=0.0), data, tmp_path, start=start, steps=1)
    assert torch.equal(state(tmp_path)["model.network.conv1.conv.weight"], before)


def test_another_recipe_or_other_crops_are_refused(data: Gathered, tmp_path: Path) -> None:
    train(recipe(), data, tmp_path, steps=1)
    with pytest.raises(Conflict, match=r"another recipe or other crops \(recipe\)"):
        train(recipe(epochs=9), data, tmp_path)
    with pytest.raises(Conflict, match=r"other crops \(crops\)"):
        train(recipe(), data._replace(sha256="other"), tmp_path)


def test_a_broken_checkpoint_is_refused(data: Gathered, tmp_path: Path) -> None:
    train(recipe(), data, tmp_path, steps=1)
    newest = max(tmp_path.glob("checkpoint-*.safetensors"))
    newest.write_bytes(newest.read_bytes()[:-20])
    with pytest.raises(StoreCorrupt, match=r"delete checkpoint-000000001\.json"):
        train(recipe(), data, tmp_path)


def test_a_full_disk_ends_it_and_the_last_checkpoint_is_kept(
    data: Gathered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(recipe(), data, tmp_path, steps=1)
    before = {path: path.read_bytes() for path in tmp_path.glob("checkpoint*")}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreFull, match="no room"):
            train(recipe(), data, tmp_path, steps=3)
    assert {path: path.read_bytes() for path in tmp_path.glob("checkpoint*")} == before
    assert train(recipe(), data, tmp_path, steps=2).step == 2


def test_a_loss_that_is_no_number_ends_it_and_is_never_written(data: Gathered, tmp_path: Path) -> None:
    train(recipe(), data, tmp_path, steps=1)
    found = load_checkpoint(tmp_path, Standing)
    assert found is not None
    found[1]["model.classifier.weight"][:] = torch.nan
    path = save_checkpoint(tmp_path, *found)
    written = path.read_bytes()
    with pytest.raises(InvalidInput, match="step 2: the loss is no number"):
        train(recipe(), data, tmp_path)
    assert path.read_bytes() == written
