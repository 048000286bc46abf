"""Files that only their owner may read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from daemon.errors import StoreFull, Unavailable, ZhibanError


def made_private(path: Path) -> None:
    """Make a file, and its folder, for the owner alone, where they are not there yet; SQLite's -wal and -shm follow.

    Raises Unavailable or StoreFull.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise file_fault(path, error) from error


def file_fault(path: Path, error: OSError) -> ZhibanError:
    """Return what an error of the file system means for a store."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreFull(f"{path}: no room: {error.strerror}")
    return Unavailable(f"{path}: {error.strerror or error}")
