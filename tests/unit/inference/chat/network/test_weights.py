"""Files of weights."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `train`)")
pytest.importorskip("safetensors", reason="safetensors is not installed (extra `train`)")

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.network.shape import Shape
from daemon.inference.chat.network.weights import load_weights, read_notes, save_weights
from tests.unit.inference.chat.network.small import CELLS, HANDINGS, network, pairs_loss, shape, train


def written(path: Path, own_shape: Shape | None = None, metadata: Mapping[str, str] | None = None) -> Path:
    """Write a network's tensors with metadata that may be wrong."""
    model = network()
    own = {"format": "zhiban.seq2seq", "version": "1", "shape": msgspec.json.encode(own_shape or model.shape).decode()}
    save_file(dict(model.state_dict()), path, {**own, **(metadata or {})})
    return path


@pytest.mark.parametrize("handing", HANDINGS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("tied", [True, False])
def test_a_network_comes_back_as_it_was_and_ready_to_reply(cell: str, handing: str, tied: bool, tmp_path: Path) -> None:
    model = network(cell=cell, handing=handing, tied=tied, context="transformed_all", dropout=0.3)
    save_weights(model, tmp_path / "weights", {"seed": "1", "format": "cannot be chosen"})
    back = load_weights(tmp_path / "weights")

    assert back.shape == model.shape
    assert not back.training
    for name, weight in model.state_dict().items():
        assert torch.equal(back.state_dict()[name], weight)
    assert read_notes(tmp_path / "weights") == (model.shape, {"seed": "1"})
    assert pairs_loss(back, [((3,), (4,))]).nats == pairs_loss(model.eval(), [((3,), (4,))]).nats


def test_a_network_that_came_back_goes_on_learning(tmp_path: Path) -> None:
    save_weights(network(), tmp_path / "weights")
    told = train(load_weights(tmp_path / "weights"), [((3,), (4,))], 10)

    assert told[-1] < told[0]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xff" * 100, b"\x80\x04}q\x00.", b"{}" * 9])
def test_what_is_no_file_of_weights_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(content)

    for read in (load_weights, read_notes):
        with pytest.raises(UnreadableFile, match="no weights can be read"):
            read(path)


@pytest.mark.parametrize("name", ["absent", "."])
def test_what_is_not_there_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no weights can be read"):
        load_weights(tmp_path / name)


@given(cut=st.integers(0, 1))
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_cut_anywhere_is_refused(cut: int, tmp_path: Path) -> None:
    path = written(tmp_path / "weights")
    whole = path.read_bytes()
    for kept in range(cut, len(whole), 211):
        path.write_bytes(whole[:kept])
        with pytest.raises(UnreadableFile):
            load_weights(path)


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({"format": "pt"}, "something else"),
        ({"version": "2"}, "written in version 2; this program reads up to 1"),
        ({"version": "one"}, "must be a number"),
        ({"version": ""}, "must be a number"),
        ({"shape": "{"}, "the shape that it names"),
        ({"shape": "{}"}, "vocabulary"),
        ({"shape": '{"vocabulary": 0}'}, "vocabulary"),
        ({"shape": '{"vocabulary": 9, "cell": "x"}'}, "the shape that it names"),
        ({"shape": "\ud7ff"}, "the shape that it names"),
    ],
)
def test_a_file_of_something_else_or_newer_is_refused(metadata: dict[str, str], problem: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=problem):
        load_weights(written(tmp_path / "weights", metadata=metadata))


def test_weights_without_our_metadata_are_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(3)}, tmp_path / "weights")

    with pytest.raises(UnreadableFile, match="something else"):
        load_weights(tmp_path / "weights")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"vocabulary": 1_000_000, "embedding": 4096, "hidden": 8192}, "embeddings.weight is .13, 8. float32"),
        ({"handing": "first_state"}, "in excess: decoder.handing.attention.key.weight"),
        ({"encoder_layers": 2}, "missing or in excess: encoder"),
        ({"cell": "lstm"}, r"\[18, 8\] float32 where \[24, 8\]"),
    ],
)
def test_weights_of_another_shape_than_the_file_names_are_refused(
    changes: dict[str, object], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableFile, match=problem):
        load_weights(written(tmp_path / "weights", own_shape=shape(**changes)))


@pytest.mark.parametrize(("spoilt", "problem"), [(torch.nan, "not finite"), (None, "float16")])
def test_numbers_that_cannot_be_used_are_refused(spoilt: float | None, problem: str, tmp_path: Path) -> None:
    model = network()
    tensors = dict(model.state_dict())
    bias = tensors["softmax.bias"].clone()
    tensors["softmax.bias"] = bias.half() if spoilt is None else bias.fill_(spoilt)
    own = {"format": "zhiban.seq2seq", "version": "1", "shape": msgspec.json.encode(model.shape).decode()}
    save_file(tensors, tmp_path / "weights", own)

    with pytest.raises(UnreadableFile, match=problem):
        load_weights(tmp_path / "weights")


def test_a_network_gone_wrong_is_not_written_over_a_good_one(tmp_path: Path) -> None:
    path = written(tmp_path / "weights")
    good, model = path.read_bytes(), network()
    with torch.no_grad():
        model.softmax.bias[0] = torch.inf

    with pytest.raises(InvalidInput, match=r"softmax\.bias"):
        save_weights(model, path)

    assert path.read_bytes() == good


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "weights")
    good = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_weights(network(seed=9), path)

    assert path.read_bytes() == good
    assert list(tmp_path.iterdir()) == [path]
