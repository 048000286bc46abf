"""Scans of vectors in fp16."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from daemon.errors import InvalidInput
from daemon.inference.association.matching import scan


def units(count: int, width: int, seed: int = 1) -> NDArray[np.float16]:
    found = np.random.default_rng(seed).normal(size=(count, width))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float16)


@settings(max_examples=30, deadline=None)
@given(count=st.integers(0, 40), width=st.integers(1, 70), queries=st.integers(1, 3), kept=st.integers(0, 50))
def test_the_nearest_are_those_of_a_plain_sort(count: int, width: int, queries: int, kept: int) -> None:
    rows, asked = units(count, width), units(queries, width, 2).astype(np.float32)
    exact = rows.astype(np.float32) @ asked.T
    found = scan.nearest(rows, asked, kept)
    assert found.rows.shape == found.cosines.shape == (queries, min(kept, count))
    for query in range(queries):
        np.testing.assert_allclose(scan.cosines(rows, asked[query]), exact[:, query], atol=1e-6)
        np.testing.assert_allclose(found.cosines[query], np.sort(exact[:, query])[::-1][:kept], atol=1e-6)
        np.testing.assert_allclose(exact[found.rows[query], query], found.cosines[query], atol=1e-6)
        assert len(set(found.rows[query])) == len(found.rows[query])


def test_every_half_is_the_float_that_numpy_says() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)].reshape(-1, 1)
    one = np.ones(1, np.float32)
    np.testing.assert_array_equal(scan.cosines(finite, one), finite[:, 0].astype(np.float32))


def test_of_equally_near_rows_the_first_is_first() -> None:
    rows = np.repeat(units(3, 8), 4, axis=0)
    assert scan.nearest(rows, rows[4:5].astype(np.float32), 4).rows.tolist() == [[4, 5, 6, 7]]


def test_a_map_of_a_file_is_scanned_as_it_is(tmp_path: Path) -> None:
    rows = units(100, 16)
    rows.tofile(tmp_path / "rows")
    mapped = np.memmap(tmp_path / "rows", np.float16, "r", shape=(100, 16))
    assert scan.nearest(mapped[10:], rows[50:51], 1).rows.tolist() == [[40]]


def test_another_width_is_refused() -> None:
    for queries in (units(1, 9), units(1, 8)[0]):
        with pytest.raises(InvalidInput, match="widths differ"):
            scan.nearest(units(3, 8), queries, 1)
