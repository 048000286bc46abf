"""Scans of the gallery's vectors: all of a million, and a window of one in a hundred; faiss on the same vectors.

The gallery is a real one: a block in a file, opened as a view, whose windows are slices of its map. Both sides run on
one thread and take turns. Vectors are random, which changes nothing for a scan.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from daemon.adapters.gallery.batches import Kind
from daemon.adapters.gallery.rewriting import write_rows
from daemon.adapters.gallery.rows import Rows
from daemon.adapters.gallery.view import BlockView
from daemon.inference.association.matching import scan
from tests.benchmarks.__main__ import versions

AREA: Final = "association"
COUNT: Final = 1_000_000
WIDTH: Final = 512
CAMERAS: Final = 100
NEAREST: Final = 100
ROUNDS: Final = 9
SEED: Final = 1
_CHUNK: Final = 50_000


def rows() -> Iterator[dict[str, Any]]:
    """Measure."""
    import faiss

    faiss.omp_set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        yield from _measured(faiss, Path(folder))


def _measured(faiss: Any, folder: Path) -> Iterator[dict[str, Any]]:
    blocks = write_rows(folder, [(Kind(20_000, "bench"), columns(COUNT, WIDTH, CAMERAS))])
    names = [f"c{n:02}" for n in range(CAMERAS)]
    opening = _spent(lambda: BlockView(blocks, names, "bench", "", (WIDTH, 0)))
    view = BlockView(blocks, names, "bench", "", (WIDTH, 0))
    index = faiss.IndexScalarQuantizer(WIDTH, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    whole = blocks[0].body
    for start in range(0, COUNT, _CHUNK):
        index.add(whole[start : start + _CHUNK].astype(np.float32))
    query = whole[COUNT // 3 : COUNT // 3 + 1].astype(np.float32)
    camera = CAMERAS // 2
    begin = COUNT // CAMERAS * camera
    span = faiss.SearchParameters(sel=faiss.IDSelectorRange(begin, begin + COUNT // CAMERAS))

    def windowed() -> None:
        scan.cosines(view.window(camera, 0, 1e12).body, query[0])

    found = scan.nearest(whole, query, NEAREST).rows[0]
    theirs = index.search(query, NEAREST)[1][0]
    ours, peer = in_turn(lambda: scan.nearest(whole, query, NEAREST), lambda: index.search(query, NEAREST))
    agree = len(set(found) & set(theirs)) / NEAREST
    yield _row(f"scan of {COUNT:,} vectors of {WIDTH} in fp16, nearest {NEAREST} ({agree:.0%} the same); peer: faiss, "
               "scalar-quantised fp16", ours, peer, "at most 1.6 times the peer", ours <= 1.6 * peer)  # fmt: skip
    ours, peer = in_turn(windowed, lambda: index.search(query, NEAREST, params=span))
    yield _row(f"a window of 1 % of {COUNT:,}, cosines of all in it; peer: faiss, that range of ids", ours, peer,
               "at most 1.5 ms", ours <= 1.5)  # fmt: skip
    yield _row(f"a view of {COUNT:,} detections opened", opening, None, "reported", None)


def columns(count: int, width: int, cameras: int) -> Rows:
    """Return so many detections of one day, by camera and time."""
    rng = np.random.default_rng(SEED)
    body = np.empty((count, width), np.float16)
    for start in range(0, count, _CHUNK):
        chunk = rng.standard_normal((min(_CHUNK, count - start), width), dtype=np.float32)
        body[start : start + _CHUNK] = chunk / np.linalg.norm(chunk, axis=1, keepdims=True)
    camera = np.repeat(np.arange(cameras, dtype=np.int32), count // cameras)
    unknown, none = np.full(count, np.nan, np.float32), np.zeros(count, np.uint64)
    return Rows(
        cameras=[f"c{n:02}" for n in range(cameras)], camera=camera,
        own=np.tile(np.arange(count // cameras, dtype=float), cameras), quality=unknown, heading=unknown, track=none,
        thing=none, id_key=np.arange(1, count + 1, dtype=np.uint64), body=body, faces={},
        record_ends=np.arange(1, count + 1, dtype=np.int64), records=np.zeros(count, np.uint8),
    )  # fmt: skip


def in_turn(ours: Callable[[], object], peer: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds of CPU that both take, medians of rounds in which they take turns."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS + 1):
        for work, times in zip((ours, peer), spent, strict=True):
            times.append(_spent(work))
    first_left_out = [statistics.median(times[1:]) for times in spent]
    return first_left_out[0], first_left_out[1]


def _spent(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def _row(name: str, ours: float, peer: float | None, goal: str, met: bool | None) -> dict[str, Any]:
    return {
        "name": name, "ours": ours, "peer": peer, "ratio": None if peer is None else ours / peer, "goal": goal,
        "met": met, "unit": "ms of CPU", "seed": SEED, "versions": versions("numpy", "numba", "faiss-cpu"),
    }  # fmt: skip
