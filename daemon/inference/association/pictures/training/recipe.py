"""All that a training is told, so that whoever has the crops gets the same weights."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.manifest import Manifest, Three
from daemon.inference.association.pictures.osnet import CHANNELS


class Preparing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How pictures are prepared, as in Manifest. Mean and deviation are those of ImageNet."""

    height: int = 256
    width: int = 128
    colour: Literal["RGB", "BGR"] = "RGB"
    scale: Literal["0-1", "0-255"] = "0-1"
    mean: Three = (0.485, 0.456, 0.406)
    std: Three = (0.229, 0.224, 0.225)


class Augmentation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """flip, erase: how often (Zhong et al., 2020, section 3.2, for erasing).

    shift: by how much of its height and width a crop is off at most, as a detector's is. light: how much lighter or
    darker, and of another tint, a crop is at most, as parts of one.
    """

    flip: float = 0.5
    erase: float = 0.5
    shift: float = 0.05
    light: float = 0.2


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """people, pictures: a batch has so many pictures of each of so many people (Hermans et al., 2017, section 2).

    rate: the highest; it rises over `warmup` epochs and falls to 0 along half a cosine (Loshchilov and Hutter, 2017,
    section 3). smoothing: of labels (Szegedy et al., 2016, section 7). margin: of the triplet loss, between unit
    vectors. held_out: share of the people that are measured with and never learned. patience: epochs without a better
    mean average precision after which it ends. checkpoint_every: steps. start: sha256 of the weights that it begins
    with, "" for none.
    """

    architecture: str = "osnet_x0_25"
    seed: int = 1
    people: int = 16
    pictures: int = 4
    epochs: int = 60
    warmup: int = 3
    rate: float = 3e-3
    decay: float = 5e-4
    smoothing: float = 0.1
    margin: float = 0.3
    held_out: float = 0.2
    patience: int = 12
    checkpoint_every: int = 200
    start: str = ""
    preparing: Preparing = Preparing()
    augmentation: Augmentation = Augmentation()

    def __post_init__(self) -> None:
        if faults := [f"{key} is {given}, and must be {told}" for key, given, holds, told in self._must() if not holds]:
            raise InvalidInput("a training cannot be told this: " + "; ".join(faults))
        self.manifest("0" * 64, "none")

    @property
    def sha256(self) -> str:
        """Return a hash of all that it says."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    def manifest(self, sha256: str, licence: str) -> Manifest:
        """Return the manifest of weights that it ends in. Raises InvalidInput for a preparation that cannot be."""
        prepared = msgspec.to_builtins(self.preparing)
        name = self.architecture.replace("_", "-")
        told = {"name": name, "architecture": self.architecture, "sha256": sha256, "licence": licence, **prepared}
        return msgspec.convert(told, Manifest)

    def _must(self) -> list[tuple[str, object, bool, str]]:
        shares = {
            "smoothing": self.smoothing, "flip": self.augmentation.flip, "erase": self.augmentation.erase,
            "light": self.augmentation.light, "decay": self.decay,
        }  # fmt: skip
        counts = {
            "epochs": self.epochs, "patience": self.patience, "checkpoint_every": self.checkpoint_every,
        }  # fmt: skip
        return [
            ("architecture", self.architecture, self.architecture in CHANNELS, f"one of {', '.join(CHANNELS)}"),
            *((key, given, 0 <= given <= 1, "from 0 to 1") for key, given in shares.items()),
            *((key, given, given >= 1, "at least 1") for key, given in counts.items()),
            ("people", self.people, self.people >= 2, "at least 2, to tell apart"),
            ("pictures", self.pictures, self.pictures >= 2, "at least 2, to find alike"),
            ("seed", self.seed, 0 <= self.seed < 2**32, "from 0 to 4294967295"),
            ("warmup", self.warmup, self.warmup >= 0, "at least 0"),
            ("rate", self.rate, 0 < self.rate <= 1, "more than 0 and at most 1"),
            ("margin", self.margin, 0 < self.margin < 2, "more than 0 and less than 2"),
            ("held_out", self.held_out, 0 < self.held_out < 1, "more than 0 and less than 1"),
            ("shift", self.augmentation.shift, 0 <= self.augmentation.shift < 0.5, "from 0 to less than 0.5"),
        ]
