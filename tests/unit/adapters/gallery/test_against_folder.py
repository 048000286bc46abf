"""A folder of data, kept in the gallery, is searched as it is in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest

from daemon.inference.association.folders.folder import DataFolder
from daemon.inference.association.folders.view import FolderView
from daemon.ports.sightings import Ingested, Sighting
from tests.contract.sighted import files_of

WORLD: Final = Path(__file__).parents[5] / "shared" / "data" / "association"
BATCH: Final = 10_000


@pytest.mark.slow
@pytest.mark.skipif(not WORLD.is_dir(), reason=f"the frozen world is not at {WORLD}")
async def test_every_window_of_the_frozen_world_is_that_of_the_folder(tmp_path: Path) -> None:
    folder = DataFolder.read(WORLD)
    whole = FolderView.of(folder)
    pair = next(models for models in folder.models() if all(models))
    async with files_of(tmp_path) as gallery:
        await gallery.put_network(folder.cameras, folder.ways)
        waiting: list[Sighting] = []
        for sighting in folder.sightings():
            waiting.append(sighting)
            if len(waiting) == BATCH:
                assert await gallery.ingest(waiting) == Ingested(stored=BATCH, known=0)
                waiting.clear()
        await gallery.ingest(waiting)
        while await gallery.compact():
            pass
        with await gallery.view(*pair) as view:
            assert view.size == whole.size
            numbers = {camera: number for number, camera in enumerate(whole.cameras)}
            for number, camera in enumerate(view.cameras):
                kept, given = view.window(number, 0, 1e12), whole.window(numbers[camera], 0, 1e12)
                assert [view.id_of(int(row)) for row in kept.rows] == [whole.id_of(int(row)) for row in given.rows]
                np.testing.assert_array_equal(kept.times, given.times)
                np.testing.assert_array_equal(kept.body, given.body)
                shown = kept.face_rows >= 0
                np.testing.assert_array_equal(shown, given.face_rows >= 0)
                np.testing.assert_array_equal(kept.faces[kept.face_rows[shown]], given.faces[given.face_rows[shown]])
