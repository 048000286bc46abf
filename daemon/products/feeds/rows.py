"""One record of a file, whatever its format, to one product or one reject. Pure; knows what it has seen before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from daemon.products.feeds.cells import Cells, FieldFaultError, Record
from daemon.products.feeds.columns import Layout, check_map, layout_of, provided_by
from daemon.products.feeds.encodings import UNDECODABLE
from daemon.products.feeds.options import FeedOptions
from daemon.products.feeds.times import zone_of
from daemon.products.imports import FileWarning, Parsed, Reject
from daemon.products.product import Product, Unparsed, Variant

_LONGEST_ID: Final = 500
_SHOWN: Final = 1000
#: Unknown status words that are named one by one.
_STRANGE: Final = 20
_LAYOUTS: Final = 256
#: Fields that depend on no other.
_PLAIN: Final = (
    "sku", "gtin", "item_group_id", "slug", "title", "description", "category", "brand", "cost", "is_free", "clearance",
    "stock", "backorder", "availability", "availability_date", "archived_at", "image", "link",
    "created_at", "updated_at", "expires_at",
)  # fmt: skip
#: Fields without which much cannot be judged: their absence from the whole file is worth a warning.
_EXPECTED: Final = (
    "title", "description", "category", "brand", "price", "currency", "stock", "image", "link", "sku", "gtin",
)  # fmt: skip


class RowReader:
    """Reads the records of one file, one after the other.

    fields: canonical fields that the file has shown it can express; complete at its end. hidden: rejects that may
    each hide a product, unlike a repetition of one that was read.
    """

    def __init__(self, file: str, options: FeedOptions) -> None:
        check_map(options.map)
        self.file = file
        self.options = options
        self.zone = zone_of(options.timezone)
        self.fields: set[str] = {"currency"} if options.currency else set()
        self.rows = 0
        self.hidden = 0
        self.numbered = 0  # products that have only their row number for an id
        self.strange: dict[str, int] = {}  # status words that nobody knows, and how often
        self._stood_in = False  # something else stands in for the id of the product just made
        self._lines: dict[str, int | None] = {}
        self._layouts: dict[tuple[str, ...], Layout] = {}

    def layout(self, names: tuple[str, ...], *, strict: bool = False) -> Layout:
        """Return the layout of records with these columns. strict: a mapped column must be there."""
        found = self._layouts.get(names)
        if found is None:
            mapping = self.options.map
            usable = mapping if strict else {f: c for f, c in mapping.items() if c in names}
            found = layout_of(names, usable)
            if len(self._layouts) < _LAYOUTS:
                self._layouts[names] = found
            self.fields |= provided_by(found)
        return found

    def read(self, record: Record, line: int | None, document: Mapping[str, object] | None = None) -> Parsed | Reject:
        """Return the product of one record."""
        self.rows += 1
        if not self.layout(tuple(record)):
            return self.reject(line, "", f"no field is known in it: {', '.join(map(str, record))[:300]}", record)
        return self.checked(record, line, lambda: self._product(record), record if document is None else document)

    def checked(
        self, record: Record, line: int | None, make: Callable[[], Product], document: Mapping[str, object]
    ) -> Parsed | Reject:
        """Return the product that `make` makes, or why there is none: a fault in the record, an id seen before."""
        if fault := damage_in(record):
            return self.reject(line, fault[0], fault[1], record)
        try:
            product = make()
        except FieldFaultError as fault_in:
            return self.reject(line, fault_in.field, fault_in.reason, record)
        if problem := _unusable_id(product.id):
            return self.reject(line, "id", problem, record)
        if product.id in self._lines and self.options.number_repeats and self._stood_in:
            product = msgspec.structs.replace(product, id=f"{self.options.id_prefix}{self.rows}")
        if product.id in self._lines:
            first = self._lines[product.id]
            reason = f'id "{product.id}" on line {line} was given on line {first} already; the first one is kept'
            return Reject(file=self.file, line=line, field="id", reason=reason, row=shown(record))
        self._lines[product.id] = line
        if isinstance(product.status, Unparsed):
            self._note_strange(product.status.text[:_SHOWN])
        return Parsed(product=product, line=line, document=document)

    def _note_strange(self, word: str) -> None:
        if word in self.strange or len(self.strange) < _STRANGE:
            self.strange[word] = self.strange.get(word, 0) + 1

    def reject(self, line: int | None, field: str, reason: str, record: Record) -> Reject:
        """Make a reject that may hide a product."""
        self.hidden += 1
        return Reject(file=self.file, line=line, field=field, reason=reason, row=shown(record))

    def identity(self, *candidates: str | None) -> str:
        """Return the first candidate that there is, the row's number as the last resort, after the prefix."""
        found = next((candidate for candidate in candidates if candidate), None)
        self._stood_in = not candidates[0]
        if found is None:
            self.numbered += 1
            found = str(self.rows)
        return self.options.id_prefix + found

    def absences(self) -> list[FileWarning]:
        """Return one warning for each expected field that no record could express."""
        texts = [
            FileWarning(file=self.file, field=field, message=f"no {field} anywhere in the file: nothing is said of it")
            for field in _EXPECTED
            if field not in self.fields
        ]
        if "status" not in self.fields:
            message = "no status anywhere in the file: every product counts as listed"
            texts.append(FileWarning(file=self.file, field="status", message=message))
        for word, count in self.strange.items():
            message = f'"{word}" is no status that is known ({count} products): whether they are listed cannot be told'
            texts.append(FileWarning(file=self.file, field="status", message=message))
        if self.numbered:
            message = f"{self.numbered} products have neither id nor sku: their row numbers are their ids"
            texts.append(FileWarning(file=self.file, field="id", message=message))
        return texts

    def _product(self, record: Record) -> Product:
        layout = self.layout(tuple(record))
        cells = Cells(record, layout, self)
        currency = cells.text("currency")
        price, sale_price, stated = cells.prices(currency)
        variants = tuple(cells.variants(currency))
        start, end = cells.sale_window()
        product = Product(
            id=self.identity(cells.text("id"), cells.text("sku")),
            source=self.options.source,
            owner=cells.text("owner") or self.options.owner or None,
            price=price,
            sale_price=sale_price,
            sale_start=start,
            sale_end=end,
            currency=currency or stated or self.options.currency or None,
            status=cells.status(),
            variants=variants,
            track_inventory=cells.tracked(),
            **cells.all_fields(field for field in _PLAIN if field in layout),
        )
        return only_variant(product) if len(variants) == 1 else product


def only_variant(product: Product) -> Product:
    """Return a product that has one variant as its own only variant: what the variant says is the product's."""
    variant = product.variants[0]
    names = [name for name in Variant.__struct_fields__ if name != "title"]
    told = {name: value for name in names if (value := getattr(variant, name)) is not None}
    return msgspec.structs.replace(product, variants=(), **told)


def damage_in(record: Record) -> tuple[str, str] | None:
    """Return the first field with bytes that could not be decoded, or with a NUL, and what is wrong with it."""
    for name, value in record.items():
        if not isinstance(value, str) or (value.isascii() and "\0" not in value):
            continue
        if UNDECODABLE in value:
            at = value.index(UNDECODABLE)
            return name, f'bytes that are not in the encoding of the file, after "{value[max(0, at - 20) : at]}"'
        if "\0" in value:
            return name, "a NUL character"
    return None


def _unusable_id(product_id: str) -> str | None:
    if len(product_id) > _LONGEST_ID:
        return f"an id of {len(product_id)} characters; at most {_LONGEST_ID} are taken"
    if not product_id.isprintable():
        return f"an id with control characters or surrogates: {ascii(product_id)[:80]}"
    return None


def shown(record: Record) -> dict[str, str]:
    """Return a record as text, cells cut."""
    return {str(name)[:_SHOWN]: str(value)[:_SHOWN] for name, value in record.items()}
