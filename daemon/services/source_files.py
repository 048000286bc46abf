"""Whether a local file changed since it was last read, and its digest."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from daemon.errors import UnreadableFile
from daemon.services.duty import Duty

_PIECE: Final = 33_554_432  # bytes digested in one go: about 30 ms of a thread


def stamp(path: Path) -> str:
    """Return what changes with every writing of a file: its size, time and place. Raises UnreadableFile."""
    try:
        found = path.stat()
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error
    return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"


def check_size(path: Path, max_bytes: int) -> None:
    """Raise UnreadableFile for a file over the limit."""
    if path.is_file() and (size := path.stat().st_size) > max_bytes:
        raise UnreadableFile(f"{path} has {size:,} bytes; at most {max_bytes:,} are read (max_bytes)")


async def digest(duty: Duty, path: Path) -> str:
    """Return the SHA-256 of a file in hex; what is no regular file has none, and is refused on opening."""
    pieces = _Pieces(path)
    while await duty.ports.offload.run(pieces.take, what="source.digest"):
        pass
    return pieces.digest


class _Pieces:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._taken = 0
        self._digest = hashlib.sha256()

    def take(self) -> bool:
        """Digest one piece; False at the end."""
        if not self._path.is_file():
            return False
        with self._path.open("rb") as file:
            file.seek(self._taken)
            data = file.read(_PIECE)
        self._digest.update(data)
        self._taken += len(data)
        return bool(data)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()
