"""From OSNet in torch to an ONNX graph."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import torch

from daemon.inference.association.pictures.osnet import OSNet


def exported(network: OSNet, height: int, width: int) -> bytes:
    """Return a graph that reads "pictures" (n, 3, height, width) and gives "vectors" (n, network.width), any n.

    Normalisation is folded into the convolutions before it. The network is left as it was.
    """
    training = network.training
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        written = Path(folder) / "network.onnx"
        # the other exporter needs onnxscript, and makes the same graph
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network.eval(), (torch.zeros(2, 3, height, width),), written, dynamo=False, opset_version=17,
            input_names=["pictures"], output_names=["vectors"],
            dynamic_axes={"pictures": {0: "n"}, "vectors": {0: "n"}},
        )  # fmt: skip
        content = written.read_bytes()
    network.train(training)
    return content
