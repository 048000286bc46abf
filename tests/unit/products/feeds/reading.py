"""Writes bytes to a file and reads them as a feed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.products.feeds import Feed, FeedOptions, open_feed
from daemon.products.imports import Parsed, Reject
from daemon.products.product import Product


class Outcome:
    """A feed read to its end."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        rows = list(feed)
        self.parsed = [row for row in rows if isinstance(row, Parsed)]
        self.rejects = [row for row in rows if isinstance(row, Reject)]
        self.products = [row.product for row in self.parsed]
        self.ids = [product.id for product in self.products]
        self.warned = {warning.field for warning in feed.warnings}
        self.reasons = [(reject.line, reject.field, reject.reason) for reject in self.rejects]

    @property
    def only(self) -> Product:
        assert not self.rejects, self.reasons
        (product,) = self.products
        return product


def read(folder: Path, content: bytes | str, name: str = "products.csv", **options: Any) -> Outcome:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Outcome(open_feed(path, FeedOptions(**options)))
