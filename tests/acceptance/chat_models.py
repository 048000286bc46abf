"""Models of a few kilobytes for real daemons: one that is quick, and one of which each step takes long."""

from __future__ import annotations

import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from daemon.inference.chat.loading import RETRIEVAL
from daemon.inference.chat.serving.model_files import CARD, Card, write_model
from daemon.inference.chat.training.retrieval_index import build_index
from tests.unit.inference.chat.serving.models import files

PAIRS = [
    (["the kettle is broken"], "Then buy a new kettle."),
    (["水壶坏了"], "那就买个新的吧。"),
]  # fmt: skip
#: What no retrieval knows, so that the network alone has anything to say to it.
UNHEARD = "purple umbrellas sing quietly under seven wooden bridges"


@cache
def _files(seed: int) -> tuple[Card, dict[str, bytes]]:
    return files(seed)


def write(path: Path, *, seed: int = 1, rounds: int = 0, by_heart: bool = True) -> Path:
    """Write a model. rounds: products of 512 by 512 in each step beside its own; by_heart: whether with a retrieval."""
    card, contents = _files(seed)
    step = contents["step.onnx"]
    given = {**contents, "step.onnx": slowed(step, rounds) if rounds else step}
    write_model(path, card, given | ({RETRIEVAL: build_index(PAIRS)} if by_heart else {}))
    return path


def slowed(step: bytes, rounds: int) -> bytes:
    """Return the graph of a step with work in it that changes nothing but how long a reply takes.

    The one step with one token that a model is tried with when it is loaded is as quick as ever.
    """
    model = onnx.ModelProto.FromString(step)
    graph, size = model.graph, 512
    weights = (np.random.default_rng(0).normal(size=(size, size)) / size).astype(np.float32)
    inside = helper.make_graph(
        [helper.make_node("MatMul", ["slow_in", "slow_weights"], ["slow_product"]),
         helper.make_node("Tanh", ["slow_product"], ["slow_out"]),
         helper.make_node("Identity", ["slow_go"], ["slow_on"])],
        "round",
        [helper.make_tensor_value_info("slow_round", TensorProto.INT64, []),
         helper.make_tensor_value_info("slow_go", TensorProto.BOOL, []),
         helper.make_tensor_value_info("slow_in", TensorProto.FLOAT, [size, size])],
        [helper.make_tensor_value_info("slow_on", TensorProto.BOOL, []),
         helper.make_tensor_value_info("slow_out", TensorProto.FLOAT, [size, size])],
    )  # fmt: skip
    values = {"slow_weights": weights, "slow_most": np.array(rounds), "slow_begin": np.array(True),
              "slow_one": np.array([1]), "slow_nothing": np.zeros((), np.float32)}  # fmt: skip
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in values.items())
    last = next(node for node in graph.node if "scores" in node.output)
    last.output[0] = "quick_scores"
    graph.node.extend([
        helper.make_node("Greater", ["k", "slow_one"], ["slow_many"]),
        helper.make_node("Cast", ["slow_many"], ["slow_whether"], to=TensorProto.INT64),
        helper.make_node("Mul", ["slow_whether", "slow_most"], ["slow_counted"]),
        helper.make_node("ReduceSum", ["slow_counted"], ["slow_rounds"], keepdims=0),
        helper.make_node("Loop", ["slow_rounds", "slow_begin", "slow_weights"], ["slow_done"], body=inside),
        helper.make_node("ReduceSum", ["slow_done"], ["slow_sum"], keepdims=0),
        helper.make_node("Mul", ["slow_sum", "slow_nothing"], ["slow_zero"]),
        helper.make_node("Add", ["quick_scores", "slow_zero"], ["scores"]),
    ])  # fmt: skip
    return bytes(model.SerializeToString())


def spoiled(path: Path, how: str) -> None:
    """Make a model one that cannot be used: "cut", "changed", "foreign", "text", "newer" or "absent"."""
    whole = path.read_bytes()
    if how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "changed":
        with zipfile.ZipFile(path) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
        _written(path, contents | {"step.onnx": contents["encoder.onnx"]})
    elif how == "foreign":
        _written(path, {"weights.pt": b"\x80\x02}q\x00.", "config.json": b"{}"})
    elif how == "text":
        path.write_text("name,price\nkettle,5\n")
    elif how == "newer":
        with zipfile.ZipFile(path) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
        card: dict[str, Any] = msgspec.json.decode(contents[CARD])
        _written(path, contents | {CARD: json.dumps(card | {"format": 2, "voice": "new"}).encode()})
    else:
        path.unlink()


def _written(path: Path, contents: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
