"""A walking figure, drawn by Pillow. Lengths are parts of a body of mean stature, down from the crown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from daemon.inference.association.pictures.rendering.clothes import shaded, texture
from daemon.inference.association.pictures.rendering.identities import Colour, Identity

#: Pixels of the canvas: the figure of mean stature is 240 high, and is then made smaller.
WIDTH, HEIGHT, _BODY, _FEET = 160, 284, 240, 276
_NECK, _SHOULDER, _WAIST, _HIP, _KNEE, _ANKLE = 0.145, 0.18, 0.46, 0.52, 0.74, 0.95


@dataclass(frozen=True, slots=True)
class Pose:
    """A moment of walking. phase: of the step, radians. turned_deg: 0 towards the camera, 90 to the right, 180 away."""

    phase: float
    turned_deg: float

    @property
    def aside(self) -> float:
        """Return how far to the right it walks, -1 to 1."""
        return float(np.sin(np.radians(self.turned_deg)))

    @property
    def towards(self) -> float:
        """Return how far it faces the camera, -1 to 1."""
        return float(np.cos(np.radians(self.turned_deg)))


def draw_figure(identity: Identity, pose: Pose) -> Image.Image:
    """Return the figure upright, RGBA, cut to what is drawn."""
    sheet = _Sheet(identity, pose)
    for part in (_far_limbs, _bag_behind, _near_leg, _torso, _head, _near_arm, _bag_before):
        part(sheet)
    box = sheet.image.getbbox()
    return sheet.image.crop(box)


class _Sheet:
    """The canvas with what drawing needs: where the body's parts are on it, and its clothes as textures."""

    def __init__(self, identity: Identity, pose: Pose) -> None:
        self.identity, self.pose = identity, pose
        self.image = Image.new("RGBA", (WIDTH, HEIGHT))
        self.unit = _BODY * identity.stature
        self.breadth = identity.build * (0.11 * abs(pose.towards) + 0.07 * abs(pose.aside))
        self.swing = float(np.sin(pose.phase))
        self.upper = texture(identity.upper, (WIDTH, HEIGHT), self.unit, self.breadth / 0.11, towards=pose.towards)
        self.lower = texture(identity.lower, (WIDTH, HEIGHT), self.unit, self.breadth / 0.11, towards=pose.towards)

    def at(self, across: float, down: float) -> tuple[float, float]:
        """Return pixels of a place: across from the middle, down from the crown."""
        return WIDTH / 2 + across * self.unit, _FEET - (1 - down) * self.unit

    def polygon(self, *places: tuple[float, float], fill: Image.Image | Colour, light: float = 1.0) -> None:
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon([self.at(*place) for place in places], fill=255)
        self.paint(mask, fill, light)

    def ellipse(
        self, middle: tuple[float, float], radii: tuple[float, float], fill: Colour, light: float = 1.0
    ) -> None:
        left, top = self.at(middle[0] - radii[0], middle[1] - radii[1])
        right, bottom = self.at(middle[0] + radii[0], middle[1] + radii[1])
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).ellipse((left, top, right, bottom), fill=255)
        self.paint(mask, fill, light)

    def limb(
        self, places: tuple[tuple[float, float], ...], thick: float, fill: Image.Image | Colour, light: float
    ) -> None:
        mask = Image.new("L", self.image.size)
        draw = ImageDraw.Draw(mask)
        points = [self.at(*place) for place in places]
        draw.line(points, fill=255, width=max(2, round(thick * self.unit)), joint="curve")
        radius = thick * self.unit / 2
        for x, y in points:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        self.paint(mask, fill, light)

    def paint(self, mask: Image.Image, fill: Image.Image | Colour, light: float) -> None:
        """Lay stuff, or one colour, where the mask is; light: 0 to 1."""
        if (box := mask.getbbox()) is None:
            return
        stuff = fill.crop(box) if isinstance(fill, Image.Image) else Image.new("RGB", (1, 1), fill)
        lit = shaded(stuff, light)
        piece = (
            lit if lit.size != (1, 1) else Image.new("RGB", (box[2] - box[0], box[3] - box[1]), lit.getpixel((0, 0)))
        )
        self.image.paste(piece, box, mask.crop(box))


def _leg(sheet: _Sheet, side: int, light: float) -> None:
    """side: -1 or 1. Walking aside, legs part like scissors; towards the camera, one foot is lifted."""
    identity, pose = sheet.identity, sheet.pose
    hip = side * 0.042 * identity.build * (0.35 + 0.65 * abs(pose.towards))
    stride = side * sheet.swing * 0.13 * pose.aside
    bent = max(0.0, side * float(np.cos(pose.phase))) * 0.05
    lifted = max(0.0, side * sheet.swing) * 0.035 * abs(pose.towards) + bent * 0.4
    knee = (hip + stride * 0.45 + bent * np.sign(pose.aside), _KNEE - lifted * 0.5)
    ankle = (hip + stride, _ANKLE - lifted)
    places = ((hip, _HIP), knee, ankle)
    thick = 0.07 * identity.build
    if identity.lower.kind == "trousers":
        sheet.limb(places, thick, sheet.lower, light)
    else:
        sheet.limb(places, thick * 0.75, identity.skin, light)
        if identity.lower.kind == "shorts":
            middle = ((hip + knee[0]) / 2 + 0.002, (_HIP + knee[1]) / 2 + 0.05)
            sheet.limb(((hip, _HIP), middle), thick * 1.1, sheet.lower, light)
    toe = 0.05 * pose.aside
    sheet.limb(((ankle[0], ankle[1] + 0.025), (ankle[0] + toe, ankle[1] + 0.03)), 0.035, identity.shoes, light)


def _arm(sheet: _Sheet, side: int, light: float) -> None:
    identity, pose = sheet.identity, sheet.pose
    shoulder = side * sheet.breadth * 0.95 * abs(pose.towards)
    swung = -side * sheet.swing * 0.1 * pose.aside
    out = side * 0.018 * abs(pose.towards)
    elbow = (shoulder + swung * 0.5 + out, 0.34)
    hand = (shoulder + swung + out + 0.02 * pose.aside, 0.47)
    sleeve = sheet.upper if identity.upper.kind != "shirt" else identity.skin
    sheet.limb(((shoulder, _SHOULDER + 0.02), elbow, hand), 0.045 * identity.build, sleeve, light)
    if identity.upper.kind == "shirt":
        sheet.limb(
            ((shoulder, _SHOULDER + 0.02), ((shoulder + elbow[0]) / 2, 0.27)), 0.05 * identity.build, sheet.upper, light
        )
    sheet.ellipse((hand[0], hand[1] + 0.015), (0.018, 0.02), identity.skin, light)


def _far_limbs(sheet: _Sheet) -> None:
    side = -1 if sheet.pose.aside >= 0 else 1
    _arm(sheet, side, 0.78)
    _leg(sheet, side, 0.78)


def _near_leg(sheet: _Sheet) -> None:
    _leg(sheet, 1 if sheet.pose.aside >= 0 else -1, 1.0)


def _near_arm(sheet: _Sheet) -> None:
    _arm(sheet, 1 if sheet.pose.aside >= 0 else -1, 0.94)


def _torso(sheet: _Sheet) -> None:
    identity, broad = sheet.identity, sheet.breadth
    if identity.lower.kind == "skirt":
        wide = broad * 1.15
        sheet.polygon((-broad * 0.8, _WAIST), (broad * 0.8, _WAIST), (wide, 0.72), (-wide, 0.72), fill=sheet.lower)
    else:
        sheet.polygon(
            (-broad * 0.8, _WAIST), (broad * 0.8, _WAIST), (broad * 0.85, 0.56), (-broad * 0.85, 0.56), fill=sheet.lower
        )
    hem = 0.68 if identity.upper.kind == "coat" else 0.52
    sheet.polygon(
        (-broad * 0.5, _NECK + 0.01), (broad * 0.5, _NECK + 0.01), (broad, _SHOULDER + 0.01), (broad * 0.9, _WAIST),
        (broad * 0.95, hem), (-broad * 0.95, hem), (-broad * 0.9, _WAIST), (-broad, _SHOULDER + 0.01), fill=sheet.upper,
    )  # fmt: skip
    if identity.upper.kind == "coat" and sheet.pose.towards > 0.3:
        sheet.polygon((-0.012, 0.16), (0.012, 0.16), (0.012, hem), (-0.012, hem), fill=identity.upper.second)


def _head(sheet: _Sheet) -> None:
    identity, pose = sheet.identity, sheet.pose
    lean = 0.012 * pose.aside
    sheet.limb(((0, 0.12), (0, 0.16)), 0.045, identity.skin, 0.85)
    if identity.hair_cut == "long":
        sheet.ellipse((-lean, 0.095), (0.062, 0.095), identity.hair, 0.9)
    sheet.ellipse((lean, 0.075), (0.048, 0.068), identity.skin)
    _HAIR[identity.hair_cut](sheet, lean)
    if pose.towards > 0.35:
        for eye in (-0.018, 0.018):
            sheet.ellipse((lean * 2 + eye, 0.075), (0.006, 0.005), (30, 25, 25))
        sheet.ellipse((lean * 2, 0.112), (0.014, 0.004), (140, 60, 60))


def _crown(sheet: _Sheet, lean: float, colour: Colour, depth: float) -> None:
    """Cover the head from above; all of it where it is seen from behind."""
    down = depth if sheet.pose.towards > -0.35 else 0.115
    left, top = sheet.at(lean - 0.054, -0.005)
    right, bottom = sheet.at(lean + 0.054, 0.14)
    mask, edge = Image.new("L", sheet.image.size), Image.new("L", sheet.image.size)
    ImageDraw.Draw(mask).ellipse((left, top, right, bottom), fill=255)
    ImageDraw.Draw(edge).rectangle((0, 0, WIDTH, sheet.at(0, down)[1]), fill=255)
    sheet.paint(ImageChops.multiply(mask, edge), colour, 1.0)


def _short(sheet: _Sheet, lean: float) -> None:
    _crown(sheet, lean, sheet.identity.hair, 0.045)


def _bun(sheet: _Sheet, lean: float) -> None:
    _crown(sheet, lean, sheet.identity.hair, 0.04)
    sheet.ellipse((lean - 0.05 * sheet.pose.aside, 0.005), (0.026, 0.026), sheet.identity.hair)


def _cap(sheet: _Sheet, lean: float) -> None:
    _crown(sheet, lean, sheet.identity.bag_colour, 0.05)
    sheet.ellipse((lean + 0.045 * sheet.pose.aside, 0.05), (0.05, 0.01), sheet.identity.bag_colour, 0.8)


def _hood(sheet: _Sheet, lean: float) -> None:
    _crown(sheet, lean, sheet.identity.upper.colour, 0.035)
    for side in (-1, 1):
        sheet.limb(((lean + side * 0.05, 0.05), (lean + side * 0.045, 0.13)), 0.022, sheet.identity.upper.colour, 0.9)


def _bald(sheet: _Sheet, lean: float) -> None:
    """Nothing is drawn over the skin."""


_HAIR: Final = {"short": _short, "long": _short, "bun": _bun, "cap": _cap, "hood": _hood, "bald": _bald}


def _bag_behind(sheet: _Sheet) -> None:
    if sheet.identity.bag == "backpack" and sheet.pose.towards >= -0.35:
        _backpack(sheet, across=-sheet.pose.aside * (sheet.breadth + 0.02))


def _bag_before(sheet: _Sheet) -> None:
    identity, pose, broad = sheet.identity, sheet.pose, sheet.breadth
    if identity.bag == "backpack":
        if pose.towards < -0.35:
            _backpack(sheet, across=-pose.aside * broad)
        elif pose.towards > 0.2:
            for side in (-1, 1):
                sheet.limb(((side * broad * 0.6, 0.17), (side * broad * 0.65, 0.32)), 0.014, identity.bag_colour, 1.0)
    elif identity.bag == "shoulder":
        side = 1 if pose.towards >= 0 else -1
        sheet.limb(((-side * broad * 0.7, 0.17), (side * broad, 0.47)), 0.013, identity.bag_colour, 0.9)
        _box(sheet, side * (broad + 0.012), 0.47, 0.05, 0.06)
    elif identity.bag == "hand":
        side = 1 if pose.towards >= 0 else -1
        _box(sheet, side * (broad * abs(pose.towards) + 0.02) + 0.02 * pose.aside, 0.52, 0.045, 0.075)


def _backpack(sheet: _Sheet, across: float) -> None:
    _box(sheet, across, 0.2, 0.075 * abs(sheet.pose.towards) + 0.045 * abs(sheet.pose.aside), 0.2)


def _box(sheet: _Sheet, across: float, top: float, half: float, tall: float) -> None:
    corners = ((across - half, top), (across + half, top), (across + half, top + tall), (across - half, top + tall))
    sheet.polygon(*corners, fill=sheet.identity.bag_colour, light=0.9)
