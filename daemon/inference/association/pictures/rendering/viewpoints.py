"""How a camera sees: its light and colours, its sharpness and noise, what stands behind and before people."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from daemon.inference.association.pictures.rendering.identities import Colour


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """One camera. cast: 3 x 3, what of red, green and blue comes out as each; gamma above 1 darkens.

    blur: radius in pixels; noise: deviation in levels; squash: how much shorter people look from above; far, near:
    heights of people in pixels; ground, wall: colours of the background; covers: share of people half hidden;
    drift: deviation of the light from picture to picture, in octaves.
    """

    name: str
    cast: NDArray[np.float64]
    gamma: float
    blur: float
    noise: float
    squash: float
    far: int
    near: int
    ground: Colour
    wall: Colour
    bars: int
    covers: float
    drift: float
    jpeg: int


def viewpoints(count: int, seed: int, strength: float = 1.0) -> tuple[Viewpoint, ...]:
    """Return cameras of which no two see alike. Two seeds give other ones.

    strength: how far light and colours are off, 0 for not at all.
    """
    chance = np.random.default_rng([seed, 0xCA3])
    return tuple(_milder(_viewpoint(number, chance), strength) for number in range(count))


def _milder(viewpoint: Viewpoint, strength: float) -> Viewpoint:
    return replace(
        viewpoint,
        cast=strength * viewpoint.cast + (1 - strength) * np.eye(3),
        gamma=viewpoint.gamma**strength,
        drift=viewpoint.drift * strength,
    )


def _viewpoint(number: int, chance: np.random.Generator) -> Viewpoint:
    far = int(chance.integers(70, 120))
    return Viewpoint(
        name=f"c{number + 1}",
        cast=_cast(chance),
        gamma=float(np.exp(chance.uniform(-0.5, 0.5))),
        blur=float(chance.uniform(0, 1.2)),
        noise=float(chance.uniform(2, 9)),
        squash=float(chance.uniform(0.86, 1)),
        far=far,
        near=int(far * chance.uniform(1.4, 2)),
        ground=_greyish(chance, 70, 200),
        wall=_greyish(chance, 50, 220),
        bars=int(chance.integers(0, 7)),
        covers=float(chance.uniform(0, 0.25)),
        drift=float(chance.uniform(0.08, 0.25)),
        jpeg=int(chance.integers(60, 92)),
    )


def _cast(chance: np.random.Generator) -> NDArray[np.float64]:
    """White balance off by up to a third, colours paler or stronger, some of each channel in the others."""
    balance = np.exp(chance.uniform(-0.3, 0.3, 3))
    strength = chance.uniform(0.55, 1.15)
    luma = np.array([0.299, 0.587, 0.114])
    matrix: NDArray[np.float64] = strength * np.eye(3) + (1 - strength) * luma[None, :]
    cast: NDArray[np.float64] = (balance / balance.mean())[:, None] * matrix
    return cast


def _greyish(chance: np.random.Generator, low: int, high: int) -> Colour:
    red, green, blue = np.clip(chance.integers(low, high) + chance.integers(-22, 23, 3), 0, 255).tolist()
    return red, green, blue


def background(viewpoint: Viewpoint, size: tuple[int, int], horizon: float, chance: np.random.Generator) -> Image.Image:
    """Return what is behind people: a wall with upright bars over ground with slabs; horizon: part of the height."""
    width, height = size
    picture = Image.new("RGB", size, viewpoint.wall)
    draw = ImageDraw.Draw(picture)
    shift = chance.integers(-25, 26)
    for _ in range(viewpoint.bars * max(1, width // 120)):
        left = int(chance.integers(-20, width))
        shade = tuple(int(np.clip(level + chance.integers(-50, 51) + shift, 0, 255)) for level in viewpoint.wall)
        draw.rectangle((left, 0, left + int(chance.integers(4, 24)), height * horizon), fill=shade)
    draw.rectangle((0, height * horizon, width, height), fill=viewpoint.ground)
    slab = tuple(int(level * 0.85) for level in viewpoint.ground)
    for row in range(int(height * horizon), height, max(8, height // 9)):
        draw.line((0, row, width, row), fill=slab, width=1)
    for column in range(int(chance.integers(0, 30)) - width, 2 * width, 30):
        draw.line((width / 2 + (column - width / 2) * 0.6, height * horizon, column, height), fill=slab, width=1)
    return picture


def cover(
    viewpoint: Viewpoint, picture: Image.Image, box: tuple[int, int, int, int], chance: np.random.Generator
) -> None:
    """Hide part of what is in a box: behind a post, or from the knees down behind a hedge."""
    if chance.random() >= viewpoint.covers:
        return
    left, top, right, bottom = box
    draw = ImageDraw.Draw(picture)
    colour = tuple(int(level * chance.uniform(0.35, 0.9)) for level in viewpoint.ground)
    if chance.random() < 0.5:
        at = chance.uniform(left, right)
        draw.rectangle((at, top - 8, at + max(2, (right - left) * 0.16), bottom + 6), fill=colour)
    else:
        draw.rectangle(
            (left - 8, top + (bottom - top) * chance.uniform(0.62, 0.85), right + 8, bottom + 6), fill=colour
        )


def develop(viewpoint: Viewpoint, scene: Image.Image, chance: np.random.Generator) -> NDArray[np.uint8]:
    """Return what a camera makes of a scene (w x h): uint8 RGB (h, w, 3), with its light, colours, blur and noise."""
    if viewpoint.blur > 0.1:
        scene = scene.filter(ImageFilter.GaussianBlur(viewpoint.blur))
    seen = np.asarray(scene, np.float32) / 255
    light = 2 ** chance.normal(0, viewpoint.drift)
    seen = np.clip(seen @ viewpoint.cast.T.astype(np.float32) * light, 0, 1) ** viewpoint.gamma * 255
    seen += chance.standard_normal(seen.shape, np.float32) * viewpoint.noise
    return _compressed(np.clip(seen, 0, 255).astype(np.uint8), viewpoint.jpeg)


def _compressed(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    into = io.BytesIO()
    Image.fromarray(pixels).save(into, "JPEG", quality=quality)
    return np.array(Image.open(into))


HORIZON: Final = 0.35
