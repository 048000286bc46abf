"""Vectors in `.npy` files: mapped into memory, checked, brought to unit length. Never unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from daemon.errors import UnreadableFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows that are in memory at a time in full precision.
BLOCK: Final = 1 << 14
_WIDEST: Final = 1 << 16


def open_vectors(path: Path) -> NDArray[Any]:
    """Map a file of vectors (n, d), fp16, fp32 or fp64 in any byte order and either arrangement.

    Raises UnreadableFile for what is no such file, is cut short, or would have to be unpickled.
    """
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, TypeError) as exc:
        if isinstance(exc, OSError) and exc.errno is not None:
            raise UnreadableFile(f"{path}: {exc.strerror or exc}") from exc
        found = _empty(path)
        if found is None:
            problem = f"{exc}".splitlines()[0] if f"{exc}" else type(exc).__name__
            raise UnreadableFile(f"{path}: no whole .npy file of numbers ({problem})") from exc
    if not isinstance(found, np.ndarray):
        found.close()
        raise UnreadableFile(f"{path}: an archive of arrays; expected one array, as numpy.save writes it")
    if found.dtype.kind != "f" or found.dtype.itemsize not in {2, 4, 8}:
        raise UnreadableFile(f"{path}: numbers of type {found.dtype}; expected float16, float32 or float64")
    if found.ndim != 2 or not 0 < found.shape[1] <= _WIDEST:
        raise UnreadableFile(f"{path}: shape {found.shape}; expected (vectors, width), 1 to {_WIDEST} wide")
    return found


def _empty(path: Path) -> NDArray[Any] | None:
    """Return an array without rows, which cannot be mapped."""
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, MemoryError):
        return None
    return found if isinstance(found, np.ndarray) and found.size == 0 else None


def unusable(vectors: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows (n,) have no direction: all zero, or with a number that is not finite."""
    bad = np.empty(len(vectors), bool)
    for start in range(0, len(vectors), BLOCK):
        largest = np.abs(vectors[start : start + BLOCK]).max(axis=1)
        bad[start : start + BLOCK] = ~np.isfinite(largest) | (largest == 0)
    return bad


def to_unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Return rows (n, d) at unit length; rows of zeros stay. Finite numbers of any size."""
    exact = np.asarray(vectors, np.float64)
    largest = np.abs(exact).max(axis=1, keepdims=True, initial=0.0)
    exact = exact / np.where(largest > 0, largest, 1.0)
    norms = np.linalg.norm(exact, axis=1, keepdims=True)
    return (exact / np.where(norms > 0, norms, 1.0)).astype(np.float32)


def unit_rows(vectors: NDArray[Any], places: NDArray[Any], out: NDArray[np.float16]) -> None:
    """Write the vectors at some places, -1 for a row of zeros, to `out` (len(places), d), at unit length."""
    for start in range(0, len(places), BLOCK):
        some = places[start : start + BLOCK]
        if not len(vectors):
            out[start : start + BLOCK] = 0
            continue
        block = to_unit(vectors[np.maximum(some, 0)])
        block[some < 0] = 0
        out[start : start + BLOCK] = block
