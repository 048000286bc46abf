"""A graph of ONNX operators, written down node by node, so that it holds what is meant and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array: TypeAlias = NDArray[Any]
Dimensions: TypeAlias = Sequence[int | str]

_OPSETS = {"": 19, "com.microsoft": 1}
_IR_VERSION = 9
_TYPES = {"int64": TensorProto.INT64, "int32": TensorProto.INT32, "float": TensorProto.FLOAT, "int8": TensorProto.INT8}


class OnnxGraph:
    """A graph that grows. Values are known by name; a dimension is a number, or a name where it may vary."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._shared: dict[str, Array] = {}
        self._names: dict[str, str] = {}  # of values that are given out
        self._count = 0

    def input(self, name: str, kind: str, dimensions: Dimensions) -> str:
        """Declare an input; kind: "int64", "int32", "int8" or "float"."""
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[kind], dimensions))
        return name

    def output(self, value: str, name: str, kind: str, dimensions: Dimensions) -> None:
        """Give a node's value out under a name."""
        self._names[value] = name
        self._outputs.append(helper.make_tensor_value_info(name, _TYPES[kind], dimensions))

    def constant(self, value: Array, hint: str = "c") -> str:
        """Return the name of a constant."""
        name = self._fresh(hint)
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def shared(self, value: Array, name: str) -> str:
        """Return the name of a constant that the model leaves out: several models are given it when they are read."""
        self._shared[name] = value
        return name

    def ints(self, *values: int) -> str:
        """Return the name of a constant list of int64."""
        return self.constant(np.array(values, np.int64))

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add an operator with one output and return the output's name."""
        return self.nodes(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def nodes(self, kind: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any) -> tuple[str, ...]:
        """Add an operator with several outputs and return their names."""
        names = tuple(self._fresh(kind.lower()) for _ in range(outputs))
        self._nodes.append(helper.make_node(kind, list(inputs), list(names), domain=domain, **attributes))
        return names

    def finish(self, facts: Mapping[str, str]) -> bytes:
        """Return the checked model, with facts about it as its metadata. Raises onnx's own error for a wrong graph."""
        shared = [numpy_helper.from_array(value, name) for name, value in self._shared.items()]
        constants = [*self._constants, *shared]
        for node in self._nodes:
            for values in (node.input, node.output):
                values[:] = [self._names.get(value, value) for value in values]
        graph = helper.make_graph(self._nodes, self._name, self._inputs, self._outputs, constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="zhiban")
        helper.set_model_props(model, dict(facts))
        onnx.checker.check_model(model)
        for constant in model.graph.initializer[len(self._constants) :]:
            _leave_out(constant)
        return bytes(model.SerializeToString())

    def _fresh(self, hint: str) -> str:
        self._count += 1
        return f"{hint}_{self._count}"


def _leave_out(constant: onnx.TensorProto) -> None:
    constant.ClearField("raw_data")
    constant.data_location = TensorProto.EXTERNAL
    constant.external_data.add(key="location", value=constant.name)
