"""What embedders by a network share, whatever runs it: preparation before, unit length after, once each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.calibration import Calibration
from daemon.inference.association.pictures.manifest import Manifest
from daemon.inference.association.pictures.preparation import Floats, Preparation, check_crops, unit
from daemon.inference.association.pictures.quality import quality

#: Of one, a network of this size is not faster in larger batches on one thread, and more memory is read and written.
BATCH: Final = 8
_UNIT_WITHIN: Final = 1e-3


class NetworkEmbedder(ABC):
    """Port Embedder. width: of what the network gives; batch: pictures that it is given at a time."""

    def __init__(self, manifest: Manifest, width: int, batch: int) -> None:
        if batch < 1:
            raise InvalidInput(f"batch is {batch}, and must be at least 1")
        self.manifest = manifest
        self._prepare = Preparation(manifest)
        self._width, self._batch = width, batch

    @property
    def model_id(self) -> str:
        """The manifest's."""
        return self.manifest.model_id

    @property
    def width(self) -> int:
        """Length of a vector."""
        return self._width

    @property
    def batch(self) -> int:
        """Pictures at a time."""
        return self._batch

    @property
    def calibration(self) -> Calibration | None:
        """What cosines of this model mean, where that was measured."""
        return self.manifest.calibration

    def embed(self, crops: Sequence[Any]) -> Floats:
        """Return unit vectors (n, width) of n crops, uint8 RGB (h, w, 3). Raises InvalidInput naming the bad one."""
        check_crops(crops)
        parts = [self._embedded(crops[at : at + self._batch]) for at in range(0, len(crops), self._batch)]
        return self._unit(np.concatenate(parts)) if parts else np.empty((0, self._width), np.float32)

    def quality(self, crops: Sequence[Any]) -> Floats:
        """Return 0 to 1 for each crop."""
        return quality(crops)

    @abstractmethod
    def _forward(self, pictures: Floats) -> Floats:
        """Return what the network gives of prepared pictures (n, 3, height, width): (n, width)."""

    def _embedded(self, crops: Sequence[Any]) -> Floats:
        return self._forward(self._prepare(crops))

    def _unit(self, vectors: Floats) -> Floats:
        if self.manifest.l2:
            lengths = np.linalg.norm(vectors, axis=1)
            if not (np.abs(lengths - 1) <= _UNIT_WITHIN).all():
                told = (
                    f"the manifest says that it gives unit vectors (l2), and {lengths.min():.4g} is the length of one"
                )
                raise InvalidInput(f"{self.manifest.name}: {told}")
        return unit(vectors)
