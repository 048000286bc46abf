"""How much likelier two vectors are of one person than of two: a logistic curve of their cosine, learnt from passages.

With as much weight on pairs of one person as on pairs of two, the logit of a calibrated classifier is the logarithm of
the likelihood ratio (Brümmer and du Preez, "Application-independent evaluation of speaker detection", 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.search.windows import Template, unit
from daemon.ports.sightings import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEWEST: Final = 30
_PAIRS: Final = 20_000
#: No single cosine counts for more than this.
_MOST: Final = 12.0
#: What two pictures of one person are like where nobody has said: mean and deviation of the cosine.
_USUAL_MEAN: Final = 0.6
_USUAL_DEVIATION: Final = 0.15
#: Keeps a slope finite where the two kinds do not overlap.
_RIDGE: Final = 1e-5


@dataclass(frozen=True, slots=True)
class Curve:
    """llr = slope * cosine + intercept, within 12 of 0."""

    slope: float
    intercept: float

    def llr(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logarithms of likelihood ratios of the same shape."""
        found: NDArray[np.float32] = np.clip(self.slope * cosines + self.intercept, -_MOST, _MOST).astype(np.float32)
        return found


@dataclass(frozen=True, slots=True)
class PairLikeness:
    """Fused appearance: the sum of body's and face's logarithms of likelihood ratios; what is absent counts 0."""

    body: Curve
    face: Curve

    def llr(self, template: Template, seen: Window) -> NDArray[np.float32]:
        """Return how much likelier each of n detections is the target."""
        cosines = seen.body.astype(np.float32) @ unit(template.body)
        total = self.body.llr(cosines)
        total[cosines == 0] = 0  # a row of zeros has no vector
        if template.face is not None and len(has := np.flatnonzero(seen.face_rows >= 0)):
            total[has] += self.face.llr(seen.faces[seen.face_rows[has]].astype(np.float32) @ unit(template.face))
        return total


def learn_likeness(view: FolderView, passages: Sequence[Sequence[int]], seed: int = 0) -> PairLikeness:
    """Learn both curves from rows of confirmed passages, pairs of strangers drawn at random beside them."""
    draw = np.random.default_rng(seed)
    columns = view.columns
    same = _pairs(passages, draw)
    strangers = draw.integers(0, max(view.size, 1), (2 * _PAIRS if view.size else 0, 2))
    has_body = np.where(columns.body.any(axis=1), np.arange(view.size), -1)
    curves = [
        _curve(_cosines(vectors, places, same), _cosines(vectors, places, strangers))
        for vectors, places in ((columns.body, has_body), (columns.faces, columns.face_rows))
    ]
    return PairLikeness(*curves)


def _pairs(passages: Sequence[Sequence[int]], draw: np.random.Generator) -> NDArray[np.int64]:
    """Return pairs (n, 2) of rows of one passage, each row with another of its passage."""
    pairs = [
        (row, passage[(place + int(step)) % len(passage)])
        for passage in passages
        if len(passage) > 1
        for place, (row, step) in enumerate(zip(passage, draw.integers(1, len(passage), len(passage)), strict=True))
    ]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found if len(found) <= _PAIRS else found[draw.choice(len(found), _PAIRS, replace=False)]


def _cosines(vectors: NDArray[np.float16], places: NDArray[Any], pairs: NDArray[np.int64]) -> NDArray[np.float32]:
    left, right = places[pairs[:, 0]], places[pairs[:, 1]]
    both = (left >= 0) & (right >= 0) & (pairs[:, 0] != pairs[:, 1])
    one, other = vectors[left[both]].astype(np.float32), vectors[right[both]].astype(np.float32)
    cosines: NDArray[np.float32] = np.einsum("ij,ij->i", one, other)
    return cosines


def _curve(same: NDArray[np.float32], strangers: NDArray[np.float32]) -> Curve:
    """Fit a logistic regression by Newton's method, both kinds of equal weight; from few pairs, a usual one."""
    if len(strangers) < _FEWEST:
        return Curve(0.0, 0.0)
    if len(same) < _FEWEST:
        middle, apart = (_USUAL_MEAN + float(strangers.mean())) / 2, _USUAL_MEAN - float(strangers.mean())
        slope = apart / ((_USUAL_DEVIATION**2 + float(strangers.var())) / 2)
        return Curve(slope, -slope * middle)
    inputs = np.stack([np.concatenate([same, strangers]).astype(float), np.ones(len(same) + len(strangers))], 1)
    labels = np.repeat([1.0, 0.0], [len(same), len(strangers)])
    weights = np.repeat([0.5 / len(same), 0.5 / len(strangers)], [len(same), len(strangers)])
    found = np.zeros(2)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ found, -30, 30)))
        gradient = inputs.T @ (weights * (labels - chance)) - _RIDGE * found
        curvature = (inputs * (weights * chance * (1 - chance))[:, None]).T @ inputs + _RIDGE * np.eye(2)
        found += np.linalg.solve(curvature, gradient)
    return Curve(max(float(found[0]), 0.0), float(found[1]))
