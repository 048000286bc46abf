"""CSV files about films, in any encoding that the project reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from daemon.inference.chat.films.import_words import known_columns
from daemon.inference.chat.films.importing import check_size
from daemon.products.feeds.detect import DELIMITERS
from daemon.products.feeds.encodings import UNDECODABLE, detect_encoding, open_text
from daemon.products.feeds.table import Table, TableRow

_HEAD: Final = 8_192


@contextmanager
def film_table(path: Path) -> Iterator[Table]:
    """Open a CSV or TSV file with headers. Raises UnreadableFile when it is none, OSError."""
    check_size(path)
    encoding = detect_encoding(path, str(path)).name
    with path.open("rb") as file, open_text(file, encoding) as text:
        delimiter = _delimiter(text.readline(_HEAD))
        text.seek(0)
        yield Table(text, delimiter, str(path))


def fault(row: TableRow) -> str:
    """Return why a row cannot be read, "" when it can."""
    if row.reason:
        return row.reason
    return "bytes that are no text in the file's encoding" if any(map(_broken, row.record.values())) else ""


def _broken(cell: str) -> bool:
    return UNDECODABLE in cell


def _delimiter(header: str) -> str:
    """Return what parts the headers: what makes most known ones, then most of any."""
    known = set(known_columns())

    def fitness(delimiter: str) -> tuple[int, int]:
        cells = header.lstrip("\ufeff").strip().split(delimiter)
        return sum(cell.strip(' "').lower() in known for cell in cells), len(cells)

    return max(DELIMITERS, key=fitness)
