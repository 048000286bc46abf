"""A program that keeps sightings until it is killed, and says what was acknowledged: `python -m ... FOLDER ROUND`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Final

from daemon.adapters.gallery import FileGallery, open_gallery
from daemon.inference.executor import ThreadOffload
from daemon.ports.sightings import Sighting
from tests.contract.sighted import cameras, seen

BATCH: Final = 20
FORGOTTEN: Final = 5


def batch(name: str) -> list[Sighting]:
    """Return the sightings of a batch: always the same for a name, over three cameras, two days and a few tracks."""
    seed = sum(map(ord, name))
    return [
        seen(f"{name}-{n}", "abc"[n % 3], 80_000 * (n % 2) + seed + n, body=seed + n, face=seed if n % 4 == 0 else None,
             track=f"t{n % 6}" if n % 2 else None)
        for n in range(BATCH)
    ]  # fmt: skip


async def write(gallery: FileGallery, run: str) -> None:
    for n in range(10**9):
        found = await gallery.ingest(batch(f"{run}.{n}"))
        if found.stored != BATCH:
            raise AssertionError(found)
        print("kept", f"{run}.{n}", flush=True)
        if n % 3 == 2:
            print("forgetting", f"{run}.{n - 1}", flush=True)
            await gallery.forget(detections=[one.detection.id for one in batch(f"{run}.{n - 1}")[:FORGOTTEN]])
            print("forgotten", f"{run}.{n - 1}", flush=True)


async def merge(gallery: FileGallery) -> None:
    while True:
        await gallery.compact()
        await asyncio.sleep(0.02)


async def main(folder: Path, run: str) -> None:
    async with open_gallery(folder, ThreadOffload(2, 16)) as gallery:
        await gallery.put_network(cameras(), [])
        print("open", run, flush=True)
        await asyncio.gather(write(gallery, run), merge(gallery))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
