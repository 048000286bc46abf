"""The vectors that a search begins with, as they are kept with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemon.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BODY: Final = b"body"
_FACE: Final = b"face"


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """Unit vectors of the query's pictures. body: float32 (m, d), face: float32 (k, f); both may have no rows."""

    body: NDArray[np.float32]
    face: NDArray[np.float32]

    def to_bytes(self) -> tuple[bytes, ...]:
        """Return one piece a vector: what it is of in four letters, then little-endian float32."""
        return (
            *(_BODY + row.astype("<f4").tobytes() for row in self.body),
            *(_FACE + row.astype("<f4").tobytes() for row in self.face),
        )

    @classmethod
    def of(cls, pieces: Sequence[bytes]) -> QueryVectors:
        """Read what `to_bytes` wrote. Raises InvalidInput."""
        return cls(_rows(pieces, _BODY), _rows(pieces, _FACE))


def _rows(pieces: Sequence[bytes], kind: bytes) -> NDArray[np.float32]:
    import numpy as np  # noqa: PLC0415 the base does without it

    rows = [np.frombuffer(piece, "<f4", offset=len(kind)) for piece in pieces if piece.startswith(kind)]
    if len({row.size for row in rows}) > 1:
        raise InvalidInput("the query's vectors differ in length: pictures of one search need one model")
    return np.stack(rows).astype(np.float32) if rows else np.zeros((0, 0), np.float32)
