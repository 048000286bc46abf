"""A simulated world in pictures: what each of its cameras would have made of everybody who came by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InvalidInput
from daemon.inference.association.folders.world import World
from daemon.inference.association.pictures.rendering.figure import Pose
from daemon.inference.association.pictures.rendering.identities import Identity, identities
from daemon.inference.association.pictures.rendering.renderer import render
from daemon.inference.association.pictures.rendering.viewpoints import Viewpoint, viewpoints

MOST_PEOPLE = 20_000


class PicturedWorld:
    """Draws the detections of a world, row by row; equal for equal worlds and seeds.

    The world needs its column `direction`: people are seen from before, from behind or aside as they walk.
    """

    def __init__(self, world: World, seed: int, *, look_alikes: float = 0.5, strength: float = 1.0) -> None:
        """look_alikes: see `identities`; strength: see `viewpoints`."""
        people = len(world.trail_starts) - 1
        if people > MOST_PEOPLE:
            raise InvalidInput(f"a world of {people} people; at most {MOST_PEOPLE} are drawn")
        if "direction" not in world.settings.columns:
            raise InvalidInput("a world without directions; people are drawn by theirs")
        self._world, self._seed = world, seed
        self._people = identities(people, seed, look_alikes=look_alikes)
        self._cameras = viewpoints(len(world.cameras), seed, strength)
        self._faces_deg = np.random.default_rng([seed, 0xD19]).uniform(0, 360, len(world.cameras))

    def identity(self, row: int) -> Identity:
        """Return who is seen in a row."""
        return self._people[int(self._world.persons[row])]

    def viewpoint(self, row: int) -> Viewpoint:
        """Return the camera of a row."""
        return self._cameras[int(self._world.camera_of[row])]

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Return the crop of a row, uint8 RGB (h, w, 3)."""
        chance = np.random.default_rng([self._seed, row, 0x91C])
        return render(self.identity(row), self.viewpoint(row), self._pose(row, chance), chance)

    def _pose(self, row: int, chance: np.random.Generator) -> Pose:
        """Return a moment of the walk: who walks where the camera looks is seen from behind."""
        heading = float(self._world.direction_deg[row])
        if np.isnan(heading):
            heading = chance.uniform(0, 360)
        looks = self._faces_deg[self._world.camera_of[row]]
        return Pose(float(chance.uniform(0, 2 * np.pi)), (looks - heading + 180) % 360)
