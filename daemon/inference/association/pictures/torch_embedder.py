"""Embedding by OSNet in torch, on one thread."""

from __future__ import annotations

import torch

from daemon.inference.association.pictures.network_embedder import BATCH, NetworkEmbedder
from daemon.inference.association.pictures.preparation import Floats
from daemon.inference.association.pictures.weight_file import WeightFile
from daemon.inference.association.pictures.weights import load_osnet


class TorchEmbedder(NetworkEmbedder):
    """Port Embedder. Raises what load_osnet raises.

    onnxruntime gives the same vectors at twice the speed: this is for weights that were not exported.
    """

    def __init__(self, file: WeightFile, batch: int = BATCH) -> None:
        self._network = load_osnet(file)
        torch.set_num_threads(1)  # two on a busy machine of two cores take 40 times as long
        super().__init__(file.manifest, self._network.width, batch)

    def _forward(self, pictures: Floats) -> Floats:
        with torch.inference_mode():
            vectors: Floats = self._network(torch.from_numpy(pictures)).numpy()
        return vectors
