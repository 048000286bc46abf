"""How many crops a second OSNet x0.25 embeds in a thread beside the event loop, against onnxruntime alone.

Both prepare pictures (resizing, scaling) and run the same graph on one thread, in batches of one size; a row besides
tells of onnxruntime fed with tensors that were prepared before. They take turns of a second. A callback of the loop is
measured all the while, and while nothing is embedded.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from daemon.inference.association.pictures.manifest import Manifest
from daemon.inference.association.pictures.onnx_embedder import OnnxEmbedder, session
from daemon.inference.association.pictures.preparation import Crop, Floats, Preparation
from daemon.inference.association.pictures.weight_file import WeightFile
from daemon.inference.executor import ThreadOffload
from tests.benchmarks.__main__ import versions
from tests.benchmarks.loop_ticks import Ticks, quantile, ticked

AREA: Final = "association"
SEED: Final = 1
ROUNDS: Final = 8
ROUND_S: Final = 1.0
GOAL: Final = 0.85
WAITING: Final = 3  # batches that wait for the thread, so that it never idles


class Speed(NamedTuple):
    """Crops, and the seconds of CPU and of the clock that they took."""

    crops: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0

    def added(self, crops: int, since: tuple[float, float]) -> Speed:
        """Return it with a round that began then and ends now."""
        spent = time.process_time() - since[0], time.perf_counter() - since[1]
        return Speed(self.crops + crops, self.cpu_s + spent[0], self.wall_s + spent[1])


async def rows() -> AsyncIterator[dict[str, Any]]:
    """Measure."""
    file = _weights()
    embedder, bare, prepare = OnnxEmbedder(file), session(file.content, "bare"), Preparation(file.manifest)
    crops = _crops(embedder.batch)
    prepared = prepare(crops)

    def alone(pictures: Floats) -> None:
        bare.run(None, {"pictures": pictures})

    ours, peer, fed = Speed(), Speed(), Speed()
    idle, busy = Ticks([], []), Ticks([], [])
    gc.collect()
    gc.freeze()
    for _ in range(ROUNDS):
        await ticked(idle, ROUND_S)
        ours = await _through_the_executor(ours, embedder, crops, busy)
        peer = _again_and_again(peer, lambda: alone(prepare(crops)), len(crops))
        fed = _again_and_again(fed, lambda: alone(prepared), len(crops))
    what = f"OSNet x0.25, 256 x 128, batches of {len(crops)}, through the executor"
    yield _speed(f"{what}; preparation counted on both sides", ours, peer, GOAL)
    yield _speed(f"{what}, preparation counted; peer: tensors that were prepared before", ours, fed, None)
    yield _speed(f"{what}; preparation counted on both sides, by the clock", ours, peer, None, by_clock=True)
    for share, name in ((0.5, "median"), (0.99, "99th percentile")):
        found, still = quantile(busy.cpu, share), quantile(idle.cpu, share)
        goal, met = ("within 0.1 ms of idle", found <= still + 0.1) if share == 0.99 else ("reported", None)
        yield {
            "name": f"a callback of the loop while crops are embedded without pause, {name}; peer: idle",
            "ours": found, "peer": still, "ratio": found / still, "goal": goal, "met": met,
            "unit": "ms of thread CPU", "seed": SEED, "versions": versions("onnxruntime"),
        }  # fmt: skip


def _speed(name: str, ours: Speed, peer: Speed, goal: float | None, *, by_clock: bool = False) -> dict[str, Any]:
    per_s = [one.crops / (one.wall_s if by_clock else one.cpu_s) for one in (ours, peer)]
    ratio = per_s[0] / per_s[1]
    return {
        "name": f"{name}; peer: onnxruntime alone, one thread" if "peer" not in name else name,
        "ours": per_s[0], "peer": per_s[1], "ratio": ratio,
        "goal": "reported" if goal is None else f">= {goal} of bare onnxruntime",
        "met": None if goal is None else ratio >= goal, "unit": f"crops/s{'' if by_clock else ' of CPU'}",
        "seed": SEED, "versions": versions("onnxruntime", "numpy", "pillow"),
    }  # fmt: skip


async def _through_the_executor(speed: Speed, embedder: OnnxEmbedder, crops: list[Crop], ticks: Ticks) -> Speed:
    """Embed for a round, with batches always waiting, while callbacks of the loop are measured."""
    offload = ThreadOffload(1, WAITING)
    done = 0

    async def ask() -> None:
        nonlocal done
        while asyncio.get_running_loop().time() < ends:
            vectors = await offload.run(lambda: embedder.embed(crops), what="embedding")
            done += len(vectors)

    since = time.process_time(), time.perf_counter()
    ends = asyncio.get_running_loop().time() + ROUND_S
    await asyncio.gather(ticked(ticks, ROUND_S), *(ask() for _ in range(WAITING)))
    speed = speed.added(done, since)
    await offload.close(5.0)
    return speed


def _again_and_again(speed: Speed, work: Callable[[], object], crops: int) -> Speed:
    since, done = (time.process_time(), time.perf_counter()), 0
    while time.perf_counter() - since[1] < ROUND_S:
        work()
        done += crops
    return speed.added(done, since)


def _weights() -> WeightFile:
    """Return a graph of random weights: how fast it is does not depend on what it learned."""
    import torch

    from daemon.inference.association.pictures.onnx_export import exported
    from daemon.inference.association.pictures.osnet import OSNet

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    content = exported(OSNet().eval(), 256, 128)
    manifest = Manifest(
        name="osnet-x0-25", architecture="osnet_x0_25", sha256=hashlib.sha256(content).hexdigest(), licence="none",
        height=256, width=128, colour="RGB", scale="0-1", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225),
    )  # fmt: skip
    return WeightFile(Path("osnet.onnx"), manifest, content)


def _crops(count: int) -> list[Crop]:
    chance = np.random.default_rng(SEED)
    sizes = chance.integers((96, 40), (320, 140), (count, 2))
    return [chance.integers(0, 256, (height, width, 3), np.uint8) for height, width in sizes]
