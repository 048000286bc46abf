"""Checkpoints: what is loaded, and that nothing is ever loaded in part."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import save
from torch import Tensor

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.pictures.osnet import OSNet
from daemon.inference.association.pictures.weight_file import WeightFile
from daemon.inference.association.pictures.weights import load_osnet, read_tensors
from tests.unit.inference.association.pictures.network_kit import fitted, manifest


def saved(told: Any, **how: Any) -> bytes:
    written = io.BytesIO()
    torch.save(told, written, **how)
    return written.getvalue()


def loaded(content: bytes, **changes: Any) -> OSNet:
    return load_osnet(WeightFile(Path("osnet.pth"), manifest(content, **changes), content))


def same(left: OSNet, right: OSNet) -> bool:
    ours, theirs = left.state_dict(), right.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture(scope="module")
def network() -> OSNet:
    return fitted()


def state(network: OSNet) -> dict[str, Tensor]:
    return dict(network.state_dict())


WRAPPINGS: dict[str, Callable[[dict[str, Tensor]], Any]] = {
    "bare": lambda weights: weights,
    "ordered": OrderedDict,
    "state_dict": lambda weights: {"state_dict": weights, "epoch": 60},
    "model": lambda weights: {"model": weights},
    "of several processors": lambda weights: {"state_dict": {f"module.{name}": one for name, one in weights.items()}},
    "twice": lambda weights: {"state_dict": {f"module.model.{name}": one for name, one in weights.items()}},
    "with classifier": lambda weights: weights | {"classifier.weight": torch.zeros(9, 512)},
    "of a training": lambda weights: {
        "state_dict": weights, "rank1": np.float64(0.94), "map": np.float32(0.82), "epoch": 3,
        "scheduler": {"milestones": Counter({20: 1})}, "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]},
    },
}  # fmt: skip


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_published_checkpoint_is_loaded_however_it_is_wrapped(network: OSNet, wrapping: str) -> None:
    assert same(loaded(saved(WRAPPINGS[wrapping](state(network)))), network)


def test_old_and_new_kinds_of_files_are_loaded(network: OSNet) -> None:
    assert same(loaded(saved(state(network), _use_new_zipfile_serialization=False)), network)
    assert same(loaded(save(state(network))), network)


def test_half_precision_is_widened(network: OSNet) -> None:
    half = {name: one.half() if one.is_floating_point() else one for name, one in state(network).items()}
    found = loaded(saved(half)).state_dict()
    assert found["conv1.conv.weight"].dtype == torch.float32
    torch.testing.assert_close(found["fc.0.weight"], state(network)["fc.0.weight"], rtol=1e-3, atol=1e-4)


def test_checkpoints_from_before_batches_were_counted_are_loaded(network: OSNet) -> None:
    old = {name: one for name, one in state(network).items() if not name.endswith("num_batches_tracked")}
    torch.testing.assert_close(loaded(saved(old)).conv1.conv.weight, network.conv1.conv.weight)


@pytest.mark.parametrize("key", ["conv1.conv.weight", "conv4.1.gate.fc2.bias", "fc.0.weight", "conv5.bn.running_var"])
def test_any_missing_key_is_named_and_nothing_is_loaded(network: OSNet, key: str) -> None:
    weights = state(network)
    del weights[key]
    with pytest.raises(InvalidInput, match=rf"missing keys \(1\): {key}"):
        loaded(saved(weights))


def test_another_width_is_refused_and_told_which(network: OSNet) -> None:
    """Where nearly every layer was left out with a printed line, a tracker ran on with random weights."""
    with pytest.raises(InvalidInput, match=r"not the weights of osnet_x1_0, but of osnet_x0_25.*other shapes"):
        loaded(saved(state(network)), architecture="osnet_x1_0")


def test_keys_that_the_network_has_not_are_refused(network: OSNet) -> None:
    with pytest.raises(InvalidInput, match=r"keys that it has not \(1\): attention\.weight"):
        loaded(saved(state(network) | {"attention.weight": torch.zeros(3)}))


def test_numbers_that_are_not_finite_are_refused(network: OSNet) -> None:
    broken = state(network) | {"fc.0.bias": torch.full((512,), torch.nan)}
    with pytest.raises(InvalidInput, match=r"not finite: fc\.0\.bias"):
        loaded(saved(broken))


def fastreid(network: OSNet, **more: Tensor) -> bytes:
    weights = {
        f"heads.{name}" if name.startswith("bottleneck") else f"backbone.{name}": one
        for name, one in network.state_dict().items()
    }
    return saved({"model": weights | {"heads.weight": torch.zeros(751, network.width)} | more})


TIMES_255: dict[str, Any] = {
    "scale": "0-255", "mean": (123.675, 116.28, 103.53), "std": (58.395, 57.12, 57.375),
}  # fmt: skip


@pytest.mark.parametrize("projected", [0, 96])
def test_a_fastreid_checkpoint_is_loaded_with_its_own_head(projected: int) -> None:
    network = fitted(head="bottleneck", projected=projected)
    pixels = {
        name: torch.tensor(TIMES_255[key]).view(1, 3, 1, 1)
        for name, key in (("pixel_mean", "mean"), ("pixel_std", "std"))
    }
    found = loaded(fastreid(network, **pixels), **TIMES_255)
    assert same(found, network)
    assert found.width == (projected or 128)


def test_a_fastreid_checkpoint_is_refused_unless_pictures_go_to_255() -> None:
    """Two different crops divided by 255 before a network that does so itself have a cosine of .9999."""
    content = fastreid(fitted(head="bottleneck"))
    with pytest.raises(InvalidInput, match='reads pictures from "0-255", and its manifest says "0-1"'):
        loaded(content)


def test_a_fastreid_checkpoint_is_refused_when_its_mean_is_not_the_manifests() -> None:
    content = fastreid(fitted(head="bottleneck"), pixel_mean=torch.tensor([103.5, 116.3, 123.7]).view(1, 3, 1, 1))
    with pytest.raises(InvalidInput, match=r"pixel_mean is \[103\.5.*manifest says \[123\.675"):
        loaded(content, **TIMES_255)


def test_a_fastreid_pooling_that_is_not_ours_is_refused() -> None:
    content = fastreid(fitted(head="bottleneck"), **{"heads.pool_layer.p": torch.tensor([3.0])})
    with pytest.raises(InvalidInput, match=r"heads\.pool_layer\.p"):
        loaded(content, **TIMES_255)


class Hostile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("how", [pickle.dumps, saved, lambda told: saved(told, _use_new_zipfile_serialization=False)])
def test_code_in_a_checkpoint_is_never_run(tmp_path: Path, how: Callable[[Any], bytes]) -> None:
    trap = tmp_path / "was run"
    with pytest.raises(UnreadableFile):
        read_tensors(how({"state_dict": Hostile(trap)}), "hostile.pth")
    assert not trap.exists()


def zipped(name: str, content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return written.getvalue()


FOREIGN = {
    "a text": b"conv1.conv.weight = 3\n",
    "a zip": zipped("notes.txt", b"no weights"),
    "one byte": b"P",
    "a broken safetensors": (64).to_bytes(8, "little") + b"{" + b" " * 99,
    "a whole module": saved(torch.nn.Linear(2, 2)),
    "a list": saved([torch.zeros(3)]),
    "nothing": saved({}),
    "words": saved({"state_dict": {"conv1.conv.weight": "3"}}),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_foreign_file_is_refused_by_name(what: str) -> None:
    with pytest.raises(UnreadableFile, match=r"foreign\.pth: "):
        read_tensors(FOREIGN[what], "foreign.pth")


def test_a_checkpoint_cut_short_or_changed_is_refused(network: OSNet) -> None:
    for content in (saved(state(network)), save(state(network))):
        for cut in (1, 100, len(content) // 2, len(content) - 1):
            with pytest.raises((UnreadableFile, InvalidInput)):
                loaded(content[:cut])


def test_a_zip_that_would_unpack_to_gigabytes_is_refused_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.inference.association.pictures.weights.MOST_BYTES", 10_000)
    with pytest.raises(UnreadableFile, match="unpacks to more than"):
        read_tensors(zipped("archive/data.pkl", bytes(20_000)), "bomb.pth")
