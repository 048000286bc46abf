"""What a reader of product files is told beforehand, and how it says that a file cannot be read on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

#: Formats that a reader can be told; "auto" finds out.
FORMATS: Final = ("auto", "csv", "tsv", "shopify", "json", "jsonl", "merchant")

#: Largest row of a CSV file or line of JSON Lines, and largest single cell, in characters.
MAX_ROW: Final = 16 * 1024 * 1024
#: Largest product of a JSON or XML file, in characters: its objects take up to twenty times as much memory.
MAX_OBJECT: Final = 8 * 1024 * 1024
#: Deepest nesting inside one product; deeper ones are no product data.
MAX_DEPTH: Final = 32
#: What is read from the disk at once, in bytes.
CHUNK: Final = 65_536
#: The same for XML, of which all that a piece holds is parsed at one go.
XML_CHUNK: Final = 8_192


class FeedOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How one file is to be read.

    map: canonical field to the column (CSV), key (JSON) or element (XML) that holds it. currency, timezone, locale
    fill what the file cannot say. id_prefix is set before every id. source, owner are given to every product.
    number_repeats: a row whose sku stands in for its id and repeats is known by its number instead of rejected; such
    an id is gone when rows are sorted anew, so it is for looking at a file once.
    """

    format: str = "auto"
    map: Mapping[str, str] = msgspec.field(default_factory=dict)
    currency: str = ""
    timezone: str = ""
    locale: str = ""
    id_prefix: str = ""
    source: str = ""
    owner: str = ""
    number_repeats: bool = False


class BrokenFileError(Exception):
    """The file cannot be read on from here. line: 1-based, None if unknown."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
