"""From pixels to trajectories: what cameras wrote is decoded, embedded, kept, learned from and searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daemon.adapters.memory.gallery import MemoryGallery
from daemon.inference.association.folders.world import Question, World
from daemon.inference.association.network.learning import learn
from daemon.inference.association.network.site_model import SiteModel
from daemon.inference.association.pictures.preparation import unit
from daemon.inference.association.pictures.rendering.pictured import PicturedWorld
from daemon.inference.association.pictures.stripes import StripeHistogram
from daemon.inference.association.search.best_first import BestFirst
from daemon.inference.association.search.query import Query
from daemon.ports.sightings import Embedder, SightingsView
from tests.acceptance.pixel_world import Seen, harmonic_mean, seen, small_site

SEED: Final = 100


async def followed(world: World, drawn: PicturedWorld, embedder: Embedder) -> float:
    """Return F1 of all questions of a world, asked with the pictures that its cameras made."""
    taken = seen(world, drawn, embedder)
    gallery = MemoryGallery()
    await gallery.put_network(world.cameras, world.ways)
    told = await gallery.ingest(taken.sightings)
    assert (told.stored, told.refused) == (len(taken.sightings), ())
    cameras, ways = await gallery.network()
    with await gallery.view(embedder.model_id) as view:
        kept = {one.detection.id for one in taken.sightings}
        passages = [[f"d{row}" for row in rows.tolist() if f"d{row}" in kept] for rows in world.confirmed_passages()]
        site = learn(cameras, ways, view, passages)
        return harmonic_mean(
            (found(site, view, world, question, taken), [f"d{row}" for row in question.answers.tolist()])
            for question in world.questions
            if f"d{question.row}" in kept
        )


def found(site: SiteModel, view: SightingsView, world: World, question: Question, taken: Seen) -> Sequence[str]:
    """Ask where the target of a question went; return the detections that are taken for its."""
    asked = next(one for one in taken.sightings if one.detection.id == f"d{question.row}")
    assert asked.body is not None
    row = view.row_of(asked.detection.id)
    query = Query(
        camera=view.camera_of(row), time_s=asked.detection.time.timestamp(), row=row, horizon_s=question.horizon_s,
        body=asked.body[None], face=np.zeros((0, 1), np.float32), quality=asked.detection.quality,
        direction_deg=asked.detection.direction_deg,
        came_from=list(view.cameras).index(world.cameras[question.came_from].id),
    )  # fmt: skip
    search = BestFirst(site, view, query)
    while search.advance():
        pass
    return [hop.detection for hop in search.trajectory().hops]


async def test_people_are_followed_from_the_files_that_cameras_write() -> None:
    """In clothes of their own, before cameras that see nearly alike, stripes of colours are enough."""
    world = small_site(people=40, cameras=9, seed=1)
    drawn = PicturedWorld(world, SEED, look_alikes=0.0, strength=0.2)
    assert await followed(world, drawn, StripeHistogram()) > 0.8


async def test_without_a_look_at_the_pictures_nobody_is_followed() -> None:
    """The counterpart: it is the pixels that tell, not the times."""
    world = small_site(people=40, cameras=9, seed=1)
    drawn = PicturedWorld(world, SEED, look_alikes=0.0, strength=0.2)
    assert await followed(world, drawn, Blind()) < 0.5


class Blind(StripeHistogram):
    """Gives everybody nearly the same vector, as untrained networks do."""

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        noise = np.random.default_rng(len(crops)).normal(0, 0.01, (len(crops), self.width))
        return unit(1 + noise)
