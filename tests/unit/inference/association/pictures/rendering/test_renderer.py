"""Drawn people: the same for a seed, told apart by form more than by colour, in the box where they are said to be."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from daemon.errors import InvalidInput
from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.streets import StreetSettings
from daemon.inference.association.folders.world import WorldSettings
from daemon.inference.association.pictures.quality import LEAST, quality
from daemon.inference.association.pictures.rendering.clothes import texture
from daemon.inference.association.pictures.rendering.figure import Pose, draw_figure
from daemon.inference.association.pictures.rendering.identities import PATTERNS, Garment, identities
from daemon.inference.association.pictures.rendering.labelled import labelled_crops, write_labelled
from daemon.inference.association.pictures.rendering.pictured import PicturedWorld
from daemon.inference.association.pictures.rendering.renderer import Placed, a_pose, frame, render
from daemon.inference.association.pictures.rendering.viewpoints import viewpoints
from daemon.inference.association.pictures.stripes import StripeHistogram

TOWARDS, ASIDE, AWAY = Pose(0.7, 0), Pose(0.7, 90), Pose(0.7, 180)


def test_the_same_seed_gives_the_same_picture() -> None:
    pictures = []
    for _ in range(2):
        chance = np.random.default_rng(5)
        pictures.append(render(identities(3, 9)[2], viewpoints(2, 9)[1], a_pose(chance), chance))
    assert np.array_equal(pictures[0], pictures[1])


def test_other_seeds_give_other_people_and_cameras() -> None:
    assert identities(20, 1) != identities(20, 2)
    assert not np.array_equal(viewpoints(1, 1)[0].cast, viewpoints(1, 2)[0].cast)


@pytest.mark.parametrize("count", range(1, 12))
def test_the_first_people_do_not_depend_on_how_many_follow(count: int) -> None:
    assert identities(20, 3)[:count] == identities(count, 3)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_as_many_have_look_alikes_as_asked_for(share: float) -> None:
    people = identities(600, 5, look_alikes=share)
    dressed = Counter(frozenset((one.upper.colour, one.upper.second, one.lower.colour, one.shoes)) for one in people)
    assert sum(count for count in dressed.values() if count > 1) / 600 == pytest.approx(share, abs=0.06)


def test_no_two_people_look_alike_in_all() -> None:
    figures = [draw_figure(one, TOWARDS).resize((40, 90)) for one in identities(60, 4, look_alikes=1)]
    for one, other in combinations(figures, 2):
        assert np.abs(np.asarray(one, int) - np.asarray(other, int)).mean() > 0.5


def test_look_alikes_share_their_colours_and_differ_in_patterns() -> None:
    group = identities(3, 6, look_alikes=1)
    assert len({frozenset((one.upper.colour, one.upper.second)) for one in group}) == 1
    assert len({one.upper.pattern for one in group}) == 3
    assert len({one.name for one in group}) == 3


@pytest.mark.parametrize("count", [1, 2, 7])
def test_there_are_as_many_people_as_asked_for(count: int) -> None:
    assert [one.name for one in identities(count, 1)] == [f"{number:04d}" for number in range(count)]


def test_senseless_numbers_are_refused() -> None:
    with pytest.raises(InvalidInput, match="at least 1"):
        identities(0, 1)
    with pytest.raises(InvalidInput, match="0 to 1"):
        identities(5, 1, look_alikes=2)


@pytest.mark.parametrize("pose", [TOWARDS, ASIDE, AWAY])
def test_all_kinds_of_people_can_be_drawn_from_all_sides(pose: Pose) -> None:
    for one in identities(60, 8):
        figure = draw_figure(one, pose)
        assert 180 < figure.height < 284
        assert 20 < figure.width < 140
        assert np.asarray(figure.getchannel("A")).mean() > 40


def test_before_and_behind_differ_by_the_face() -> None:
    [one] = identities(1, 8)
    assert (
        np.asarray(draw_figure(one, TOWARDS).resize((40, 90))).tolist()
        != np.asarray(draw_figure(one, AWAY).resize((40, 90))).tolist()
    )


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_has_its_colours(pattern: str) -> None:
    garment = Garment("sleeves", (200, 10, 10), (10, 10, 200), pattern, 0.06)
    colours = texture(garment, (160, 284), 240, 1.0, towards=1.0).getcolors()
    assert colours is not None
    assert {colour for _, colour in colours} == (
        {(200, 10, 10)} if pattern == "plain" else {(200, 10, 10), (10, 10, 200)}
    )


def test_crops_are_worth_embedding() -> None:
    crops = [crop for _, _, crop in labelled_crops(identities(6, 1), viewpoints(6, 1), 2, 1)]
    assert len(crops) == 72
    assert all(crop.dtype == np.uint8 and crop.shape[2] == 3 and min(crop.shape[:2]) >= 12 for crop in crops)
    assert float((quality(crops) >= LEAST).mean()) > 0.95


def test_boxes_tell_where_people_are() -> None:
    chance = np.random.default_rng(1)
    view = viewpoints(1, 3)[0]
    one, other = identities(2, 3)
    people = [Placed(one, TOWARDS, 100, 230, 120), Placed(other, ASIDE, 300, 200, 100)]
    pixels, boxes = frame(view, (400, 260), people, chance)
    empty, none = frame(view, (400, 260), [], np.random.default_rng(1))
    assert pixels.shape == (260, 400, 3)
    assert none == []
    changed = np.abs(pixels.astype(int) - empty).mean(axis=2) > 15
    for left, top, width, height in boxes:
        inside = changed[int(top) : int(top + height), int(left) : int(left + width)]
        assert inside.mean() > 0.3
        changed[int(top) - 3 : int(top + height) + 3, int(left) - 3 : int(left + width) + 3] = False
    assert changed.mean() < 0.02
    assert boxes[0][1] + boxes[0][3] == pytest.approx(230, abs=1)


def test_colours_alone_find_few_people_across_cameras() -> None:
    found = list(labelled_crops(identities(40, 11), viewpoints(4, 11), 1, 11))
    vectors = StripeHistogram().embed([crop for _, _, crop in found])
    likeness = vectors @ vectors.T
    cameras = np.array([camera for _, camera, _ in found])
    likeness[cameras[:, None] == cameras[None, :]] = -1
    right = np.array([found[number].identity == found[best].identity for number, best in enumerate(likeness.argmax(1))])
    assert 0.05 < right.mean() < 0.6


def test_labelled_crops_are_written_by_identity_and_camera(tmp_path: Path) -> None:
    people, views = identities(2, 1), viewpoints(2, 1)
    assert write_labelled(tmp_path, labelled_crops(people, views, 2, 1)) == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0000", "0001"]
    first = sorted((tmp_path / "0000").iterdir())
    assert [path.name.split("_")[0] for path in first] == ["c1", "c1", "c2", "c2"]
    drawn = next(labelled_crops(people, views, 2, 1)).crop
    assert np.array_equal(np.asarray(Image.open(first[0])), drawn)


def test_a_world_shows_each_person_the_same_everywhere() -> None:
    settings = WorldSettings(
        people=4, seed=2, hours=1, queries=0, columns=frozenset({"direction"}), streets=StreetSettings(cameras=4)
    )
    world = simulate(settings)
    drawn = PicturedWorld(world, 3)
    trail = world.trail(0)
    assert len({drawn.identity(row) for row in trail.tolist()}) == 1
    row = int(trail[0])
    assert drawn.viewpoint(row).name == f"c{world.camera_of[row] + 1}"
    assert np.array_equal(drawn.picture(row), PicturedWorld(world, 3).picture(row))


def test_a_world_that_cannot_be_drawn_is_refused() -> None:
    world = simulate(WorldSettings(people=2, seed=2, hours=1, queries=0, streets=StreetSettings(cameras=4)))
    with pytest.raises(InvalidInput, match="without directions"):
        PicturedWorld(world, 3)
