"""Cosines of one or several queries with many vectors in fp16, at the speed of the memory.

Rows are converted in registers while they stream past: one instruction for a register of them where the processor has
one (F16C, AVX-512, every 64-bit ARM), else five. No copy of the rows is made, so they may be a memory map.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

from daemon.errors import InvalidInput
from daemon.inference.association.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CONVERTS: Final = platform.machine() in {"aarch64", "arm64"} or bool(binding.get_host_cpu_features().get("f16c"))
#: Order and contraction are free, NaN and infinity are not assumed away.
_SUMS: Final = {"reassoc", "contract", "nsz"}
#: Multiplying by it makes a float's exponent of what was a half's: their biases differ by 112 (IEEE 754).
_REBIAS: Final = 2.0**112


class Nearest(NamedTuple):
    """The k rows that are nearest to each of q queries, nearest first. rows: int64 (q, k). cosines: float32 (q, k)."""

    rows: NDArray[np.int64]
    cosines: NDArray[np.float32]


def cosines(rows: NDArray[np.float16], query: NDArray[Any]) -> NDArray[np.float32]:
    """Return the cosine (n,) of a query (d,) with each of the rows (n, d). Both have unit length.

    Raises InvalidInput for another width.
    """
    queries = _fitting(rows, query[np.newaxis])
    found = np.empty(len(rows), np.float32)
    _cosines(_bits(rows), queries[0], found)
    return found


def nearest(rows: NDArray[np.float16], queries: NDArray[Any], count: int) -> Nearest:
    """Return the nearest of the rows (n, d) to each of the queries (q, d), at most `count`, in one pass over the rows.

    Of equally near ones the first. Raises InvalidInput for another width.
    """
    fitting = _fitting(rows, queries)
    kept = max(0, min(count, len(rows)))
    found = Nearest(np.zeros((len(fitting), kept), np.int64), np.full((len(fitting), kept), -np.inf, np.float32))
    if kept:
        _nearest(_bits(rows), fitting, found.rows, found.cosines)
    return found


def _fitting(rows: NDArray[np.float16], queries: NDArray[Any]) -> NDArray[np.float32]:
    if rows.ndim != 2 or queries.ndim != 2 or rows.shape[1] != queries.shape[1]:
        raise InvalidInput(f"queries of shape {queries.shape} for rows of shape {rows.shape}: the widths differ")
    return np.ascontiguousarray(queries, np.float32)


def _bits(rows: NDArray[np.float16]) -> NDArray[np.uint16]:
    return np.ascontiguousarray(rows, np.dtype("<f2")).view(np.uint16)


@intrinsic
def _single(_: Any, bits: Any) -> tuple[Any, Callable[..., Any]]:  # noqa: ARG001 - numba names arguments by it
    """Return the float that the bits of a half are."""

    def by_instruction(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.fpext(builder.bitcast(arguments[0], ir.HalfType()), ir.FloatType())

    def by_bits(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        wide = ir.IntType(32)
        whole = builder.zext(arguments[0], wide)
        sign = builder.shl(builder.and_(whole, wide(0x8000)), wide(16))
        size = builder.shl(builder.and_(whole, wide(0x7FFF)), wide(13))
        return builder.fmul(builder.bitcast(builder.or_(sign, size), ir.FloatType()), ir.FloatType()(_REBIAS))

    return types.float32(types.uint16), by_instruction if _CONVERTS else by_bits


@kernel(fastmath=_SUMS)
def _dot(row: NDArray[np.uint16], query: NDArray[np.float32]) -> Any:
    total = np.float32(0)
    for place in range(len(query)):
        total += _single(row[place]) * query[place]  # type: ignore[call-arg]  # numba gives the first by itself
    return total


@kernel
def _cosines(rows: NDArray[np.uint16], query: NDArray[np.float32], found: NDArray[np.float32]) -> None:
    for row in range(len(rows)):
        found[row] = _dot(rows[row], query)


@kernel
def _nearest(
    rows: NDArray[np.uint16], queries: NDArray[np.float32], best: NDArray[np.int64], likeness: NDArray[np.float32]
) -> None:
    last = best.shape[1] - 1
    for row in range(len(rows)):
        for query in range(len(queries)):
            cosine = _dot(rows[row], queries[query])
            if cosine > likeness[query, last]:
                place = last
                while place > 0 and likeness[query, place - 1] < cosine:
                    likeness[query, place] = likeness[query, place - 1]
                    best[query, place] = best[query, place - 1]
                    place -= 1
                likeness[query, place] = cosine
                best[query, place] = row
