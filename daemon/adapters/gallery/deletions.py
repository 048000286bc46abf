"""The journal of deletions: what was forgotten is written down before it is, so that it can be forgotten again.

A file of lines beside the database, not in it: a backup of the database that is put back knows less than the journal,
and what it does not know is applied when the gallery is opened, and so is what a death cut short. Ids stand in it as
keyed digests (BLAKE2b, RFC 7693); the key is in its first line. Keep the newest journal when a backup is put back.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from io import RawIOBase
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from daemon.adapters.gallery.block_file import new_private, sync_folder
from daemon.adapters.sql.files import file_fault
from daemon.errors import StoreCorrupt

NAME: Final = "association.deletions"
_KEY_BYTES: Final = 16


class _Head(msgspec.Struct, frozen=True):
    journal: str
    key: str


class Deletion(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was forgotten at once: all before a time, in seconds since 1970, and ids, as digests."""

    before_s: float | None = None
    ids: tuple[str, ...] = ()


class Outstanding(NamedTuple):
    """Deletions that a database does not know, and what it knows when they are applied."""

    deletions: Sequence[Deletion]
    applied: str


class Journal:
    """An append-only file. Blocking. Raises StoreFull, Unavailable; StoreCorrupt for a file that is no journal."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            if not path.exists():
                self._make()
            lines = path.read_bytes().split(b"\n")
            self._head = msgspec.json.decode(lines[0], type=_Head)
            self._entries = [msgspec.json.decode(line, type=Deletion) for line in lines[1:-1]]
            self._length = sum(len(line) + 1 for line in lines[:-1])  # a line that death cut short is none
        except OSError as error:
            raise file_fault(path, error) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StoreCorrupt(f"{path}: not a journal of deletions, or damaged: {error}") from error

    @property
    def applied(self) -> str:
        """What a database knows to which all of it is applied."""
        return f"{self._head.journal}:{len(self._entries)}"

    def outstanding(self, applied: str) -> Outstanding:
        """Return what is not applied yet to a database. applied: what it knows."""
        journal, _, count = applied.partition(":")
        known = int(count) if journal == self._head.journal and count.isdigit() else 0
        return Outstanding(self._entries[known:], self.applied)

    def digest(self, detection_id: str) -> str:
        """Return what stands for an id."""
        key = bytes.fromhex(self._head.key)
        return hashlib.blake2b(detection_id.encode("utf-8", "replace"), key=key, digest_size=_KEY_BYTES).hexdigest()

    def add(self, before: datetime | None, ids: Iterable[str]) -> Deletion:
        """Write a deletion down; it is on disk when this returns. Raises StoreFull, Unavailable."""
        deletion = Deletion(before.timestamp() if before else None, tuple(map(self.digest, ids)))
        line = msgspec.json.encode(deletion) + b"\n"
        try:
            with self._path.open("r+b", buffering=0) as file:
                self._append(file, line)
        except OSError as error:
            with suppress(OSError):
                os.truncate(self._path, self._length)
            raise file_fault(self._path, error) from error
        self._length += len(line)
        self._entries.append(deletion)
        return deletion

    def _append(self, file: RawIOBase, line: bytes) -> None:
        file.seek(self._length)
        if file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        file.truncate()
        os.fsync(file.fileno())

    def _make(self) -> None:
        head = _Head(secrets.token_hex(8), secrets.token_hex(_KEY_BYTES))
        part = self._path.with_suffix(".part")
        with new_private(part) as file:
            file.write(msgspec.json.encode(head) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._path)
        sync_folder(self._path.parent)
