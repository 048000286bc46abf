"""The model that comes with the daemon: whole, small, free to be passed on, and the one that the documents tell of."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("sentencepiece")

from daemon.inference.chat.loading import PACKAGED, RETRIEVAL
from daemon.inference.chat.retrieval import Retrieval
from daemon.inference.chat.serving.models import Model, load_model

MODEL = PACKAGED
HOUSE = Path(__file__).parents[4]
MOST_BYTES = 16_000_000


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(MODEL)


def test_it_loads_and_is_small(model: Model) -> None:
    assert MODEL.stat().st_size <= MOST_BYTES
    assert model.card.precision == "int8"
    assert model.card.languages == ("en", "zh")
    pairs = model.card.training["index"]["pairs"]
    assert len(Retrieval(model.files[RETRIEVAL])) == pytest.approx(pairs, rel=0.001)
    assert pairs > 50_000


def test_it_may_be_passed_on_and_its_notices_go_with_it(model: Model) -> None:
    assert model.card.training["redistributable"]
    assert "own-corpus" not in model.card.licence
    notices = MODEL.with_suffix(".notices.txt").read_bytes()
    assert notices == model.files["notices.txt"]
    for source in model.card.training["sources"]:
        assert source["source"] in notices.decode()


def test_it_is_of_the_recipe_that_ships(model: Model) -> None:
    pytest.importorskip("torch")
    from daemon.inference.chat.training.recipe import read_recipe

    assert model.card.training["recipe_sha256"] == read_recipe("shipped").sha256


def test_a_wheel_brings_it() -> None:
    pyproject = tomllib.loads((HOUSE / "pyproject.toml").read_text())
    shipped = pyproject["tool"]["setuptools"]["package-data"]["daemon"]
    for path in (MODEL, MODEL.with_suffix(".notices.txt")):
        assert str(path.relative_to(HOUSE / "daemon")) in shipped


def test_the_documents_tell_of_this_model_and_no_other(model: Model) -> None:
    page = (HOUSE / "docs" / "model-card.md").read_text()
    assert hashlib.sha256(MODEL.read_bytes()).hexdigest() in page
    assert model.card.training["weights_sha256"] in page
    assert (HOUSE / "docs" / "model" / "training-log.jsonl").read_bytes() == model.files["training-log.jsonl"]
