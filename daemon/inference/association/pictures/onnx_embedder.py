"""Embedding by an ONNX graph, run by onnxruntime on the thread that asks and no other."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnxruntime

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.pictures.network_embedder import BATCH, NetworkEmbedder
from daemon.inference.association.pictures.preparation import Floats
from daemon.inference.association.pictures.weight_file import WeightFile

_INPUTS: Final = "tensor(float)"
#: Where weights outside of a graph are looked for: no manifest tells their checksum, so that none may be found.
_NOWHERE: Final = "/dev/null/none"


class OnnxEmbedder(NetworkEmbedder):
    """Port Embedder.

    Raises UnreadableFile for what is no graph that can be run, InvalidInput for one that does not read pictures of the
    manifest's size or does not give one vector for each.
    """

    def __init__(self, file: WeightFile, batch: int = BATCH) -> None:
        self._session = session(file.content, str(file.path))
        given, self._fixed = self._reads(file)
        self._input = given.name
        width = self._gives(file)
        super().__init__(file.manifest, width, self._fixed or batch)

    def _forward(self, pictures: Floats) -> Floats:
        count = len(pictures)
        if self._fixed and count < self._fixed:  # such a graph takes no fewer
            pictures = np.concatenate([pictures, np.zeros((self._fixed - count, *pictures.shape[1:]), np.float32)])
        vectors: Floats = self._session.run([self._output], {self._input: pictures})[0]
        return vectors[:count].reshape(count, -1)

    def _reads(self, file: WeightFile) -> tuple[Any, int]:
        """Return the graph's input and its fixed batch, 0 where any is taken."""
        inputs, manifest = self._session.get_inputs(), file.manifest
        shape = inputs[0].shape if len(inputs) == 1 else []
        expected = [3, manifest.height, manifest.width]
        fits = len(shape) == 4 and all(
            not isinstance(have, int) or have == want for have, want in zip(shape[1:], expected, strict=True)
        )
        if not fits or inputs[0].type != _INPUTS:
            found = "; ".join(f"{one.name} {one.type} {one.shape}" for one in inputs)
            told = f"the manifest tells of one float input [n, 3, {manifest.height}, {manifest.width}]"
            raise InvalidInput(f"{file.path}: the graph reads {found}, and {told}")
        return inputs[0], shape[0] if isinstance(shape[0], int) else 0

    def _gives(self, file: WeightFile) -> int:
        """Return how long the graph's vectors are, by trying."""
        outputs, manifest = self._session.get_outputs(), file.manifest
        self._output = outputs[0].name
        blank = np.zeros((self._fixed or 1, 3, manifest.height, manifest.width), np.float32)
        try:
            found = self._session.run([self._output], {self._input: blank})[0]
        except Exception as problem:  # its dozen types have no other base
            raise InvalidInput(f"{file.path}: the graph cannot read a picture: {_first_line(problem)}") from problem
        if (
            len(outputs) != 1
            or not isinstance(found, np.ndarray)
            or found.dtype != np.float32
            or len(found) != len(blank)
        ):
            told = f"the graph gives {', '.join(one.name for one in outputs)}, and must give one float vector a picture"
            raise InvalidInput(f"{file.path}: {told}")
        return int(found[0].size)


def session(content: bytes, what: str) -> onnxruntime.InferenceSession:
    """Return a session of one thread. Raises UnreadableFile for what is no graph that can be run."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", _NOWHERE)
    options.log_severity_level = 4  # errors are raised; warnings would go to standard error beside the log
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # its dozen types have no other base
        raise UnreadableFile(f"{what}: no ONNX graph that can be run: {_first_line(problem)}") from problem


def _first_line(problem: Exception) -> str:
    return str(problem).partition("\n")[0][:300]
