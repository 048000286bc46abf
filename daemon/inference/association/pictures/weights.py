"""Checkpoints of OSNet, as torchreid, FastReID and our own training write them. Nothing of them is ever executed."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.pictures.manifest import Manifest
from daemon.inference.association.pictures.osnet import CHANNELS, OSNet
from daemon.inference.association.pictures.weight_file import MOST_BYTES, WeightFile

_WRAPPERS: Final = ("state_dict", "model")
_PREFIXES: Final = ("module.", "model.")
_CLASSIFIER: Final = "classifier."
_BACKBONE, _BOTTLENECK = "backbone.", "heads.bottleneck."
_FASTREID_CLASSIFIER: Final = ("heads.weight", "heads.classifier.", "heads.cls_layer.")
_PIXELS: Final = ("pixel_mean", "pixel_std")
_COUNTER: Final = "num_batches_tracked"  # older checkpoints have none, and nothing needs it
_SHOWN: Final = 5
#: Numbers of numpy, which torchreid's checkpoints hold beside the weights, under the names of old and new versions.
_HARMLESS: Final = (
    (np._core.multiarray.scalar, "numpy.core.multiarray.scalar"),  # type: ignore[attr-defined] # noqa: SLF001
    np._core.multiarray.scalar,  # type: ignore[attr-defined] # noqa: SLF001
    np.dtype, np.dtypes.Float64DType, np.dtypes.Float32DType, Counter,
)  # fmt: skip


def load_osnet(file: WeightFile) -> OSNet:
    """Return the network of a checkpoint, ready to embed.

    Raises UnreadableFile for what is no checkpoint, InvalidInput that names every key that is missing, in excess
    (classifiers are expected, and left out) or of another shape, and for a FastReID checkpoint whose manifest does not
    say that pictures go from 0 to 255: its networks take mean and deviation off by themselves.
    """
    tensors = read_tensors(file.content, str(file.path))
    try:
        if any(name.startswith(_BACKBONE) for name in tensors):
            return _fastreid(tensors, file.manifest)
        return _network(OSNet(file.manifest.architecture), tensors)
    except InvalidInput as problem:
        raise InvalidInput(f"{file.path}: {problem}") from problem


def read_tensors(content: bytes, what: str) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint by their names, unwrapped, without classifier. Raises UnreadableFile."""
    try:
        told = load(content) if _is_safetensors(content) else _loaded(content)
    except SafetensorError as problem:
        raise UnreadableFile(f"{what}: no safetensors can be read from it: {problem}") from problem
    except Exception as problem:  # a file that was made to break the reader may raise anything
        first = str(problem).strip().partition("\n")[0][:200]
        raise UnreadableFile(f"{what}: no checkpoint, or one that holds more than weights: {first}") from problem
    for wrapper in _WRAPPERS:
        if isinstance(told, dict) and isinstance(told.get(wrapper), dict):
            told = told[wrapper]
    if not isinstance(told, dict) or not all(isinstance(one, Tensor) for one in told.values()) or not told:
        raise UnreadableFile(f"{what}: no table of weights, but {_described(told)}")
    named = {_stripped(str(name)): tensor for name, tensor in told.items()}
    return {name: tensor for name, tensor in named.items() if not name.startswith(_CLASSIFIER)}


def _fastreid(tensors: Mapping[str, Tensor], manifest: Manifest) -> OSNet:
    pixels = {name: tensors[name].flatten().tolist() for name in _PIXELS if name in tensors}
    if manifest.scale != "0-255":
        raise InvalidInput(
            f'a FastReID checkpoint reads pictures from "0-255", and its manifest says "{manifest.scale}"'
        )
    for name, told in ((_PIXELS[0], manifest.mean), (_PIXELS[1], manifest.std)):
        if name in pixels and not np.allclose(pixels[name], told, atol=0.5):
            raise InvalidInput(f"its {name} is {pixels[name]}, and the manifest says {list(told)}")
    kept = {
        name.removeprefix(_BACKBONE).removeprefix("heads."): tensor
        for name, tensor in tensors.items()
        if name not in _PIXELS and not name.startswith(_FASTREID_CLASSIFIER)
    }
    if foreign := [
        name for name in tensors if not name.startswith((_BACKBONE, _BOTTLENECK, *_FASTREID_CLASSIFIER, *_PIXELS))
    ]:
        raise InvalidInput(f"keys that this network has not: {_listed(foreign)}")
    first = kept.get("bottleneck.0.weight")
    projected = len(first) if first is not None and first.dim() == 4 else 0
    return _network(OSNet(manifest.architecture, head="bottleneck", projected=projected), kept)


def _network(network: OSNet, tensors: Mapping[str, Tensor]) -> OSNet:
    expected = network.state_dict()
    missing = [name for name in expected if name not in tensors and not name.endswith(_COUNTER)]
    foreign = [name for name in tensors if name not in expected]
    shapes = [
        f"{name} is {list(tensors[name].shape)} where {list(one.shape)} is needed"
        for name, one in expected.items()
        if name in tensors and tensors[name].shape != one.shape
    ]
    faults = [
        f"{told} ({len(keys)}): {_listed(keys)}"
        for told, keys in (("missing keys", missing), ("keys that it has not", foreign), ("other shapes", shapes))
        if keys
    ]
    if faults:
        raise InvalidInput(f"not the weights of {network.architecture}{_hint(network, tensors)}: {'; '.join(faults)}")
    infinite = [name for name, one in tensors.items() if one.is_floating_point() and not bool(one.isfinite().all())]
    if infinite:
        raise InvalidInput(f"numbers that are not finite: {_listed(infinite)}")
    network.load_state_dict({name: tensors.get(name, one).to(one.dtype) for name, one in expected.items()})
    return network.eval()


def _hint(network: OSNet, tensors: Mapping[str, Tensor]) -> str:
    """Say of which architecture a checkpoint is, where its first layer is another's."""
    first = tensors.get("conv1.conv.weight")
    names = [name for name, channels in CHANNELS.items() if first is not None and first.shape[:1] == channels[:1]]
    return f", but of {names[0]}" if names and names[0] != network.architecture else ""


def _loaded(content: bytes) -> Any:
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise ValueError(f"it unpacks to more than {MOST_BYTES} bytes")
    with torch.serialization.safe_globals(list(_HARMLESS)):
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _is_safetensors(content: bytes) -> bool:
    """Tell by the beginning: the length of a JSON object, and the object."""
    return content[8:9] == b"{" and int.from_bytes(content[:8], "little") < len(content)


def _stripped(name: str) -> str:
    while name.startswith(_PREFIXES):
        name = name.partition(".")[2]
    return name


def _described(told: object) -> str:
    return f"a table of {_listed([str(key) for key in told])}" if isinstance(told, dict) else type(told).__name__


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more
