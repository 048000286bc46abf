"""Who is drawn: build, hair, skin, clothes and what is carried. Everything follows from a seed."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from daemon.errors import InvalidInput

Colour: TypeAlias = tuple[int, int, int]

PATTERNS: Final = ("plain", "hoops", "stripes", "checks", "dots", "halves", "band", "print")
_HAIR_CUTS: Final = ("short", "long", "bald", "bun", "cap", "hood")
_BAGS: Final = ("none", "none", "backpack", "shoulder", "hand")
_LOWER: Final = ("trousers", "trousers", "trousers", "shorts", "skirt")
#: How often clothes are black, grey, white, navy, jeans, beige or brown, and else of any colour.
_SOBER: Final[tuple[Colour, ...]] = (
    (28, 28, 32), (95, 98, 102), (225, 225, 222), (35, 42, 82), (70, 95, 140), (196, 178, 142), (98, 68, 48),
)  # fmt: skip
_SKINS: Final[tuple[Colour, ...]] = ((244, 208, 180), (226, 180, 146), (198, 146, 108), (150, 102, 70), (98, 66, 46))
_HAIRS: Final[tuple[Colour, ...]] = (
    (25, 22, 22),
    (62, 42, 30),
    (122, 84, 48),
    (190, 158, 96),
    (150, 148, 146),
    (128, 52, 28),
)


@dataclass(frozen=True, slots=True)
class Garment:
    """One garment. kind: its form. pattern: one of PATTERNS, of two colours; period: of it, in parts of a body."""

    kind: str
    colour: Colour
    second: Colour
    pattern: str
    period: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody. stature: 0.85 to 1.12 of the mean; build: breadth, 0.8 to 1.3 of the mean."""

    name: str
    stature: float
    build: float
    skin: Colour
    hair: Colour
    hair_cut: str
    upper: Garment
    lower: Garment
    shoes: Colour
    bag: str
    bag_colour: Colour


def identities(count: int, seed: int, *, look_alikes: float = 0.5, group: int = 3) -> tuple[Identity, ...]:
    """Return people of whom no two are dressed alike in every point.

    look_alikes: share of them that come in groups of `group` in clothes of the same colours, who differ by patterns,
    hair, build and bag. Two seeds give other people. Raises InvalidInput.
    """
    if count < 1 or group < 1 or not 0 <= look_alikes <= 1:
        raise InvalidInput(f"{count} people, groups of {group}, a share of {look_alikes}: at least 1, 1, and 0 to 1")
    chance = np.random.default_rng([seed, 0xF16])
    grouped = look_alikes / (look_alikes + group * (1 - look_alikes))  # of those that others may be made after
    people: list[Identity] = []
    while len(people) < count:
        model = _somebody(chance)
        people += _group(model, group, chance) if chance.random() < grouped else [model]
    return tuple(replace(one, name=f"{number:04d}") for number, one in enumerate(people[:count]))


def _group(model: Identity, size: int, chance: np.random.Generator) -> list[Identity]:
    patterns = chance.permutation(PATTERNS)
    return [_otherwise(model, str(patterns[number % len(PATTERNS)]), chance) for number in range(size)]


def _somebody(chance: np.random.Generator) -> Identity:
    return Identity(
        name="",
        stature=float(np.clip(chance.normal(1, 0.05), 0.85, 1.12)),
        build=float(np.clip(chance.normal(1, 0.12), 0.8, 1.3)),
        skin=_SKINS[chance.integers(len(_SKINS))],
        hair=_HAIRS[chance.integers(len(_HAIRS))],
        hair_cut=str(chance.choice(_HAIR_CUTS)),
        upper=_garment(str(chance.choice(("sleeves", "sleeves", "shirt", "coat"))), chance, bright=0.6),
        lower=_garment(str(chance.choice(_LOWER)), chance, bright=0.2),
        shoes=_colour(chance, 0.3),
        bag=str(chance.choice(_BAGS)),
        bag_colour=_colour(chance, 0.6),
    )


def _otherwise(model: Identity, pattern: str, chance: np.random.Generator) -> Identity:
    """Return somebody else in the same colours."""
    other = _somebody(chance)
    swapped = chance.random() < 0.3
    upper, lower = model.upper, model.lower
    colours = (upper.second, upper.colour) if swapped and pattern != "plain" else (upper.colour, upper.second)
    return replace(
        other,
        skin=model.skin,
        upper=replace(upper, colour=colours[0], second=colours[1], pattern=pattern, period=other.upper.period),
        lower=replace(lower, pattern=other.lower.pattern),
        shoes=model.shoes,
    )


def _garment(kind: str, chance: np.random.Generator, *, bright: float) -> Garment:
    colour = _colour(chance, bright)
    second = _colour(chance, bright)
    while np.abs(np.subtract(colour, second)).sum() < 120:
        second = _colour(chance, 0.8)
    plain = chance.random() < (0.25 if bright > 0.5 else 0.7)
    pattern = "plain" if plain else str(chance.choice(PATTERNS[1:]))
    return Garment(kind, colour, second, pattern, float(chance.uniform(0.035, 0.085)))


def _colour(chance: np.random.Generator, bright: float) -> Colour:
    if chance.random() < bright:
        rgb = colorsys.hsv_to_rgb(chance.random(), chance.uniform(0.5, 0.95), chance.uniform(0.4, 0.95))
        return tuple(int(255 * part) for part in rgb)  # type: ignore[return-value]  # three parts make a colour
    near = np.array(_SOBER[chance.integers(len(_SOBER))]) + chance.integers(-10, 11, 3)
    red, green, blue = np.clip(near, 0, 255).tolist()
    return red, green, blue
