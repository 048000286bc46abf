"""A file of products, opened: iterates lazily over what it holds, and says what it can express and what went wrong."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, TypeAlias

from daemon.errors import InvalidInput, UnreadableFile
from daemon.products.feeds import encodings, merchant
from daemon.products.feeds.csv_feed import read_csv
from daemon.products.feeds.detect import detect_delimiter, detect_format
from daemon.products.feeds.json_feed import read_json, read_json_lines
from daemon.products.feeds.options import CHUNK, FORMATS, XML_CHUNK, BrokenFileError, FeedOptions
from daemon.products.feeds.rows import RowReader
from daemon.products.feeds.shopify import read_shopify
from daemon.products.feeds.table import Table
from daemon.products.imports import FileWarning, Parsed, Reject
from daemon.products.money import check_locale

Step: TypeAlias = Parsed | Reject | None

#: Steps taken on opening in search of the first product, so that a file that is wrong from its beginning says so.
_FIRST_STEPS: Final = 256


def open_feed(path: Path, options: FeedOptions | None = None, *, label: str = "") -> Feed:
    """Open a file of products. label: what people call it, where its path says nothing.

    Raises UnreadableFile when it is absent, no regular file, empty, binary, of no known format, or broken before
    anything could be read; InvalidInput when the options are wrong.
    """
    chosen = options or FeedOptions()
    if chosen.format not in FORMATS:
        raise InvalidInput(
            f'"{chosen.format}" is no format; formats are {", ".join(FORMATS)}', (("format", "unknown"),)
        )
    check_locale(chosen.locale)
    name = label or str(path)
    try:
        size = _size(path, name)
        feed = Feed(path, name, size, chosen, encodings.detect_encoding(path, name))
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise UnreadableFile(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        feed.begin()
    except BaseException:
        feed.close()
        raise
    return feed


def _size(path: Path, name: str) -> int:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableFile(f"{name} is {'a directory' if stat.S_ISDIR(found.st_mode) else 'no regular file'}")
    if found.st_size == 0:
        raise UnreadableFile(f"{name} is empty")
    return found.st_size


class Feed:
    """Products and rejects of one file, in its order, read as they are asked for. Closes itself at its end.

    warnings: what a person should know of the file as a whole; complete after the last product. fields: canonical
    fields that the file can express; known at once for CSV and Shopify, complete at the end for JSON and XML.
    """

    def __init__(self, path: Path, name: str, size: int, options: FeedOptions, encoding: encodings.Encoding) -> None:
        self.name = name
        self.size = size
        self.encoding = encoding.name
        self.broken: Reject | None = None
        self._reader = RowReader(name, options)
        self._file: BinaryIO = path.open("rb")
        self._text: io.TextIOBase | None = None
        self._opened = self._marks()
        self._warnings: list[FileWarning] = []
        self._ended = False
        self._first: list[Step] = []
        head = self._head(encoding)
        self.format = detect_format(head, path.suffix.casefold()) if options.format == "auto" else options.format
        if encoding.guessed:
            self._warn("", f"the file is not UTF-8; it was read as {self.encoding}, which is a guess")
        self._run = self._watched(head)

    def _head(self, encoding: encodings.Encoding) -> str:
        """Return the beginning as text, and put the file back to where its text begins."""
        data = self._file.read(encodings.HEAD)
        head = encodings.decoder(encoding.name).decode(data)
        declared = merchant.declared_encoding(head[:200]) if encoding.guessed else None
        if declared and encodings.is_known(declared):
            self.encoding = declared
            head = encodings.decoder(declared).decode(data)
        if not head.strip("\ufeff \t\r\n\0"):
            self.close()
            raise UnreadableFile(f"{self.name} is empty")
        self._file.seek(0)
        return head

    def _read(self, head: str) -> Iterator[Step]:
        """Return the steps of the reader for the format."""
        if self.format in {"json", "merchant"}:
            read = read_json if self.format == "json" else merchant.read_merchant
            return read(self._pieces(CHUNK if self.format == "json" else XML_CHUNK), self._reader)
        text = self._text = encodings.open_text(self._file, self.encoding)
        if self.format == "jsonl":
            return read_json_lines(text, self._reader)
        delimiter = "\t" if self.format == "tsv" else detect_delimiter(head)
        if self.format == "csv" and delimiter != ",":
            self._warn("", f"cells are parted by {delimiter!r}, not by a comma")
        table = Table(text, delimiter, self.name)
        for column in table.repeated:
            self._warn("", f'the column "{column}" stands more than once; the first one counts')
        return read_shopify(table, self._reader) if self.format == "shopify" else read_csv(table, self._reader)

    def _pieces(self, size: int) -> Callable[[], str]:
        """Return a function that brings the text piece by piece, "" at its end."""
        decoder = encodings.decoder(self.encoding)

        def read() -> str:
            while data := self._file.read(size):
                if text := decoder.decode(data):
                    return text
            return decoder.decode(b"", True)

        return read

    def begin(self) -> None:
        """Read up to the first product or reject. Raises UnreadableFile when there can be none."""
        for _, step in zip(range(_FIRST_STEPS), self._run, strict=False):
            self._first.append(step)
            if step is not None:
                break
        if self.broken is not None:
            where = "" if self.broken.line is None else f", line {self.broken.line}"
            raise UnreadableFile(f"{self.name}{where}: {self.broken.reason}")

    def steps(self) -> Iterator[Step]:
        """Iterate as the feed itself does, with None after every piece of work that brought nothing yet.

        Between two steps the caller may let others run: a step is a row, or one piece of the file.
        """
        while self._first:
            yield self._first.pop(0)
        yield from self._run

    def __iter__(self) -> Iterator[Parsed | Reject]:
        return (step for step in self.steps() if step is not None)

    def _watched(self, head: str) -> Iterator[Step]:
        try:
            yield from self._read(head)
        except (BrokenFileError, OSError) as error:
            line = error.line if isinstance(error, BrokenFileError) else None
            self.broken = self._reader.reject(line, "", f"{error}; nothing after this was read", {})
            yield self.broken
        if self.broken is None and self._marks() != self._opened:
            self.broken = self._reader.reject(None, "", "the file was written to while it was read", {})
            yield self.broken
        self._warnings += self._reader.absences()
        self._ended = True
        self.close()

    @property
    def fields(self) -> frozenset[str]:
        """Canonical fields that the file can express, as far as it was read."""
        return frozenset(self._reader.fields)

    @property
    def warnings(self) -> list[FileWarning]:
        """What a person should know of the whole file, as far as it was read."""
        return list(self._warnings)

    @property
    def complete(self) -> bool:
        """Tell whether every product of the file was read, so that what it does not name is not in it."""
        return self._ended and self._reader.hidden == 0

    @property
    def progress(self) -> int:
        """Bytes consumed."""
        return self.size if self._file.closed else min(self._file.tell(), self.size)

    def _marks(self) -> tuple[int, int]:
        found = os.fstat(self._file.fileno())
        return found.st_size, found.st_mtime_ns

    def _warn(self, field: str, message: str) -> None:
        self._warnings.append(FileWarning(file=self.name, field=field, message=message))

    def close(self) -> None:
        """Close the file."""
        (self._text or self._file).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
