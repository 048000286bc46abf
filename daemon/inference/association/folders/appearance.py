"""What simulated people look like to an embedder, calibrated on Market-1501 (Zheng et al., ICCV 2015).

A person's vector has a part that it shares with its look-alikes and a part of its own; a camera adds a bias and each
picture noise, whose scale is log-normal: good views and poor ones. With these defaults the protocol of Market-1501 (750
people, 6 cameras, 6,600 distractors) gives rank-1 .95 and mAP .83 at width 64; one scale of noise cannot fit both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from daemon.inference.association.folders.bounds import require, require_share
from daemon.inference.association.folders.chance import Stream, chance

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK_NUMBERS: Final = 4_194_304  # 16 MB
_IDENTITIES, _NOISE, _SHARED = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppearanceSettings:
    """How vectors come about. look_alikes: groups of people; alike: share of the square length that a group shares.

    noise: scale of the noise of a picture, median; noise_deviation: of its logarithm; camera_bias: length.
    repeat_alike: share of the noise that pictures of one passage have in common.
    """

    width: int = 64
    look_alikes: int = 60
    alike: float = 0.3
    camera_bias: float = 0.25
    noise: float = 0.72
    noise_deviation: float = 0.5
    repeat_alike: float = 0.5

    def __post_init__(self) -> None:
        require("width", self.width, 2, 8_192)
        require("look_alikes", self.look_alikes, 1, 1_000_000)
        require_share("alike", self.alike)
        require("camera_bias", self.camera_bias, 0.0, 10.0)
        require("noise", self.noise, 0.0, 10.0)
        require("noise_deviation", self.noise_deviation, 0.0, 3.0)
        require_share("repeat_alike", self.repeat_alike)


#: Faces have neither look-alikes nor a bias of the camera, and less noise.
FACES: Final = AppearanceSettings(width=32, look_alikes=1, alike=0.0, camera_bias=0.0, noise=0.62, noise_deviation=0.1)


class Pictures(NamedTuple):
    """n pictures. persons, cameras: int32 (n,). scales: float32 (n,), of their noise. passages: int64 (n,) or None."""

    persons: NDArray[np.int32]
    cameras: NDArray[np.int32]
    scales: NDArray[np.float32]
    passages: NDArray[np.int64] | None = None


class Appearance:
    """Makes vectors of people. stream: BODY or FACE."""

    def __init__(self, settings: AppearanceSettings, people: int, cameras: int, seed: int, stream: Stream) -> None:
        self._settings, self._chance = settings, partial(chance, seed, stream)
        self._block = _BLOCK_NUMBERS // settings.width
        drawn = self._chance(_IDENTITIES)
        self._centres = _about_unit(drawn, settings.look_alikes, settings.width)
        self._bias = np.float32(settings.camera_bias) * _about_unit(drawn, cameras, settings.width)
        self._identities = self._people(people, drawn)

    def _people(self, people: int, drawn: np.random.Generator) -> NDArray[np.float32]:
        settings = self._settings
        own = np.empty((people, settings.width), dtype=np.float32)
        for start in range(0, people, self._block):
            block = own[start : start + self._block]
            block[:] = _about_unit(drawn, len(block), settings.width)
            block *= np.float32(np.sqrt(1 - settings.alike))
            group = drawn.integers(settings.look_alikes, size=len(block))
            block += np.float32(np.sqrt(settings.alike)) * self._centres[group]
        return own

    def blocks(self, pictures: Pictures) -> Iterator[NDArray[np.float16]]:
        """Yield the vectors of pictures, float16 (m, width), unit length, in their order."""
        shared = self._shared(pictures.passages)
        for number, start in enumerate(range(0, len(pictures.persons), self._block)):
            some = slice(start, start + self._block)
            drawn = self._chance(_NOISE, number)
            vectors = drawn.standard_normal((len(pictures.persons[some]), self._settings.width), dtype=np.float32)
            if shared is not None and pictures.passages is not None:
                alike = self._settings.repeat_alike
                vectors *= np.float32(np.sqrt(1 - alike))
                vectors += np.float32(np.sqrt(alike)) * shared[pictures.passages[some]]
            vectors *= pictures.scales[some, None] * np.float32(self._settings.width**-0.5)
            vectors += self._identities[pictures.persons[some]]
            vectors += self._bias[pictures.cameras[some]]
            yield _normalised(vectors).astype(np.float16)

    def vectors(self, pictures: Pictures) -> NDArray[np.float16]:
        """Return the vectors of n pictures, float16 (n, width), unit length."""
        made = np.empty((len(pictures.persons), self._settings.width), dtype=np.float16)
        start = 0
        for block in self.blocks(pictures):
            made[start : start + len(block)] = block
            start += len(block)
        return made

    def _shared(self, passages: NDArray[np.int64] | None) -> NDArray[np.float32] | None:
        """Return the noise that pictures of one passage have in common, by passage."""
        if passages is None or not passages.size:
            return None
        drawn = self._chance(_SHARED)
        return drawn.standard_normal((int(passages.max()) + 1, self._settings.width), dtype=np.float32)


def draw_scales(settings: AppearanceSettings, count: int, drawn: np.random.Generator) -> NDArray[np.float32]:
    """Draw how noisy pictures are, float32 (count,)."""
    deviations = drawn.standard_normal(count, dtype=np.float32)
    scales: NDArray[np.float32] = np.float32(settings.noise) * np.exp(np.float32(settings.noise_deviation) * deviations)
    return scales


def _about_unit(drawn: np.random.Generator, count: int, width: int) -> NDArray[np.float32]:
    """Draw vectors (count, width) whose mean square length is 1: some people stand out more than others."""
    return drawn.standard_normal((count, width), dtype=np.float32) * np.float32(width**-0.5)


def _normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors
