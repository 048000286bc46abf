"""From the folder of a training to files that the daemon loads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from daemon.errors import UnreadableFile
from daemon.inference.association.pictures.manifest import Manifest, written_manifest
from daemon.inference.association.pictures.onnx_export import exported
from daemon.inference.association.pictures.preparation import Preparation
from daemon.inference.association.pictures.registry import open_embedder
from daemon.inference.association.pictures.training.calibrating import calibration_of
from daemon.inference.association.pictures.training.crops import Gathered
from daemon.inference.association.pictures.training.recipe import Recipe
from daemon.inference.association.pictures.training.retrieval import Retrieval, retrieval
from daemon.inference.association.pictures.training.trainer import BEST, Stopped, embedded
from daemon.inference.association.pictures.weight_file import WeightFile, read_content
from daemon.inference.association.pictures.weights import load_osnet
from daemon.inference.checkpoints import replace_file

#: Folder of a training's folder in which its result is: checkpoints beside it could be taken for it.
MODEL: Final = "model"


class Finished(NamedTuple):
    """folder: to be named to the daemon. manifest: of its ONNX graph. held_out: what its vectors find."""

    folder: Path
    manifest: Manifest
    held_out: Retrieval


def finish(
    recipe: Recipe, data: Gathered, folder: Path, licence: str, *, stop: Callable[[], bool] = lambda: False
) -> Finished:
    """Write the best weights of a training as safetensors and as ONNX, each with its manifest, into folder/MODEL.

    The calibration is of the people who were held out. Raises Stopped where `stop` says so, UnreadableFile where there
    are no weights yet, StoreFull, and InvalidInput where what was learned fails the check that every embedder has to
    pass.
    """

    def give_way() -> None:
        if stop():
            raise Stopped

    if not (folder / BEST).is_file():
        raise UnreadableFile(f"{folder}: there is no {BEST} in it, for no epoch has ended yet")
    content = read_content(folder / BEST)
    told = recipe.manifest(hashlib.sha256(content).hexdigest(), licence)
    network = load_osnet(WeightFile(folder / BEST, told, content))
    held_out = data.held_out
    vectors = embedded(network, held_out, Preparation(told), give_way)
    calibration = calibration_of(vectors, held_out.identities, held_out.cameras)
    graph = exported(network, told.height, told.width)
    (folder / MODEL).mkdir(exist_ok=True)
    for ending, written in ((".safetensors", content), (".onnx", graph)):
        sha256 = hashlib.sha256(written).hexdigest()
        told = msgspec.structs.replace(told, sha256=sha256, calibration=calibration)
        path = folder / MODEL / f"{recipe.architecture}{ending}"
        replace_file(path, written)
        replace_file(Path(f"{path}.json"), written_manifest(told))
    open_embedder(folder / MODEL)
    return Finished(folder / MODEL, told, retrieval(vectors, held_out.identities, held_out.cameras))
