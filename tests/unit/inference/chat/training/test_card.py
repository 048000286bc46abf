"""The page about a model."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("opencc")
pytest.importorskip("sacrebleu")

from daemon.cli import main
from daemon.inference.chat.training.card import cell, table
from daemon.inference.chat.training.finished import read_finished
from daemon.inference.chat.training.held_out_talk import by_hash
from daemon.inference.chat.training.packaging import package
from daemon.inference.chat.training.pairs import Pair
from tests.unit.inference.chat.training.small_training import PAIRS, TALK, trained


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("carded")
    _, prepared = trained(folder / "into", folder / "own.jsonl")
    package(read_finished(folder / "into"), prepared, folder / "model.zip")
    return folder


def card(folder: Path, *more: str) -> str:
    given = ["chat", "card", "--from", str(folder / "into"), "--model", str(folder / "model.zip"), *more]
    shown = CliRunner().invoke(main, given)
    assert shown.exit_code == 0, shown.output
    return shown.output


def test_the_page_tells_what_is_in_the_files_and_what_was_measured(folder: Path) -> None:
    text = card(folder, "--replies", "8", "--log", str(folder / "model" / "log.jsonl"))
    facts = read_finished(folder / "into")
    for told in (
        hashlib.sha256((folder / "model.zip").read_bytes()).hexdigest(), facts.recipe.sha256, facts.standing.data,
        facts.best.sha256, "bits per character", "in eight bits, as served", "| English | 8 |", "| Chinese | 8 |",
    ):  # fmt: skip
        assert told in text
    course = text[text.index("## The course") : text.index("## Doing it again")]
    assert len([line for line in course.splitlines() if line.startswith("| ")]) == 1 + 10
    shown = text[text.index("## Replies, not selected") :]
    assert len([line for line in shown.splitlines() if line.startswith("| ")]) == 2 * (1 + 8)
    assert all(cell(said) in shown for said in TALK)
    assert (folder / "model" / "log.jsonl").read_bytes() == facts.log


def test_the_same_files_give_the_same_page(folder: Path) -> None:
    assert card(folder, "--replies", "3") == card(folder, "--replies", "3")


def test_a_model_of_other_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    trained(tmp_path / "into", tmp_path / "own.jsonl", seed=6)
    given = ["chat", "card", "--from", str(tmp_path / "into"), "--model", str(folder / "model.zip")]
    shown = CliRunner().invoke(main, given)
    assert (shown.exit_code, "package it again" in shown.output) == (1, True)


def test_replies_are_taken_by_hash_in_whatever_order_pairs_come() -> None:
    found = by_hash(PAIRS, "en", 5)
    assert found == by_hash(reversed(PAIRS), "en", 5)
    assert len(found) == 5
    assert by_hash([Pair(("a",), "b", "zh", "own")], "en", 5) == []


def test_nothing_that_is_said_is_markup() -> None:
    (row,) = table(("said", "reply"), [("a | b\nc", "<img> `*_[x](y)`")]).splitlines()[2:]
    assert row == "| a \\| b c | &lt;img> \\`\\*\\_\\[x\\](y)\\` |"
    assert msgspec.json.encode(cell(12345)) == b'"12,345"'
