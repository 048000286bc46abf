"""Products from a Google Merchant feed: RSS 2.0 and Atom 1.0 with the "g:" namespace.

Parsed as it comes in; only the item being read is in memory. Entities and external references are refused, as
defusedxml does it. See "Product data specification" in the Google Merchant Center help.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from daemon.products.feeds.options import MAX_DEPTH, MAX_OBJECT, BrokenFileError
from daemon.products.feeds.rows import RowReader
from daemon.products.imports import Parsed, Reject

_GOOGLE: Final = "{http://base.google.com/ns/1.0}"
_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_ROOTS: Final = frozenset({"rss", "RDF", "feed", "channel", "products", "items", "catalog"})
_ITEMS: Final = frozenset({"item", "entry", "product"})
#: Characters that XML 1.0 cannot hold, section 2.2; one of them would end the reading of the whole file.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DECLARED: Final = re.compile(r"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def declared_encoding(head: str) -> str | None:
    """Return the encoding that an XML declaration names."""
    match = _DECLARED.match(head)
    return match[1] if match else None


def read_merchant(read: Callable[[], str], reader: RowReader) -> Iterator[Parsed | Reject | None]:
    """Yield the products of a feed that `read` brings piece by piece; None for every piece. Raises BrokenFileError."""
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415 - 30 ms that other formats never pay
    from defusedxml.ElementTree import DefusedXMLParser  # noqa: PLC0415

    target = _Items()
    parser = DefusedXMLParser(target=target)
    target.line = lambda: int(parser.parser.CurrentLineNumber)
    broken: BrokenFileError | None = None
    while broken is None:
        piece = read()
        target.waiting += len(piece)
        try:
            parser.feed(_FORBIDDEN.sub("\ufffd", piece)) if piece else parser.close()
            if target.waiting > MAX_OBJECT:
                broken = BrokenFileError(f"one item or tag does not end within {MAX_OBJECT:,} characters", target.begun)
        except ParseError as error:
            broken = BrokenFileError(f"XML breaks: {error}", error.position[0])
        except DefusedXmlException as error:
            broken = BrokenFileError(f"refused: {type(error).__name__}, which a feed has no use for", target.line())
        except BrokenFileError as error:
            broken = error
        while target.done:
            line, record = target.done.popleft()
            yield reader.read(record, line)
        yield None
        if not piece and broken is None:
            break
    if broken is not None:
        raise broken
    if not target.is_feed:
        raise BrokenFileError("XML without an item or entry of a product feed", 1)


class _Items:
    """Target of the parser: turns each item into a record of its direct children by local name, "g:" ones first."""

    def __init__(self) -> None:
        self.done: deque[tuple[int, dict[str, Any]]] = deque()
        self.line: Callable[[], int] = lambda: 0
        self.begun = 0
        self.waiting = 0  # characters since the last item began or ended
        self.is_feed = False
        self._depth = 0
        self._item_depth = 0  # 0 outside of items
        self._record: dict[str, Any] = {}
        self._plain: dict[str, Any] = {}
        self._text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BrokenFileError(f"nested deeper than {MAX_DEPTH}", self.line())
        if self._depth == 1 and _local(tag) not in _ROOTS:
            raise BrokenFileError(f"XML, but no product feed: its root is <{_local(tag)[:60]}>", self.line())
        if not self._item_depth:
            self.waiting = 0
            if _local(tag) in _ITEMS:
                self._item_depth, self.begun, self.is_feed = self._depth, self.line(), True
                self._record, self._plain = {}, {}
        elif self._depth == self._item_depth + 1:
            self._text = []
            if tag == f"{_ATOM}link" and attributes.get("rel", "alternate") == "alternate" and "href" in attributes:
                self._text.append(attributes["href"])

    def data(self, text: str) -> None:
        if self._item_depth and self._depth == self._item_depth + 1:
            self._text.append(text)

    def end(self, tag: str) -> None:
        if self._item_depth and self._depth == self._item_depth + 1:
            self._put(tag, "".join(self._text))
        elif self._item_depth and self._depth == self._item_depth:
            self.done.append((self.begun, {**self._plain, **self._record}))
            self._item_depth = self.waiting = 0
        self._depth -= 1

    def close(self) -> None:
        pass

    def _put(self, tag: str, text: str) -> None:
        name = _local(tag)
        record = self._record if tag.startswith(_GOOGLE) else self._plain
        if not record.get(name, "").strip():
            record[name] = text
        elif name == "additional_image_link" and text.strip():
            record[name] = f"{record[name]}|{text}"


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
