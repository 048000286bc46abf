"""The file that the daemon loads: whole, the same each time, never in place of a better one when something fails."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("opencc")

from daemon.errors import Conflict, InvalidInput, NotFound, StoreFull, UnreadableFile, ZhibanError
from daemon.inference.chat.loading import RETRIEVAL
from daemon.inference.chat.retrieval import Retrieval, fitness
from daemon.inference.chat.serving import model_files
from daemon.inference.chat.serving.models import load_model
from daemon.inference.chat.sources import source_of
from daemon.inference.chat.tokenizer import prepared, written
from daemon.inference.chat.training import packaging
from daemon.inference.chat.training.finished import read_finished
from daemon.inference.chat.training.fitness import unfit
from daemon.inference.chat.training.packaging import LOG, NOTICES, package, writable
from daemon.inference.chat.training.preparation import Prepared, prepare
from tests.unit.inference.chat.serving.models import search
from tests.unit.inference.chat.training.small_training import SHAPE, TALK, contents, trained


class Trained(NamedTuple):
    folder: Path
    prepared: Prepared


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("trained")
    _, prepared = trained(folder / "into", folder / "own.jsonl")
    return Trained(folder / "into", prepared)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "model.zip"


@pytest.fixture
def folder(training: Trained, tmp_path: Path) -> Path:
    """A copy, to be broken."""
    shutil.copytree(training.folder, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_packaged_model_is_loaded_speaks_and_looks_replies_up(training: Trained, into: Path) -> None:
    made = package(read_finished(training.folder), training.prepared, into)
    model = load_model(into)
    assert into.stat().st_size == made.size
    assert model.card == made.card
    (replies,) = search(model.steps).run([source_of(model.tokenizer, ["hello there"])])
    assert replies
    index = Retrieval(model.files[RETRIEVAL])
    assert len(index) == len(TALK)
    for said, reply in TALK.items():
        found = index.candidates([said], "en" if said.isascii() else "zh", 1)[0]
        assert found.text == written(prepared(reply))
        assert found.score == fitness(found.text, asked=False)  # the same words, so nothing else takes from it


def test_the_card_tells_what_the_model_is_of(training: Trained, into: Path) -> None:
    finished = read_finished(training.folder)
    card = package(finished, training.prepared, into, name="mine").card
    facts = card.training
    assert (card.name, card.precision, card.languages) == ("mine", "int8", ("en", "zh"))
    assert card.licence == "LicenseRef-own-corpus"
    assert not facts["redistributable"]
    assert facts["recipe_sha256"] == finished.recipe.sha256
    assert facts["data_sha256"] == finished.standing.data
    assert (facts["seed"], facts["step"], facts["steps"]) == (5, finished.best.step, 10)
    assert facts["index"]["pairs"] == len(TALK)
    assert set(facts["versions"]) >= {"python", "torch"}
    assert msgspec.json.decode(msgspec.json.encode(card), type=model_files.Card) == card


def test_log_and_notices_come_with_it(training: Trained, into: Path) -> None:
    made = package(read_finished(training.folder), training.prepared, into)
    files = load_model(into).files
    assert files[LOG] == (training.folder / "metrics.jsonl").read_bytes()
    assert made.notices.read_bytes() == files[NOTICES]
    assert contents(into.parent) == {"model.zip", "model.notices.txt"}
    assert all(path.stat().st_mode & 0o044 for path in into.parent.iterdir())


def test_the_same_training_gives_the_same_bytes(training: Trained, into: Path) -> None:
    package(read_finished(training.folder), training.prepared, into)
    before = into.read_bytes()
    again = prepare(read_finished(training.folder).recipe, None, unfit)
    package(read_finished(training.folder), again, into)
    assert into.read_bytes() == before


def test_pairs_go_where_there_is_no_room_and_canned_ones_last(training: Trained, into: Path) -> None:
    finished = read_finished(training.folder)
    whole = package(finished, training.prepared, into)
    most = whole.size + packaging._AROUND - whole.index // 3
    made = package(finished, training.prepared, into, most_bytes=most)
    facts = made.card.training["index"]
    assert made.size <= most
    assert 0 < facts["pairs"] < len(TALK)
    assert facts["left_out"]["no room"] == len(TALK) - facts["pairs"]
    before = into.read_bytes()
    with pytest.raises(InvalidInput, match="no room for an index"):
        package(finished, training.prepared, into, most_bytes=20_000)
    assert into.read_bytes() == before


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("place", "what", "error"),
    [(os, full, StoreFull), (packaging, killed, KeyboardInterrupt)],
    ids=["no room", "killed"],
)
def test_what_was_there_stays_when_it_cannot_be_written(
    training: Trained, into: Path, monkeypatch: pytest.MonkeyPatch, place: object, what: object,
    error: type[BaseException],
) -> None:  # fmt: skip
    into.write_bytes(b"the old one")
    monkeypatch.setattr(place, "fsync" if place is os else "load_model", what)
    with pytest.raises(error):
        package(read_finished(training.folder), training.prepared, into)
    assert into.read_bytes() == b"the old one"
    assert contents(into.parent) == {"model.zip"}


def test_other_corpora_than_were_learned_are_refused(training: Trained, into: Path) -> None:
    fewer = training.prepared._replace(learned=training.prepared.learned[1:])
    with pytest.raises(Conflict, match="not what this training learned from"):
        package(read_finished(training.folder), fewer, into)
    assert not contents(into.parent)


def emptied(name: str) -> Callable[[Path], None]:
    def empty(folder: Path) -> None:
        (folder / name).write_bytes(b"")

    return empty


def gone(pattern: str) -> Callable[[Path], None]:
    def go(folder: Path) -> None:
        for path in folder.glob(pattern):
            path.unlink()

    return go


def of_another_recipe(folder: Path) -> None:
    path = folder / "recipe.json"
    path.write_text(path.read_text().replace('"seed": 5', '"seed": 6'))


@pytest.mark.parametrize(
    ("broken", "error", "told"),
    [
        (gone("*"), NotFound, "no folder of a training"),
        (gone("best*"), NotFound, "not measured yet"),
        (emptied("best.safetensors"), UnreadableFile, "no weights can be read"),
        (emptied("recipe.json"), UnreadableFile, "not the recipe"),
        (emptied("tokenizer.model"), UnreadableFile, "tokenizer.model"),
        (gone("metrics*"), UnreadableFile, "metrics.jsonl"),
        (gone("checkpoint*"), UnreadableFile, "no checkpoint"),
        (of_another_recipe, UnreadableFile, "another recipe"),
    ],
)
def test_a_folder_that_is_absent_broken_or_half_trained_is_told(
    folder: Path, broken: Callable[[Path], None], error: type[ZhibanError], told: str
) -> None:
    broken(folder)
    with pytest.raises(error, match=told):
        read_finished(folder)


def test_weights_of_another_training_are_refused(folder: Path, tmp_path: Path) -> None:
    trained(tmp_path / "wider", tmp_path / "own.jsonl", shape={**SHAPE, "hidden": 32})
    shutil.copy(tmp_path / "wider" / "best.safetensors", folder)
    with pytest.raises(UnreadableFile, match="its shape is not that of the recipe"):
        read_finished(folder)


def test_a_shape_that_cannot_be_served_is_refused_before_any_work(tmp_path: Path) -> None:
    trained(tmp_path / "lstm", tmp_path / "own.jsonl", shape={**SHAPE, "cell": "lstm"})
    with pytest.raises(InvalidInput, match="can be trained, not served"):
        read_finished(tmp_path / "lstm")


def test_a_place_that_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no folder"):
        writable(tmp_path / "nowhere" / "model.zip")
