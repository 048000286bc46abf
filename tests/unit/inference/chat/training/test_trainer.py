"""The training: it learns, and it may be broken off anywhere."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("sentencepiece")

import torch
from torch import Tensor

from daemon.errors import Conflict, InvalidInput, StoreCorrupt, StoreFull
from daemon.inference.chat.network.reference import TorchSteps, one_at_a_time
from daemon.inference.chat.network.weights import load_weights
from daemon.inference.chat.sources import source_of
from daemon.inference.chat.tokenizer import BOS, EOS, Tokenizer
from daemon.inference.chat.training.batches import EncodedPairs
from daemon.inference.chat.training.progress import Progress
from daemon.inference.chat.training.recipe import Optimisation
from daemon.inference.chat.training.schedule import rate_at
from daemon.inference.chat.training.standing import Standing
from daemon.inference.chat.training.trainer import BEST, METRICS, Data, train
from daemon.inference.checkpoints import KEPT, load_checkpoint, save_checkpoint
from daemon.inference.metrics_file import read_metrics
from tests.unit.inference.chat.training.small_training import TALK, contents, data, recipe, vocabulary


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return vocabulary()


@pytest.fixture(scope="module")
def small(tokenizer: Tokenizer) -> Data:
    return data(tokenizer)


def state(folder: Path) -> dict[str, Tensor]:
    found = load_checkpoint(folder, Standing)
    assert found is not None
    return found[1]


def curve(folder: Path) -> list[dict[str, float | bool]]:
    return [{k: v for k, v in line.items() if k != "seconds"} for line in read_metrics(folder / METRICS)]


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


class After:
    """Asks for the end at the n-th time that it is asked itself."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_a_small_corpus_is_learned_from_scratch_and_repeated(tokenizer: Tokenizer, small: Data, tmp_path: Path) -> None:
    outcome = train(recipe(course={"epochs": 60, "evaluate_every": 20}, shape={"dropout": 0.0}), small, tmp_path)
    assert outcome.ended == "epochs"
    assert outcome.best_bits is not None
    assert 2**outcome.best_bits < 1.05
    steps = TorchSteps(load_weights(tmp_path / BEST))
    for said, reply in TALK.items():
        best = one_at_a_time(steps, source_of(tokenizer, [said]), begin=BOS, end=EOS, width=3, longest=32)[0]
        assert best.tokens[:-1] == tuple(tokenizer.encode(reply))


def test_a_training_broken_off_anywhere_and_resumed_ends_as_an_unbroken_one(small: Data, tmp_path: Path) -> None:
    (unbroken := tmp_path / "unbroken").mkdir()
    first = train(recipe(), small, unbroken)
    (broken := tmp_path / "broken").mkdir()
    breaks = 0
    for times in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 90, 91, 144, 233, 10_000):
        outcome = train(recipe(), small, broken, stop=After(times))
        breaks += outcome.ended == "stopped"
    assert breaks > 4
    assert (outcome.ended, outcome.step, outcome.best_bits) == (first.ended, first.step, first.best_bits)
    assert same(state(unbroken), state(broken))
    assert same(load_weights(unbroken / BEST).state_dict(), load_weights(broken / BEST).state_dict())
    assert curve(unbroken) == curve(broken)


def test_a_training_that_died_goes_on_from_its_last_checkpoint(small: Data, tmp_path: Path) -> None:
    (unbroken := tmp_path / "unbroken").mkdir()
    train(recipe(), small, unbroken)

    def die(progress: Progress) -> None:
        if progress.step == 12:
            raise MemoryError

    (broken := tmp_path / "broken").mkdir()
    with pytest.raises(MemoryError):
        train(recipe(), small, broken, observer=die)
    with (broken / METRICS).open("ab") as file:
        file.write(b'{"step": 13, "bits_per')
    train(recipe(), small, broken)
    assert same(state(unbroken), state(broken))
    assert curve(unbroken) == curve(broken)


def test_another_seed_gives_other_weights(small: Data, tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 6)):
        (tmp_path / name).mkdir()
        changed = recipe()
        changed = type(changed)(**{f: getattr(changed, f) for f in changed.__struct_fields__ if f != "seed"}, seed=seed)
        train(changed, small, tmp_path / name, steps=2)
    assert not same(state(tmp_path / "a"), state(tmp_path / "b"))


def test_it_ends_when_nothing_gets_better_and_keeps_the_best_weights(small: Data, tmp_path: Path) -> None:
    course = {"epochs": 500, "evaluate_every": 1, "patience": 3}
    outcome = train(recipe(course=course, optimisation={"learning_rate": 0.3, "clip": 100.0}), small, tmp_path)
    assert outcome.ended == "patience"
    assert outcome.step == outcome.best_step + 3
    again = train(recipe(course=course, optimisation={"learning_rate": 0.3, "clip": 100.0}), small, tmp_path)
    assert (again.ended, again.step) == ("patience", outcome.step)
    best = [line for line in curve(tmp_path) if line.get("best")]
    assert best[-1]["step"] == outcome.best_step


def test_so_many_checkpoints_are_kept(small: Data, tmp_path: Path) -> None:
    train(recipe(course={"checkpoint_every": 1}), small, tmp_path)
    names = contents(tmp_path)
    assert sum(name.endswith(".json") for name in names) == KEPT
    assert sum(name.startswith("checkpoint") for name in names) == 2 * KEPT
    assert not [name for name in names if name.startswith(".")]


def test_a_folder_of_another_recipe_or_other_data_is_refused(small: Data, tmp_path: Path) -> None:
    train(recipe(), small, tmp_path, steps=3)
    with pytest.raises(Conflict, match="another recipe"):
        train(recipe(course={"epochs": 9}), small, tmp_path)
    other = Data(EncodedPairs([[5]], [[1, 7, 2]]), small.held_out, small.vocabulary)
    with pytest.raises(Conflict, match="another data"):
        train(recipe(), other, tmp_path)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("harm", [cut_short, flip, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_broken_checkpoint_is_refused_and_the_one_before_can_be_gone_on_from(
    small: Data, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    train(recipe(course={"checkpoint_every": 2}), small, tmp_path, steps=6)
    newest = max(tmp_path.glob("checkpoint-*.safetensors"))
    harm(newest)
    with pytest.raises(
        StoreCorrupt, match=r"delete checkpoint-000000006\.json to go on from checkpoint-000000004\.json"
    ):
        train(recipe(course={"checkpoint_every": 2}), small, tmp_path)
    newest.with_suffix(".json").unlink()
    assert train(recipe(course={"checkpoint_every": 2}), small, tmp_path, steps=7).step == 7


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"standing": 3}', b"\xff"])
def test_a_checkpoint_that_is_none_is_refused(small: Data, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint-000000009.json").write_bytes(content)
    with pytest.raises(StoreCorrupt, match="begin anew"):
        train(recipe(), small, tmp_path)


def test_a_full_disk_ends_it_and_the_last_checkpoint_is_kept(
    small: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(recipe(), small, tmp_path, steps=3)
    before = {path: path.read_bytes() for path in tmp_path.glob("checkpoint*")}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreFull, match="no room"):
            train(recipe(), small, tmp_path, steps=7)
    assert {path: path.read_bytes() for path in tmp_path.glob("checkpoint*")} == before
    assert not [name for name in contents(tmp_path) if name.startswith(".")]
    assert train(recipe(), small, tmp_path, steps=7).step == 7


def test_nothing_to_learn_or_to_measure_is_told(small: Data, tmp_path: Path) -> None:
    nothing = EncodedPairs([], [])
    with pytest.raises(InvalidInput, match="nothing to learn"):
        train(recipe(), small._replace(learned=nothing), tmp_path)
    with pytest.raises(InvalidInput, match="nothing to measure"):
        train(recipe(), small._replace(held_out=nothing), tmp_path)


def test_a_loss_that_is_no_number_ends_it_and_is_never_written(small: Data, tmp_path: Path) -> None:
    train(recipe(), small, tmp_path, steps=3)
    found = load_checkpoint(tmp_path, Standing)
    assert found is not None
    standing, tensors = found
    tensors["model.decoder.projection.bias"][:] = torch.nan
    path = save_checkpoint(tmp_path, standing, tensors)
    written = path.read_bytes()
    with pytest.raises(InvalidInput, match="step 4: the loss is no number"):
        train(recipe(), small, tmp_path)
    assert path.read_bytes() == written


def test_the_rate_rises_and_falls() -> None:
    how = Optimisation(learning_rate=1.0, warmup=10, decay="inverse_sqrt")
    assert rate_at(1, 100, how) == pytest.approx(0.1)
    assert rate_at(10, 100, how) == pytest.approx(1.0)
    assert rate_at(40, 100, how) == pytest.approx(0.5)
    how = Optimisation(learning_rate=1.0, warmup=0, decay="linear")
    assert [rate_at(step, 4, how) for step in (1, 2, 3, 4, 5)] == pytest.approx([1, 0.75, 0.5, 0.25, 0])
    assert rate_at(10**6, 4, Optimisation(learning_rate=1.0, decay="constant")) == 1.0
