"""A small network whose vectors tell pictures apart, without having been trained, and its files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

import torch
from safetensors.torch import save
from torch import nn

from daemon.inference.association.pictures.manifest import Manifest, written_manifest
from daemon.inference.association.pictures.osnet import OSNet
from daemon.inference.association.pictures.preparation import Preparation
from daemon.inference.association.pictures.self_check import drawn_figures

torch.set_num_threads(1)  # two take many times as long where another process works

IMAGENET: dict[str, Any] = {"scale": "0-1", "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


def manifest(content: bytes = b"", **changes: Any) -> Manifest:
    """Return the manifest of some bytes, for pictures of 64 x 32 pixels."""
    told: dict[str, Any] = {
        "name": "osnet", "architecture": "osnet_x0_25", "sha256": hashlib.sha256(content).hexdigest(),
        "licence": "CC0-1.0", "height": 64, "width": 32, "colour": "RGB", **IMAGENET,
    }  # fmt: skip
    return Manifest(**{**told, **changes})


def fitted(architecture: str = "osnet_x0_25", seed: int = 1, **form: Any) -> OSNet:
    """Return a network whose layers are normalised by drawn figures and noise: then it does tell them apart."""
    torch.manual_seed(seed)
    network = OSNet(architecture, **form)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 1.0
    pictures = [*drawn_figures(), *crops(8, seed=9)]
    with torch.no_grad():
        network.train()(torch.from_numpy(Preparation(manifest())(pictures)))
    return network.eval()


def crops(count: int, seed: int = 0, size: tuple[int, int] = (96, 40)) -> list[NDArray[np.uint8]]:
    """Return pictures of coloured patches, each of another size."""
    chance = np.random.default_rng(seed)
    found = []
    for number in range(count):
        patches = chance.integers(0, 256, (6, 3, 3), np.uint8)
        rows = np.arange(size[0] + number) * 6 // (size[0] + number)
        columns = np.arange(size[1] + number) * 3 // (size[1] + number)
        found.append(patches[rows][:, columns])
    return found


def write_safetensors(folder: Path, network: OSNet, **changes: Any) -> Path:
    """Write a network's weights, with their manifest beside them."""
    return write(folder / "osnet.safetensors", save(dict(network.state_dict())), **changes)


def write(path: Path, content: bytes, **changes: Any) -> Path:
    """Write a file and its manifest."""
    path.write_bytes(content)
    Path(f"{path}.json").write_bytes(written_manifest(manifest(content, **changes)))
    return path
