"""The crops of a training: whole, divided by people, and refused where too few are left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.pictures.training.crops import Crops
from daemon.inference.association.pictures.training.listing import listed
from tests.unit.inference.association.pictures.training.small_training import SIZE, gathered, recipe, write_people


def test_people_are_either_learned_or_held_out_and_the_same_each_time(tmp_path: Path) -> None:
    write_people(tmp_path, people=9)
    data = gathered(tmp_path, recipe())
    assert len(data.held_out.people) == 3
    assert not set(data.held_out.people) & set(data.learned.people)
    assert len(data.learned) + len(data.held_out) == 36
    assert data.learned.cameras.tolist() == [0, 0, 1, 1] * 6
    again = gathered(tmp_path, recipe())
    assert again.held_out.people == data.held_out.people
    assert again.sha256 == data.sha256
    assert gathered(tmp_path, recipe(seed=2)).held_out.people != data.held_out.people


def test_four_people_are_two_to_learn_and_two_to_measure_with(tmp_path: Path) -> None:
    data = gathered(write_people(tmp_path, people=4), recipe(held_out=0.9))
    assert (len(data.learned.people), len(data.held_out.people)) == (2, 2)


def test_files_that_cannot_be_read_are_told_and_skipped(tmp_path: Path) -> None:
    write_people(tmp_path)
    (tmp_path / "p0" / "c1_900.png").write_bytes(b"no picture")
    (tmp_path / "p0" / "c1_901.jpg").write_bytes(b"")
    whole = (tmp_path / "p1" / "c1_000.png").read_bytes()
    (tmp_path / "p1" / "c1_902.png").write_bytes(whole[: len(whole) // 2])
    data = gathered(tmp_path, recipe())
    assert [Path(one.place).name for one in data.refused] == ["c1_900.png", "c1_901.jpg", "c1_902.png"]
    assert all(one.reason and one.place not in one.reason for one in data.refused)
    assert len(data.learned) + len(data.held_out) == 24


def test_people_with_one_picture_are_left_out_and_told(tmp_path: Path) -> None:
    write_people(tmp_path)
    for _ in range(3):
        next((tmp_path / "p3").iterdir()).unlink()
    data = gathered(tmp_path, recipe())
    assert data.alone == ("p3",)
    assert "p3" not in data.learned.people + data.held_out.people


def one_person(folder: Path) -> None:
    write_people(folder, people=1)


def one_each(folder: Path) -> None:
    write_people(folder, people=7, each=1)


def three(folder: Path) -> None:
    write_people(folder, people=3)


def broken(folder: Path) -> None:
    for path in write_people(folder).rglob("*.png"):
        path.write_bytes(b"broken")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (one_person, "all pictures are of one person, p0: at least 4 people with two pictures each"),
        (one_each, "one picture of each of 7 people"),
        (three, "two pictures or more of 3 people of 3"),
        (broken, r"no pictures to learn from.*24 could not be read, the first: .*c1_000\.png"),
        (Path.exists, "no pictures to learn from"),
    ],
)
def test_too_few_are_refused_with_what_there_is_and_what_is_needed(
    tmp_path: Path, wrong: Callable[[Path], None], told: str
) -> None:
    wrong(tmp_path)
    with pytest.raises(InvalidInput, match=told):
        gathered(tmp_path, recipe())


def test_other_pictures_or_other_names_are_other_data(tmp_path: Path) -> None:
    write_people(tmp_path)
    before = gathered(tmp_path, recipe()).sha256
    (tmp_path / "p0" / "c2_001.png").rename(tmp_path / "p0" / "c1_001.png")
    renamed = gathered(tmp_path, recipe()).sha256
    (tmp_path / "p0" / "c1_001.png").write_bytes((tmp_path / "p0" / "c1_000.png").read_bytes())
    assert len({before, renamed, gathered(tmp_path, recipe()).sha256}) == 3


def test_what_does_not_fit_into_memory_is_read_again(tmp_path: Path) -> None:
    files, _ = listed(write_people(tmp_path))
    crops = Crops(files, SIZE, kept_bytes=2 * 3 * SIZE[0] * SIZE[1])
    pictures = [crops.picture(number) for number in range(4)]
    assert all(picture.shape == (*SIZE, 3) for picture in pictures)
    for file in files:
        file.path.unlink()
    np.testing.assert_array_equal(crops.picture(1), pictures[1])
    with pytest.raises(UnreadableFile, match=files[3].path.name):
        crops.picture(3)
