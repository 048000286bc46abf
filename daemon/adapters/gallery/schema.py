"""The tables of the gallery's own file, declared once. The migrations lead here, and a test holds the two together.

Nothing in them is of a single detection: those are in blocks, which are written anew when one is forgotten.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import BLOB, Column, ForeignKey, Integer, MetaData, Table, Text

from daemon.adapters.sql.versions import Declared

metadata = MetaData()


def _text(name: str, *more: ForeignKey, key: bool = False) -> Column[str]:
    return Column(name, Text, *more, nullable=False, primary_key=key)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _camera(name: str) -> Column[str]:
    return _text(name, ForeignKey("cameras.id", ondelete="CASCADE"), key=True)


#: Facts about the gallery itself, such as how far the journal of deletions has been applied.
facts = Table("facts", metadata, _text("name", key=True), _text("value"), sqlite_with_rowid=False)

cameras = Table("cameras", metadata, _text("id", key=True), Column("body", BLOB, nullable=False))

ways = Table(
    "ways",
    metadata,
    _camera("origin"),
    _camera("target"),
    Column("body", BLOB, nullable=False),
    sqlite_with_rowid=False,
)

#: What vectors are of. kind: "body" or "face"; width: numbers in a vector of it.
models = Table(
    "models", metadata, _text("kind", key=True), _text("name", key=True), _number("width"), sqlite_with_rowid=False
)

#: Files in the folder of blocks. day: since 1970. damage: why it is not served, "" while it is; applied: what of the
#: journal of deletions was applied to it by then.
blocks = Table(
    "blocks",
    metadata,
    _text("name", key=True),
    _number("day"),
    _text("body_model"),
    _number("records"),
    _number("bytes"),
    _text("damage"),
    _text("applied"),
    sqlite_with_rowid=False,
)

#: What was learnt of the site, by name.
learnt = Table("learnt", metadata, _text("name", key=True), Column("content", BLOB, nullable=False))

DECLARED: Final = Declared(metadata, ("0001",), Path(__file__).parent / "migrations")
