"""The graphs of a network, and the sessions that run them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import onnxruntime
from numpy.typing import NDArray

from daemon.errors import UnreadableFile

_CPUINFO: Final = Path("/proc/cpuinfo")


class Graphs(NamedTuple):
    """What a network is served by. encoder, step: ONNX models, both without the embeddings that they share.

    embeddings: [tokens, embedded], int8 or float32.
    """

    encoder: bytes
    step: bytes
    embeddings: NDArray[Any]


def session(model: bytes, embeddings: Any, what: str) -> onnxruntime.InferenceSession:
    """Return a session of one thread. embeddings: an OrtValue. Raises UnreadableFile for what is no such model."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # errors are raised; warnings would go to standard error beside the log
    if not _adds_in_32_bits():
        options.add_session_config_entry("session.x64quantprecision", "1")
    options.add_external_initializers(["embeddings"], [embeddings])
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # its dozen types have no other base
        raise UnreadableFile(f"{what}: no graph that can be run: {_first_line(problem)}") from problem


def _adds_in_32_bits() -> bool:
    """Tell whether the processor adds up products of eight bits as it should.

    Without VNNI onnxruntime adds pairs of them in sixteen bits, which overflow, unless it is told to be precise; told
    so, it takes twice as long with VNNI too.
    """
    try:
        flags = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "_vnni" in flags


def _first_line(problem: Exception) -> str:
    return str(problem).partition("\n")[0][:300]
