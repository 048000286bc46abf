"""`zhiban association ingest --mot` sends the best crops of each track, and tells which boxes gave none."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from daemon.cli import association_ingest
from daemon.cli.reach import Daemon
from daemon.errors import InvalidInput
from daemon.inference.association.pictures.decoding import decode


class Recording:
    """A daemon that keeps what it is sent, but for one track."""

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], tuple[int, ...]]] = []

    def upload(self, path: str, content: io.BytesIO, size: int, query: dict[str, Any], *, kind: str) -> dict[str, Any]:
        assert (path, kind) == ("/api/v1/association/pictures", "image/png")
        data = content.read()
        assert len(data) == size
        if query["track"].endswith("/2"):
            raise InvalidInput("quality 0.04: too dark")
        self.sent.append((query, decode(data).shape))
        return {}


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    (tmp_path / "img1").mkdir()
    for frame in range(1, 4):
        noise = np.random.default_rng(frame).integers(0, 255, (120, 160, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "img1" / f"{frame:06d}.png")
    lines = ["1,1,5,5,30,60,1", "2,1,5,5,30,60,1", "1,2,60,5,30,60,1", "2,3,900,5,30,60,1"]
    (tmp_path / "tracks.txt").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Recording:
    found = Recording()
    monkeypatch.setattr(Daemon, "found", lambda: found)
    return found


def ingest(*arguments: str) -> Any:
    return CliRunner().invoke(association_ingest.ingest, list(arguments))


def test_crops_are_sent_with_their_times_and_tracks(sequence: Path, daemon: Recording) -> None:
    result = ingest(str(sequence), "--mot", "--camera", "gate", "--start", "2026-03-01T08:00:00+08:00", "--fps", "2")
    assert [(query["camera"], query["time"], shape) for query, shape in daemon.sent] == [
        ("gate", "2026-03-01T00:00:00+00:00", (60, 30, 3)),
        ("gate", "2026-03-01T00:00:00.500000+00:00", (60, 30, 3)),
    ]
    assert "2 stored, 0 known already, 1 refused" in result.output
    assert "too dark" in result.output
    assert "1 boxes gave no picture" in result.output
    assert "tracks.txt:4: box (900, 5, 30, 60) lies outside" in result.output
    assert result.exit_code == 2


def test_a_sequence_without_a_frame_rate_is_refused_before_anything_is_sent(sequence: Path, daemon: Recording) -> None:
    result = ingest(str(sequence), "--mot", "--camera", "gate", "--start", "2026-03-01T08:00:00Z")
    assert isinstance(result.exception, InvalidInput)
    assert "no frame rate" in str(result.exception)
    assert daemon.sent == []
