"""How well people are found whom a network never saw: OSNet, trained here for two minutes, against colours of stripes.

Drawn people, a third of them alike but for a pattern, by four cameras of which each sees otherwise. Those who are
searched for were neither learned nor measured with in the training; a query is found at the other cameras alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from daemon.inference.association.pictures.registry import open_embedder
from daemon.inference.association.pictures.rendering.identities import identities
from daemon.inference.association.pictures.rendering.labelled import labelled_crops, write_labelled
from daemon.inference.association.pictures.rendering.viewpoints import viewpoints
from daemon.inference.association.pictures.stripes import StripeHistogram
from daemon.inference.association.pictures.training.crops import gather, read_crop
from daemon.inference.association.pictures.training.finishing import MODEL, finish
from daemon.inference.association.pictures.training.listing import Listed, listed
from daemon.inference.association.pictures.training.recipe import Augmentation, Preparing, Recipe
from daemon.inference.association.pictures.training.retrieval import Retrieval, retrieval
from daemon.inference.association.pictures.training.trainer import train
from daemon.ports.sightings import Embedder
from tests.benchmarks.__main__ import versions

AREA: Final = "association"
SEED: Final = 1
LEARNED, SEARCHED = 120, 60  # people
EACH: Final = 2  # pictures by each camera
CAMERAS: Final = 4
#: Small pictures and batches: as much as can be learned in two minutes.
RECIPE: Final = Recipe(
    people=8, epochs=30, patience=30, warmup=1, rate=3e-3, held_out=0.1,
    preparing=Preparing(height=96, width=48), augmentation=Augmentation(erase=0.2),
)  # fmt: skip
#: Times as often as the histogram.
GOAL: Final = 2.0


def rows() -> Iterator[dict[str, Any]]:
    """Measure."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        cameras = viewpoints(CAMERAS, SEED)
        for part, people, seed in (("learned", LEARNED, SEED), ("searched", SEARCHED, SEED + 1)):
            write_labelled(folder / part, labelled_crops(identities(people, seed), cameras, EACH, seed))
        begun = time.process_time()
        data = gather(*listed(folder / "learned"), RECIPE)
        train(RECIPE, data, folder)
        finish(RECIPE, data, folder, "drawn")
        spent = time.process_time() - begun
        files, _ = listed(folder / "searched")
        ours, peer = (_found(one, files) for one in (open_embedder(folder / MODEL), StripeHistogram()))
    what = f"renderer: OSNet x0.25, trained for {spent:.0f} s of CPU on {LEARNED} people, vs stripe histogram"
    for figure in ("rank1", "mean_ap"):
        found, base = getattr(ours, figure), getattr(peer, figure)
        yield {
            "name": f"{what}; {SEARCHED} people it never saw, {ours.queries} queries", "ours": found, "peer": base,
            "ratio": found / base, "goal": f">= {GOAL} times", "met": found >= GOAL * base,
            "unit": {"rank1": "rank-1", "mean_ap": "mAP"}[figure], "seed": SEED,
            "versions": versions("torch", "onnxruntime", "pillow"),
        }  # fmt: skip


def _found(embedder: Embedder, files: Sequence[Listed]) -> Retrieval:
    vectors = embedder.embed([read_crop(file.path) for file in files])
    people, cameras = ([getattr(file, key) for file in files] for key in ("identity", "camera"))
    return retrieval(vectors, _numbers(people), _numbers(cameras))


def _numbers(names: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
