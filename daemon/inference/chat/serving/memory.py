"""What rows of a decoding attend to, and where each row finds its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.inference.chat.steps import Ints

#: The dimension of each value that is as long as the longest source; the first one is the sources.
_LENGTHS: Final = {"keys": 2, "key_scales": 2, "values": 1, "mask": 2}
#: What is added to the score of padding: so little that its weight is exactly 0.
UNSEEN: Final = np.float32(-1e9)
#: Rows of a source, at least: onnxruntime adds up the product of a single one in another order.
_FEWEST: Final = 2


class Memory(NamedTuple):
    """Values of B sources, by the names of the graph's inputs; "mask" is among them."""

    values: Mapping[str, NDArray[Any]]
    sources: int

    def joined(self, other: Memory) -> Memory:
        """Return a memory of these sources and, after them, others."""
        values = {}
        for name, value in self.values.items():
            pair, length = (value, other.values[name]), _LENGTHS[name]
            most = max(part.shape[length] for part in pair)
            padding = UNSEEN if name == "mask" else 0
            values[name] = np.concatenate([_padded(part, length, most, padding) for part in pair])
        return Memory(values, self.sources + other.sources)

    def kept(self, sources: Ints) -> Memory:
        """Return a memory of some sources, in the order given."""
        if len(sources) == self.sources:
            return self
        return Memory({name: value[sources] for name, value in self.values.items()}, len(sources))


class Grid(NamedTuple):
    """Rows by their source, [sources, most rows of one], and each row's place in that, read row by row.

    So a source's keys are multiplied by all of its rows at once, and copied for none. Free places hold row 0.
    """

    rows: Ints
    place: Ints


def in_grid(source: Ints, sources: int) -> Grid:
    """Return the grid of rows. source: [rows], each row's source."""
    order = np.argsort(source, kind="stable")
    counts = np.bincount(source, minlength=sources)
    width = max(_FEWEST, int(counts.max()))
    column = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = np.empty_like(order)
    place[order] = source[order] * width + column
    grid = np.zeros(sources * width, np.int64)
    grid[place] = np.arange(len(source))
    return Grid(grid.reshape(sources, width), place)


def _padded(part: NDArray[Any], axis: int, length: int, padding: float | np.float32) -> NDArray[Any]:
    widths = [(0, length - part.shape[axis] if number == axis else 0) for number in range(part.ndim)]
    return np.pad(part, widths, constant_values=padding)
