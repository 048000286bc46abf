"""Products from Shopify's products CSV, in which one product is several rows: variants, and images alone.

The first row of a handle carries the product; in the others only variant and image cells count. The file has no
currency. See "Using CSV files to import and export products" in Shopify's help centre.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from daemon.errors import UnreadableFile
from daemon.products.feeds import values
from daemon.products.feeds.cells import Cells, list_and_final
from daemon.products.feeds.columns import layout_of, provided_by
from daemon.products.feeds.options import MAX_OBJECT
from daemon.products.feeds.rows import RowReader, damage_in, only_variant
from daemon.products.feeds.shopify_columns import shopify_layout
from daemon.products.feeds.table import Table, TableRow
from daemon.products.feeds.values import text_of
from daemon.products.imports import Parsed, Reject
from daemon.products.product import Product, Status, Unparsed, Variant

_DEFAULT_TITLE = "Default Title"
#: What a Shopify export can express, by the column that does.
_PROVIDES = {
    "handle": ("id", "slug"), "published": ("status",), "compare_at": ("sale_price",), "tracker": ("track_inventory",),
    "policy": ("backorder",), "type": ("category",), "variant_image": ("image",),
}  # fmt: skip
_NO_FIELD = ("option1", "option2", "option3", "position")


@dataclass(slots=True)
class _Group:
    """The rows of one handle."""

    handle: str
    rows: list[TableRow] = field(default_factory=list)
    size: int = 0  # characters

    def takes(self, handle: str) -> bool:
        """Tell whether a row with this handle goes on with the group."""
        return bool(self.rows and handle) and handle == self.handle and self.size < MAX_OBJECT

    def add(self, row: TableRow) -> None:
        """Take a row in."""
        self.rows.append(row)
        self.size += sum(map(len, row.record.values()))


def read_shopify(table: Table, reader: RowReader) -> Iterator[Parsed | Reject | None]:
    """Yield the products of a table; None for a row that goes on with its product. Raises UnreadableFile."""
    export = _Export(table, reader)
    group = _Group("")
    for row in table:
        handle = row.record.get(export.columns["handle"], "").strip()
        if row.reason:
            yield reader.reject(row.line, "", row.reason, row.record)
        elif group.takes(handle):
            group.add(row)
            yield None
        else:
            if group.rows:
                yield export.product(group)
            group = _Group(handle)
            group.add(row)
    if group.rows:
        yield export.product(group)


class _Export:
    def __init__(self, table: Table, reader: RowReader) -> None:
        self.columns = shopify_layout(table.columns)
        self._reader = reader
        if "handle" not in self.columns:
            raise UnreadableFile(f"{reader.file}: no column Handle in line {table.header_line}: no Shopify export")
        reader.fields |= {
            provided for name in self.columns if name not in _NO_FIELD for provided in _PROVIDES.get(name, (name,))
        }
        self._mapped = layout_of(table.columns, reader.options.map, guess=False)
        reader.fields |= provided_by(self._mapped)

    def product(self, group: _Group) -> Parsed | Reject:
        """Return the product of a handle's rows."""
        first = group.rows[0]
        self._reader.rows += 1
        for row in group.rows[1:]:
            if fault := damage_in(row.record):
                return self._reader.reject(row.line, *fault, row.record)
        document = {"rows": [row.record for row in group.rows]}
        return self._reader.checked(first.record, first.line, lambda: self._made(group), document)

    def _made(self, group: _Group) -> Product:
        first = group.rows[0].record
        rows = [row.record for row in group.rows]
        variants = tuple(self._variant(row) for row in rows if row is first or self._is_variant(row))
        zone, locale = self._reader.zone, self._reader.options.locale
        product = Product(
            id=self._reader.identity(group.handle or None, variants[0].sku),
            source=self._reader.options.source,
            owner=self._reader.options.owner or None,
            slug=group.handle or None,
            title=self._text(first, "title"),
            description=self._text(first, "description"),
            brand=self._text(first, "brand"),
            category=self._text(first, "category") or self._text(first, "type"),
            currency=self._reader.options.currency or None,
            price=variants[0].price,
            sale_price=variants[0].sale_price,
            status=self._status(first),
            images=self._images(rows),
            link=self._text(first, "link"),
            created_at=values.time_of(self._text(first, "created_at"), zone, locale),
            updated_at=values.time_of(self._text(first, "updated_at"), zone, locale),
            variants=variants,
        )
        if self._mapped:
            cells = Cells(first, self._mapped, self._reader)
            product = msgspec.structs.replace(product, **cells.all_fields(self._mapped))
        return only_variant(product) if len(variants) == 1 else product

    def _cell(self, row: Mapping[str, str], name: str) -> str:
        column = self.columns.get(name)
        return "" if column is None else row.get(column, "")

    def _text(self, row: Mapping[str, str], name: str) -> str | None:
        return text_of(self._cell(row, name))

    def _is_variant(self, row: Mapping[str, str]) -> bool:
        return any(self._text(row, name) for name in ("option1", "option2", "option3", "sku", "price"))

    def _variant(self, row: Mapping[str, str]) -> Variant:
        currency, locale = self._reader.options.currency or None, self._reader.options.locale
        final = values.price_of(self._cell(row, "price"), currency, locale)[0]
        listed = values.price_of(self._cell(row, "compare_at"), currency, locale)[0]
        price, sale_price = list_and_final(listed, final)
        options = [option for name in ("option1", "option2", "option3") if (option := self._text(row, name))]
        return Variant(
            sku=self._text(row, "sku"),
            gtin=self._text(row, "gtin"),
            title=None if options == [_DEFAULT_TITLE] else " / ".join(options) or None,
            price=price,
            sale_price=sale_price,
            cost=values.price_of(self._cell(row, "cost"), currency, locale)[0],
            stock=values.amount_of(self._cell(row, "stock"), locale),
            # Blank is Shopify's way to say that nobody counts.
            track_inventory=self._text(row, "tracker") is not None if "tracker" in self.columns else None,
            backorder=values.flag_of(self._cell(row, "policy")),
        )

    def _status(self, row: Mapping[str, str]) -> Status | Unparsed:
        """Return the status; Published only hides what an active status would show."""
        status = values.status_of_cell(self._cell(row, "status"))
        published = values.flag_of(self._cell(row, "published"))
        if isinstance(published, Unparsed):
            return published if status is None else status
        if published is False and status in {None, Status.LISTED}:
            return Status.UNLISTED
        return Status.LISTED if status is None else status

    def _images(self, rows: list[dict[str, str]]) -> tuple[str, ...]:
        """Return the gallery in its own order, then images that only a variant has."""
        gallery = sorted(rows, key=lambda row: _position(self._cell(row, "position")))
        cells = [self._cell(row, "image") for row in gallery] + [self._cell(row, "variant_image") for row in rows]
        return tuple(dict.fromkeys(url for cell in cells for url in values.images_of(cell)))


def _position(text: str) -> int:
    """Return the place in the gallery; rows without one come last, in the order of the file."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 10**9
