"""Which crops there are: from folders and from lists, with every line that cannot be used told."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("msgspec")

from daemon.errors import InvalidInput, NotFound, UnreadableFile
from daemon.inference.association.pictures.training.listing import Listed, listed


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(path: Path) -> list[tuple[str, str, str]]:
    return [(crop.path.name, crop.identity, crop.camera) for crop in listed(path)[0]]


def test_a_folder_for_each_person_is_read_in_order_with_cameras_where_they_are_told(tmp_path: Path) -> None:
    touch(
        tmp_path, "bo/x.JPG", "anna/0002_c1s1_000451_03.jpg", "anna/c12_000007.png", "anna/entrance/3.webp",
        "anna/cap.png",        "anna/notes.txt", "anna/.c1_hidden.png", ".cache/c1.png", "loose.png",
    )  # fmt: skip
    assert found(tmp_path) == [
        ("0002_c1s1_000451_03.jpg", "anna", "c1"), ("c12_000007.png", "anna", "c12"), ("cap.png", "anna", ""),
        ("3.webp", "anna", "entrance"), ("x.JPG", "bo", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", "\ufeffcamera,path,identity\nc1,a/1.png,7\n,a/2.png,8\n"),
        ("list.jsonl", '{"path": "a/1.png", "identity": 7, "camera": "c1"}\n\n{"path": "a/2.png", "identity": "8"}\n'),
    ],
)
def test_a_list_names_crops_from_its_own_folder(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert listed(tmp_path / name) == (
        [Listed(tmp_path / "a/1.png", "7", "c1"), Listed(tmp_path / "a/2.png", "8", "")], [],
    )  # fmt: skip


def test_lines_that_cannot_be_used_are_told_and_the_others_are_used(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("path,identity\na.png,1\nb.png,\n,2\n")
    (tmp_path / "l.jsonl").write_text('{"path": "a.png", "identity": 1}\n{broken\n[1]\n{"path": 3, "identity": null}\n')
    crops, refused = listed(tmp_path / "l.csv")
    assert len(crops) == 1
    assert [(one.place.rpartition(", ")[2], one.reason) for one in refused] == [
        ("line 3", "no identity"),
        ("line 4", "no path"),
    ]
    crops, refused = listed(tmp_path / "l.jsonl")
    assert len(crops) == 1
    assert [one.place.rpartition(", ")[2] for one in refused] == ["line 2", "line 3", "line 4"]
    assert refused[1].reason == "no object with path and identity"


def test_what_is_no_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="neither a folder"):
        listed(tmp_path / "none")
    touch(tmp_path, "a.xlsx", "empty.csv")
    with pytest.raises(InvalidInput, match=r"is \.csv or \.jsonl, not \.xlsx"):
        listed(tmp_path / "a.xlsx")
    with pytest.raises(InvalidInput, match="no column identity, path"):
        listed(tmp_path / "empty.csv")
    (tmp_path / "b.csv").write_bytes(b"path,identity\n\xff\xfe,1\n")
    with pytest.raises(UnreadableFile, match=r"b\.csv"):
        listed(tmp_path / "b.csv")
