"""Where compiled code is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.inference.association.kernels import cache_folder


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for package in ("matching", "search"):
        (tmp_path / "installed" / package).mkdir(parents=True)
        (tmp_path / "installed" / package / "some.py").write_text("one = 1\n")
    return tmp_path / "installed"


def test_it_is_kept_beside_the_sources_and_apart_for_every_change_of_any_of_them(sources: Path) -> None:
    before = cache_folder({}, sources)
    assert before is not None
    assert before == cache_folder({}, sources)
    assert before.is_relative_to(sources)
    (sources / "matching" / "some.py").write_text("one = 2\n")
    after = cache_folder({}, sources)
    assert after not in {before, None}


def test_where_sources_cannot_be_written_beside_it_lies_in_the_directory_of_the_service(
    sources: Path, tmp_path: Path
) -> None:
    (sources / "__pycache__").write_text("a file where the folder would be")
    assert cache_folder({}, sources) is None
    found = cache_folder({"STATE_DIRECTORY": str(tmp_path / "state")}, sources)
    assert found is not None
    assert found.parent == tmp_path / "state"
    both = {"CACHE_DIRECTORY": str(tmp_path / "cache"), "STATE_DIRECTORY": str(tmp_path / "state")}
    assert cache_folder(both, sources).parent == tmp_path / "cache"  # type: ignore[union-attr]  # seen above


def test_who_says_where_is_obeyed(sources: Path, tmp_path: Path) -> None:
    found = cache_folder({**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "said")}, sources)
    assert found is not None
    assert found.parent == tmp_path / "said"
