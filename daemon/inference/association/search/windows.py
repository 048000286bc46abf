"""Several windows as one, and what a target looks like to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daemon.inference.association.search.query import Query
from daemon.ports.sightings import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Template(NamedTuple):
    """Means of the pictures taken to be the target's, not of unit length. body: (d,); face: (f,) or None."""

    body: NDArray[np.float32]
    face: NDArray[np.float32] | None

    @classmethod
    def of(cls, query: Query) -> Template:
        """Return that of the query's pictures."""
        face = unit(query.face.sum(axis=0)) if len(query.face) else None
        return cls(unit(query.body.sum(axis=0)), face)

    def grown(self, body: NDArray[np.float32], face: NDArray[np.float32] | None) -> Template:
        """Return it with one more picture."""
        if face is None:
            return Template(self.body + body, self.face)
        return Template(self.body + body, face if self.face is None else self.face + face)


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a vector (d,) at unit length; zeros stay."""
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length > 0 else vector


def joined(windows: Sequence[Window]) -> Window:
    """Return the detections of windows in their order, one window at least; faces are those that they name alone."""
    if len(windows) == 1:
        return windows[0]
    face_rows = np.concatenate([window.face_rows for window in windows])
    named = [window.faces[window.face_rows[window.face_rows >= 0]] for window in windows]
    face_rows[face_rows >= 0] = np.arange(sum(map(len, named)), dtype=np.int32)
    rows, times, body = (np.concatenate([window[place] for window in windows]) for place in range(3))
    quality, direction_deg = (np.concatenate([window[place] for window in windows]) for place in (5, 6))
    return Window(rows, times, body, face_rows, np.concatenate(named), quality, direction_deg)
