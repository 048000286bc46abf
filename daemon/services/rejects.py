"""Rows that could not be read, kept as JSON Lines in the state directory until newer imports push them out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from daemon.products.documents import to_json
from daemon.products.imports import Reject

FOLDER: Final = "rejects"
#: Files kept for one source; a feed that is read every minute must not fill the disk.
_KEPT: Final = 20


class RejectsFile:
    """The rejects of one import; there is no file before there is a reject. Without a state directory, none at all."""

    def __init__(self, state: Path | None, source: str, import_id: str) -> None:
        self._path = None if state is None else state / FOLDER / f"{source}-{import_id}.jsonl"
        self._source = source
        self._file: BinaryIO | None = None

    @property
    def name(self) -> str:
        """Path of the file, "" while there is none."""
        return str(self._path) if self._file is not None else ""

    def add(self, rejects: Iterable[Reject]) -> None:
        """Keep rejects. Raises OSError when the disk does not take them."""
        if self._path is None:
            return
        for reject in rejects:
            if self._file is None:
                self._path.parent.mkdir(mode=0o700, exist_ok=True)
                self._file = self._path.open("ab", buffering=65_536)
            self._file.write(to_json(msgspec.to_builtins(reject)) + b"\n")

    def close(self) -> None:
        """Close the file, and delete the oldest ones of the source. Ids sort by time, so names do."""
        if self._file is None or self._path is None:
            return
        self._file.close()
        pattern = f"{self._source}-????????-????-????-????-????????????.jsonl"
        for old in sorted(self._path.parent.glob(pattern))[:-_KEPT]:
            old.unlink(missing_ok=True)
