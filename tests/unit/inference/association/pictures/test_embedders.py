"""Embedders: one way of preparing, one vector a picture, and the same from torch and from ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

import torch
from onnx import TensorProto, helper
from PIL import Image

from daemon.config import AssociationSection
from daemon.errors import InvalidInput, NotFound, UnreadableFile
from daemon.inference.association.pictures.onnx_embedder import OnnxEmbedder
from daemon.inference.association.pictures.onnx_export import exported
from daemon.inference.association.pictures.osnet import OSNet
from daemon.inference.association.pictures.preparation import Preparation, unit
from daemon.inference.association.pictures.registry import open_embedder
from daemon.inference.association.pictures.stripes import StripeHistogram
from daemon.inference.association.pictures.torch_embedder import TorchEmbedder
from daemon.inference.association.pictures.weight_file import WeightFile
from daemon.ports.sightings import Embedder
from tests.unit.inference.association.pictures.network_kit import (
    IMAGENET,
    crops,
    fitted,
    manifest,
    write,
    write_safetensors,
)


@pytest.fixture(scope="module")
def network() -> OSNet:
    return fitted()


@pytest.fixture(scope="module")
def graph(network: OSNet) -> bytes:
    return exported(network, 64, 32)


def by_onnx(content: bytes, batch: int = 8, **changes: Any) -> OnnxEmbedder:
    return OnnxEmbedder(WeightFile(Path("osnet.onnx"), manifest(content, **changes), content), batch)


@pytest.fixture(scope="module")
def embedders(network: OSNet, graph: bytes, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Embedder]:
    folder = tmp_path_factory.mktemp("weights")
    return {
        "onnx": open_embedder(write(folder / "osnet.onnx", graph)),
        "torch": open_embedder(write_safetensors(folder, network)),
        "stripes": open_embedder("stripe-histogram"),
    }


@pytest.mark.parametrize("kind", ["onnx", "torch", "stripes"])
def test_each_answers_the_port(embedders: dict[str, Embedder], kind: str) -> None:
    embedder, pictures = embedders[kind], crops(19)
    vectors = embedder.embed(pictures)
    assert vectors.shape == (19, embedder.width)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(embedder.embed(pictures), vectors)
    np.testing.assert_allclose(embedder.embed(pictures[7:8]), vectors[7:8], atol=1e-5)
    assert embedder.embed([]).shape == (0, embedder.width)
    assert embedder.quality(pictures).shape == (19,)
    assert embedder.batch >= 1


@pytest.mark.parametrize("kind", ["onnx", "torch", "stripes"])
@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((9, 9), np.uint8), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3), np.float32),
        np.zeros((0, 9, 3), np.uint8), [[1]], None,
    ],
)  # fmt: skip
def test_a_bad_picture_is_named_and_none_is_embedded(embedders: dict[str, Embedder], kind: str, bad: Any) -> None:
    with pytest.raises(InvalidInput, match="crop 2 is") as refused:
        embedders[kind].embed([*crops(2), bad])
    assert refused.value.faults == (("crops.2", "not an RGB picture"),)


def test_torch_and_onnx_give_the_same_vectors_under_other_ids(embedders: dict[str, Embedder]) -> None:
    pictures = crops(9)
    np.testing.assert_allclose(embedders["torch"].embed(pictures), embedders["onnx"].embed(pictures), atol=1e-4)
    assert embedders["torch"].model_id != embedders["onnx"].model_id


@pytest.mark.parametrize(
    "form",
    [{"head": "bottleneck", "projected": 40}, pytest.param({"architecture": "osnet_x1_0"}, marks=pytest.mark.slow)],
)
def test_every_form_is_exported_as_it_is(form: dict[str, Any]) -> None:
    network = fitted(**form).train()
    content = exported(network, 64, 32)
    assert network.training
    prepared = Preparation(manifest())(crops(3))
    embedder = by_onnx(content)
    with torch.inference_mode():
        expected = unit(network.eval()(torch.from_numpy(prepared)).numpy())
    np.testing.assert_allclose(unit(embedder._forward(prepared)), expected, atol=1e-4)
    assert embedder.width == network.width


def test_pictures_are_embedded_in_batches_of_the_size_asked_for(graph: bytes) -> None:
    pictures = crops(5)
    np.testing.assert_allclose(by_onnx(graph, 2).embed(pictures), by_onnx(graph, 5).embed(pictures), atol=1e-6)
    with pytest.raises(InvalidInput, match="batch is 0"):
        by_onnx(graph, 0)


def test_preparation_is_what_networks_are_trained_with() -> None:
    """Pillow's resizing with triangles, red first, divided by 255, mean and deviation taken off."""
    crop = crops(1)[0]
    mean, std = np.array(IMAGENET["mean"]), np.array(IMAGENET["std"])
    picture = np.asarray(Image.fromarray(crop).resize((32, 64), Image.Resampling.BILINEAR)) / 255
    expected = ((picture - mean) / std).transpose(2, 0, 1)
    np.testing.assert_allclose(Preparation(manifest())([crop])[0], expected, atol=1e-5)
    blue_first = Preparation(manifest(colour="BGR"))([crop])[0]
    np.testing.assert_allclose(blue_first, ((picture[:, :, ::-1] - mean) / std).transpose(2, 0, 1), atol=1e-5)


def test_a_network_that_prepares_by_itself_is_given_pictures_as_they_are() -> None:
    crop = np.full((64, 32, 3), 200, np.uint8)
    assert (Preparation(manifest(scale="0-255", mean=(0, 0, 0), std=(1, 1, 1)))([crop]) == 200).all()


def test_fine_patterns_do_not_alias_when_a_picture_shrinks() -> None:
    lines = np.zeros((640, 320, 3), np.uint8)
    lines[::2] = 255
    shrunk = Preparation(manifest(scale="0-255", mean=(0, 0, 0), std=(1, 1, 1)))([lines])
    assert np.abs(shrunk - 127.5).max() < 5


def test_pictures_that_do_not_lie_in_order_are_read_right(graph: bytes) -> None:
    crop = crops(1)[0]
    embedder = by_onnx(graph)
    np.testing.assert_array_equal(embedder.embed([np.asfortranarray(crop)]), embedder.embed([crop]))


def swapped_from(graph: bytes, colour: str) -> float:
    """Return the mean cosine of pictures to themselves with red and blue swapped, by a network for a colour order."""
    embedder, pictures = by_onnx(graph, colour=colour), crops(8)
    swapped = [np.ascontiguousarray(crop[:, :, ::-1]) for crop in pictures]
    return float((embedder.embed(pictures) * embedder.embed(swapped)).sum(1).mean())


def test_colour_order_is_the_manifests_and_counts(graph: bytes) -> None:
    """A query blue first against a gallery red first lost half of what was found, and nothing told of it."""
    red, blue = by_onnx(graph), by_onnx(graph, colour="BGR")
    pictures = crops(4)
    swapped = [np.ascontiguousarray(crop[:, :, ::-1]) for crop in pictures]
    np.testing.assert_allclose(blue.embed(swapped), red.embed(pictures), atol=1e-6)
    assert np.abs(blue.embed(pictures) - red.embed(pictures)).max() > 0.01
    assert red.model_id != blue.model_id
    assert swapped_from(graph, "RGB") < 0.99


def test_a_graph_that_is_none_is_refused() -> None:
    for content in (b"a text", b"\x08", b"\x00" * 99):
        with pytest.raises(UnreadableFile, match=r"osnet\.onnx: no ONNX graph"):
            by_onnx(content)


def test_a_graph_that_would_read_other_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.ones(6144, np.float32).tofile(tmp_path / "beside.bin")
    for place in ("beside.bin", str(tmp_path / "beside.bin")):
        weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[6144], data_location=TensorProto.EXTERNAL)
        weight.external_data.add(key="location", value=place)
        nodes = [helper.make_node("Flatten", ["x"], ["flat"]), helper.make_node("Mul", ["flat", "w"], ["y"])]
        with pytest.raises(UnreadableFile, match="no ONNX graph that can be run"):
            by_onnx(graph_of(["n", 3, 64, 32], ["n", 6144], nodes, [weight]))


def graph_of(
    given: list[Any], gives: list[Any], nodes: Sequence[Any] = (), weights: Sequence[Any] = (),
    kind: int = TensorProto.FLOAT,
) -> bytes:  # fmt: skip
    """Return a graph from "x" to "y", which lays a picture out flat unless it has nodes of its own."""
    inputs = [helper.make_tensor_value_info("x", kind, given)]
    outputs = [helper.make_tensor_value_info("y", kind, gives)]
    nodes = nodes or [helper.make_node("Flatten", ["x"], ["y"])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (graph_of(["n", 3, 256, 128], ["n", 98304]), r"\[n, 3, 64, 32\]"),
        (graph_of(["n", 64, 32, 3], ["n", 6144]), r"\[n, 3, 64, 32\]"),
        (graph_of(["n", 3], ["n", 3]), r"\[n, 3, 64, 32\]"),
        (graph_of(["n", 3, 64, 32], ["n", 6144], kind=TensorProto.DOUBLE), "float input"),
        (graph_of(["n", 3, 64, 32], ["n", 9], [helper.make_node("Size", ["x"], ["y"])]), r"osnet\.onnx"),
    ],
)
def test_a_graph_of_something_else_is_refused(content: bytes, told: str) -> None:
    with pytest.raises((InvalidInput, UnreadableFile), match=told):
        by_onnx(content)


def test_a_graph_of_a_fixed_batch_is_served_in_batches_of_that() -> None:
    embedder = by_onnx(graph_of([4, 3, 64, 32], [4, 6144]))
    assert (embedder.batch, embedder.width) == (4, 6144)
    pictures = crops(6)
    np.testing.assert_allclose(
        embedder.embed(pictures), by_onnx(graph_of(["n", 3, 64, 32], ["n", 6144])).embed(pictures)
    )


def test_unit_length_is_given_once_and_a_manifest_that_says_so_must_be_right() -> None:
    """Dot products of vectors that were never normalised were told as similarities above 1."""
    content = graph_of(["n", 3, 64, 32], ["n", 6144])
    raw = by_onnx(content)
    assert float(np.linalg.norm(raw._forward(Preparation(raw.manifest)(crops(1))))) > 2
    assert float(np.linalg.norm(raw.embed(crops(1)))) == pytest.approx(1)
    with pytest.raises(InvalidInput, match=r"gives unit vectors \(l2\)"):
        by_onnx(content, l2=True).embed(crops(1))


def test_a_vector_without_direction_is_told_of_and_never_stored() -> None:
    nothing = by_onnx(graph_of(["n", 3, 64, 32], ["n", 6144]), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    with pytest.raises(InvalidInput, match="crop 1: the network's vector is zero"):
        nothing.embed([*crops(1), np.zeros((9, 9, 3), np.uint8)])


def test_one_thread_serves_an_embedder(graph: bytes) -> None:
    options = by_onnx(graph)._session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_what_a_configuration_names_is_opened(tmp_path: Path, network: OSNet, graph: bytes) -> None:
    assert isinstance(open_embedder("stripe-histogram"), StripeHistogram)
    assert isinstance(open_embedder(AssociationSection().embedder), StripeHistogram)
    assert isinstance(open_embedder(str(write_safetensors(tmp_path, network))), TorchEmbedder)
    assert isinstance(open_embedder(write(tmp_path / "osnet.onnx", graph), batch=3), OnnxEmbedder)
    assert isinstance(open_embedder(tmp_path), OnnxEmbedder)  # the faster of the two
    with pytest.raises(NotFound, match="no such file of weights"):
        open_embedder("osnet")


def test_an_untrained_network_is_not_opened(tmp_path: Path) -> None:
    torch.manual_seed(2)
    with pytest.raises(InvalidInput, match="never trained, or pictures are scaled twice"):
        open_embedder(write_safetensors(tmp_path, OSNet().eval()))


def test_pictures_scaled_twice_are_found_out_at_the_start(tmp_path: Path) -> None:
    """A network for 0 to 255 that is given 0 to 1, as when both sides divide: cosines of .9999 for everybody."""
    network = fitted()
    with torch.no_grad():
        network.conv1.conv.weight /= 255
    path = write_safetensors(tmp_path, network, scale="0-1", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    with pytest.raises(InvalidInput, match="pictures are scaled twice"):
        open_embedder(path)


def test_weights_that_are_no_weights_are_not_opened(tmp_path: Path) -> None:
    for name in ("a.onnx", "b.pth", "c.safetensors"):
        with pytest.raises(UnreadableFile, match=name):
            open_embedder(write(tmp_path / name, b"hello, world: no weights at all"))
