"""Opening an embedder by what the configuration names."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import structlog

from daemon.errors import Unavailable
from daemon.inference.association.pictures.network_embedder import BATCH
from daemon.inference.association.pictures.self_check import self_check
from daemon.inference.association.pictures.stripes import NAME as STRIPES
from daemon.inference.association.pictures.stripes import StripeHistogram
from daemon.inference.association.pictures.weight_file import ONNX, WeightFile, read_weight_file
from daemon.ports.sightings import Embedder

#: What a configuration may call the histogram.
_STRIPES: Final = (STRIPES, "stripes")

log = structlog.get_logger()


def open_embedder(model: str | Path, *, batch: int = BATCH) -> Embedder:
    """Return the embedder of a name or a path, read, checked against its manifest and tried.

    model: "stripe-histogram" or "stripes", or a path to weights, to their manifest, or to a folder with one of them.
    Blocking, for a thread of port Offload: it takes about a second. Raises NotFound, UnreadableFile, InvalidInput that
    says what is wrong with the weights, and Unavailable where they need a package that is not installed.
    """
    embedder = StripeHistogram() if str(model) in _STRIPES else _by_network(read_weight_file(Path(model)), batch)
    self_check(embedder)
    log.info("embedder.opened", model=embedder.model_id, width=embedder.width, batch=embedder.batch)
    return embedder


def _by_network(file: WeightFile, batch: int) -> Embedder:
    if file.path.suffix == ONNX:
        from daemon.inference.association.pictures.onnx_embedder import OnnxEmbedder  # noqa: PLC0415 needs onnxruntime

        return OnnxEmbedder(file, batch)
    if missing := [name for name in ("torch", "safetensors") if find_spec(name) is None]:
        told = "export it to ONNX where they are, or `pip install 'zhiban[train]'`"
        raise Unavailable(f"{file.path}: this kind of weights needs {' and '.join(missing)}: {told}")
    from daemon.inference.association.pictures.torch_embedder import TorchEmbedder  # noqa: PLC0415 needs torch

    return TorchEmbedder(file, batch)
