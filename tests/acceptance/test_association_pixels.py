"""From pixels to trajectories: what cameras wrote is decoded, embedded, kept, learned from and searched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.adapters.memory.gallery import MemoryGallery
from daemon.inference.association.folders.world import Question, World
from daemon.inference.association.network.learning import learn
from daemon.inference.association.network.site_model import SiteModel
from daemon.inference.association.pictures.preparation import unit
from daemon.inference.association.pictures.registry import open_embedder
from daemon.inference.association.pictures.rendering.identities import identities
from daemon.inference.association.pictures.rendering.labelled import labelled_crops, write_labelled
from daemon.inference.association.pictures.rendering.pictured import PicturedWorld
from daemon.inference.association.pictures.rendering.viewpoints import viewpoints
from daemon.inference.association.pictures.stripes import StripeHistogram
from daemon.inference.association.pictures.training.retrieval import retrieval
from daemon.inference.association.search.best_first import BestFirst
from daemon.inference.association.search.query import Query
from daemon.ports.sightings import Embedder, SightingsView
from tests.acceptance.pixel_world import Seen, decoded, harmonic_mean, seen, small_site

SEED: Final = 100


async def followed(world: World, crops: Sequence[NDArray[np.uint8]], embedder: Embedder) -> float:
    """Return F1 of all questions of a world, asked with the pictures that its cameras made."""
    taken = seen(world, crops, embedder)
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


@pytest.fixture(scope="module")
def plain() -> tuple[World, list[NDArray[np.uint8]]]:
    """Return a site with its pictures: everybody in clothes of their own, before cameras that see nearly alike."""
    world = small_site(people=40, cameras=9, seed=1)
    return world, decoded(world, PicturedWorld(world, SEED, look_alikes=0.0, strength=0.2))


async def test_people_are_followed_from_the_files_that_cameras_write(
    plain: tuple[World, list[NDArray[np.uint8]]],
) -> None:
    assert await followed(*plain, StripeHistogram()) > 0.75


@pytest.mark.slow
async def test_without_a_look_at_the_pictures_nobody_is_followed(
    plain: tuple[World, list[NDArray[np.uint8]]],
) -> None:
    """The counterpart: it is the pixels that tell, not the times."""
    assert await followed(*plain, Blind()) < 0.5


class Blind(StripeHistogram):
    """Gives everybody nearly the same vector, as untrained networks do."""

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        noise = np.random.default_rng(len(crops)).normal(0, 0.01, (len(crops), self.width))
        return unit(1 + noise)


@pytest.mark.slow
@pytest.mark.timeout(5_400)
async def test_a_network_trained_on_others_follows_people_whom_colours_do_not_tell_apart(tmp_path: Path) -> None:
    """Half of the people have look-alikes, and the cameras of the site see as differently as cameras do."""
    from daemon.inference.association.pictures.training.crops import gather
    from daemon.inference.association.pictures.training.finishing import finish
    from daemon.inference.association.pictures.training.listing import listed
    from daemon.inference.association.pictures.training.recipe import Augmentation, Preparing, Recipe
    from daemon.inference.association.pictures.training.trainer import train

    world = small_site(people=40, cameras=9, seed=2, hours=12)
    crops = decoded(world, PicturedWorld(world, SEED))
    others = labelled_crops(identities(100, SEED + 1), viewpoints(9, SEED), 2, SEED)
    write_labelled(tmp_path / "crops", others)
    recipe = Recipe(epochs=24, preparing=Preparing(height=128, width=64), augmentation=Augmentation(light=0.3))
    data = gather(*listed(tmp_path / "crops"), recipe)
    (tmp_path / "training").mkdir()
    train(recipe, data, tmp_path / "training")
    trained = open_embedder(finish(recipe, data, tmp_path / "training", "CC0-1.0").folder)
    network, colours, nothing = [
        (found_by(world, crops, embedder), await followed(world, crops, embedder))
        for embedder in (trained, StripeHistogram(), Blind())
    ]
    print(f"mean average precision and F1: network {network}, stripes of colours {colours}, blind {nothing}")
    assert network[0] > 1.5 * colours[0]
    assert network[1] > 0.6
    assert network[1] > nothing[1] + 0.15


def found_by(world: World, crops: Sequence[NDArray[np.uint8]], embedder: Embedder) -> float:
    """Return the mean average precision with which pictures find those of the same person by other cameras."""
    people, cameras = world.persons.astype(np.int64), world.camera_of.astype(np.int64)
    return retrieval(embedder.embed(crops), people, cameras).mean_ap
