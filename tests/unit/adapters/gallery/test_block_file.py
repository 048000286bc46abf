"""Files of columns: written once, checked, mapped."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from daemon.adapters.gallery import block_file
from daemon.adapters.gallery.block_file import BlockFile, Draft, write_columns
from daemon.errors import StoreCorrupt, StoreFull, Unavailable

ABOUT = {"day": 1, "text": "燈"}
DTYPES = st.sampled_from(["<f2", "<f8", "<i4", "|u1", "<u8"])
NUMBERS = np.arange(1000, dtype=np.float32).reshape(100, 10)


def written(path: Path) -> BlockFile:
    drafts = [
        Draft.of("numbers", NUMBERS),
        Draft.of("none", np.empty((0, 7), np.float16)),
        Draft.of("last", NUMBERS[0]),
    ]
    assert write_columns(path, ABOUT, drafts) <= path.stat().st_size
    return BlockFile(path)


@settings(max_examples=40, deadline=None)
@given(columns=st.lists(npst.arrays(DTYPES, npst.array_shapes(min_dims=1, max_dims=2, min_side=0)), max_size=6))
def test_columns_of_any_shape_come_back(tmp_path_factory: pytest.TempPathFactory, columns: list[np.ndarray]) -> None:
    path = tmp_path_factory.mktemp("columns") / "x.block"
    write_columns(path, ABOUT, [Draft.of(f"c{n}", column) for n, column in enumerate(columns)])
    file = BlockFile(path)
    for number, column in enumerate(columns):
        found = file.column(f"c{number}")
        assert found.dtype == column.dtype
        assert found.tobytes() == column.tobytes()
        assert found.shape == column.shape
        assert found.size == 0 or found.ctypes.data % 64 == 0
    assert list(file.faults()) == []


def test_a_column_is_a_slice_of_the_map_and_cannot_be_written(tmp_path: Path) -> None:
    file = written(tmp_path / "x.block")
    column = file.column("numbers")
    assert not column.flags.owndata
    assert not column.flags.writeable
    (tmp_path / "x.block").unlink()
    np.testing.assert_array_equal(column, NUMBERS)


def test_the_file_is_for_its_owner_alone_and_no_part_is_left(tmp_path: Path) -> None:
    written(tmp_path / "x.block")
    assert [path.name for path in tmp_path.iterdir()] == ["x.block"]
    assert (tmp_path / "x.block").stat().st_mode & 0o777 == 0o600


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.block"
    written(path)
    whole = path.read_bytes()
    for length in (*range(0, 600, 7), len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(StoreCorrupt, match=r"x\.block: (no block|header|\d+ bytes)"):
            BlockFile(path)


def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.block"
    file = written(path)
    whole = path.read_bytes()
    header = 16 + int.from_bytes(whole[8:16], "little") + 16
    places = [*range(0, header, 11), header - 1]
    for column in file._columns.values():
        places += [*range(column.offset, column.offset + column.size, 97)]
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            faults = list(BlockFile(path).faults())
        except StoreCorrupt as error:
            faults = [str(error)]
        assert faults, place
        assert all("x.block" in fault for fault in faults)


def test_what_is_no_block_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.block"
    for content in (b"", b"SQLite format 3\0" * 10, b"ZHBLOCK1" + b"\xff" * 100, b"ZHBLOCK2" + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(StoreCorrupt, match=r"x\.block"):
            BlockFile(path)
    path.unlink()
    with pytest.raises(StoreCorrupt, match="is gone"):
        BlockFile(path)


def failing(code: int) -> Callable[[int], None]:
    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    ("code", "error"), [(errno.ENOSPC, StoreFull), (errno.EDQUOT, StoreFull), (errno.EIO, Unavailable)]
)
@pytest.mark.parametrize("at", ["fsync", "sync_folder"])
def test_what_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception], at: str
) -> None:
    if at == "fsync":
        monkeypatch.setattr("os.fsync", failing(code))
    else:
        monkeypatch.setattr(block_file, "sync_folder", failing(code))
    with pytest.raises(error, match=r"x\.block"):
        written(tmp_path / "x.block")
    assert list(tmp_path.iterdir()) == []
