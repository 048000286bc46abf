"""Crops and frames of walking figures as several cameras see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daemon.inference.association.pictures.rendering.figure import Pose, draw_figure
from daemon.inference.association.pictures.rendering.identities import Identity
from daemon.inference.association.pictures.rendering.viewpoints import HORIZON, Viewpoint, background, cover, develop

Box: TypeAlias = tuple[float, float, float, float]


class Placed(NamedTuple):
    """Somebody in a frame. x: of the feet's middle, y: of the soles, in pixels; height: in pixels."""

    identity: Identity
    pose: Pose
    x: float
    y: float
    height: float


def a_pose(chance: np.random.Generator) -> Pose:
    """Return any moment of a walk in any direction."""
    return Pose(float(chance.uniform(0, 2 * np.pi)), float(chance.uniform(0, 360)))


def render(identity: Identity, viewpoint: Viewpoint, pose: Pose, chance: np.random.Generator) -> NDArray[np.uint8]:
    """Return a crop as a detector would cut it out: uint8 RGB (h, w, 3), a little too wide, high or aside."""
    height = chance.uniform(viewpoint.far, viewpoint.near) * identity.stature
    figure = _seen(draw_figure(identity, pose), viewpoint, height)
    margin = 12
    size = figure.width + 2 * margin, figure.height + 2 * margin
    scene = background(viewpoint, size, chance.uniform(0.25, 0.75), chance)
    scene.paste(figure, (margin, margin), figure)
    cover(viewpoint, scene, (margin, margin, size[0] - margin, size[1] - margin), chance)
    pixels = develop(viewpoint, scene, chance)
    return _jittered(pixels, margin, chance)


def frame(
    viewpoint: Viewpoint, size: tuple[int, int], people: Sequence[Placed], chance: np.random.Generator
) -> tuple[NDArray[np.uint8], list[Box]]:
    """Return a whole picture (h, w, 3) and the box of each: left, top, width, height; it may lie partly outside."""
    scene = background(viewpoint, size, HORIZON, chance)
    boxes: dict[int, Box] = {}
    for number, placed in sorted(enumerate(people), key=lambda pair: pair[1].y):
        figure = _seen(draw_figure(placed.identity, placed.pose), viewpoint, placed.height * placed.identity.stature)
        left, top = round(placed.x - figure.width / 2), round(placed.y - figure.height)
        scene.paste(figure, (left, top), figure)
        boxes[number] = (float(left), float(top), float(figure.width), float(figure.height))
    return develop(viewpoint, scene, chance), [boxes[number] for number in range(len(people))]


def _seen(figure: Image.Image, viewpoint: Viewpoint, height: float) -> Image.Image:
    factor = height / figure.height
    size = max(2, round(figure.width * factor)), max(4, round(height * viewpoint.squash))
    return figure.resize(size, Image.Resampling.BOX)


def _jittered(pixels: NDArray[np.uint8], margin: int, chance: np.random.Generator) -> NDArray[np.uint8]:
    """Cut the margin off, but for as much as a detector errs by: about a twentieth of the size."""
    height, width = pixels.shape[:2]
    off = np.clip(chance.normal(0, (height - 2 * margin) * 0.03, 4), -margin, margin * 0.75).astype(int)
    top, bottom, left, right = margin + off
    return np.ascontiguousarray(pixels[top : height - bottom, left : width - right])
