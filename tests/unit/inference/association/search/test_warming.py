"""No search waits for a kernel to be compiled, whatever its gallery keeps vectors in."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numba.core.dispatcher import Dispatcher

from daemon.adapters.gallery import open_gallery
from daemon.inference.association.network.learning import learn
from daemon.inference.association.search.best_first import BestFirst, warm_up
from daemon.inference.association.search.query import Query
from tests.association_kit import BODY, FACE, Yielding, confirmed, sightings, world


def compiled() -> dict[str, int]:
    """Return for how many kinds of arguments each kernel is compiled."""
    modules = [module for name, module in sys.modules.items() if name.startswith("daemon.inference.association")]
    kernels = [value for module in modules for value in vars(module).values() if isinstance(value, Dispatcher)]
    return {f"{one.py_func.__module__}.{one.py_func.__name__}": len(one.signatures) for one in kernels}


async def test_after_warming_up_searches_over_files_compile_nothing(tmp_path: Path) -> None:
    warm_up()
    before = compiled()
    async with open_gallery(tmp_path, Yielding()) as gallery:
        await gallery.put_network(world().cameras, world().ways)
        await gallery.ingest(list(sightings()))
        with await gallery.view(BODY, FACE) as view:
            site = learn(world().cameras, world().ways, view, confirmed())
            for asked in world().questions[:8]:
                seen = await gallery.detection(f"d{asked.row}")
                row = view.row_of(seen.detection.id)
                assert seen.body is not None
                face = np.zeros((0, 0), np.float32) if seen.face is None else seen.face[None]
                query = Query(
                    camera=view.camera_of(row), time_s=seen.detection.time.timestamp(), body=seen.body[None],
                    face=face, horizon_s=3_600.0, row=row,
                )  # fmt: skip
                search = BestFirst(site, view, query)
                while search.advance():
                    pass
                search.trajectory()
    assert compiled() == before
