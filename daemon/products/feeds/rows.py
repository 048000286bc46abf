"""One record of a file, whatever its format, to one product or one reject. Pure; knows what it has seen before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from daemon.products.feeds import headers, values
from daemon.products.feeds.columns import Layout, check_map, layout_of, provided_by
from daemon.products.feeds.encodings import UNDECODABLE
from daemon.products.feeds.options import FeedOptions
from daemon.products.feeds.times import zone_of
from daemon.products.feeds.values import CellFaultError
from daemon.products.imports import FileWarning, Parsed, Reject
from daemon.products.money import is_currency
from daemon.products.product import Amount, Flag, Product, Status, Unparsed, Variant

Record = Mapping[str, Any]

_LONGEST_ID: Final = 500
_SHOWN: Final = 1000
_LAYOUTS: Final = 256
_PRICES: Final = frozenset({"price", "sale_price", "cost"})
#: The last day that is written is still part of the time meant.
_LAST_DAYS: Final = frozenset({"sale_end", "expires_at"})
_TIMES: Final = frozenset({"sale_start", "availability_date", "archived_at", "created_at", "updated_at"}) | _LAST_DAYS
#: How other fields than texts, times and amounts are read.
_PARSERS: Final[Mapping[str, Callable[[object], Any]]] = {
    **dict.fromkeys(("is_free", "clearance", "track_inventory", "backorder"), values.flag_of),
    "availability": values.availability_of_cell,
    "category": values.category_of,
}
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
        if product.id in self._lines:
            first = self._lines[product.id]
            reason = f'id "{product.id}" on line {line} was given on line {first} already; the first one is kept'
            return Reject(file=self.file, line=line, field="id", reason=reason, row=shown(record))
        self._lines[product.id] = line
        return Parsed(product=product, line=line, document=document)

    def reject(self, line: int | None, field: str, reason: str, record: Record) -> Reject:
        """Make a reject that may hide a product."""
        self.hidden += 1
        return Reject(file=self.file, line=line, field=field, reason=reason, row=shown(record))

    def identity(self, *candidates: str | None) -> str:
        """Return the first candidate that there is, the row's number as the last resort, after the prefix."""
        found = next((candidate for candidate in candidates if candidate), None)
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


class FieldFaultError(Exception):
    """A field of a record that cannot be read, with the reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class Cells:
    """The cells of one record by field."""

    __slots__ = ("_layout", "_reader", "_record")

    def __init__(self, record: Record, layout: Layout, reader: RowReader) -> None:
        self._record = record
        self._layout = layout
        self._reader = reader

    def cell(self, field: str) -> object:
        """Return the value of a field as it came, None when there is none."""
        found = self._layout.get(field)
        return None if found is None else self._record.get(found[0])

    def read(self, field: str, parse: Callable[[object], Any]) -> Any:
        """Return a field's value. Raises FieldFaultError."""
        value = self.cell(field)
        if value is None:
            return None
        try:
            return parse(value)
        except CellFaultError as fault:
            raise FieldFaultError(field, str(fault)) from fault

    def all_fields(self, fields: Iterable[str]) -> dict[str, Any]:
        """Return the values of canonical fields by the names that Product has for them."""
        return {"images" if field == "image" else field: self._typed(field) for field in fields}

    def _typed(self, field: str) -> Any:
        if field in _TIMES:
            return self.time(field)
        if field == "image":
            return self.images()
        if field == "id":
            return self._reader.identity(self.text("id"))
        if field in _PRICES:
            return self.price(field, self.text("currency"))[0]
        if field == "stock":
            return self.amount(field)
        return self.status() if field == "status" else self.read(field, _PARSERS.get(field, values.text_of))

    def text(self, field: str) -> str | None:
        """Return a field's text."""
        found: str | None = self.read(field, values.text_of)
        return found

    def amount(self, field: str) -> Amount:
        """Return a number without a currency."""
        found: Amount = self.read(field, lambda value: values.amount_of(value, self._reader.options.locale))
        return found

    def time(self, field: str) -> Any:
        """Return a time; the last day of what ends counts as a whole."""
        reader, whole_day = self._reader, field in _LAST_DAYS
        return self.read(
            field, lambda value: values.time_of(value, reader.zone, reader.options.locale, end_of_day=whole_day)
        )

    def price(self, field: str, currency: str | None) -> tuple[Amount, str | None]:
        """Return an amount and the currency that the cell states. Two different currencies leave the amount open."""
        options = self._reader.options
        known = currency or options.currency or None
        found = self.read(field, lambda value: values.price_of(value, known, options.locale))
        if found is None:
            return None, None
        amount, stated = found
        if stated is None:
            return amount, None
        self._reader.fields.add("currency")
        if not is_currency(stated):
            return amount, None if known else stated
        if currency and is_currency(currency.upper()) and currency.upper() != stated:
            return Unparsed(str(self.cell(field)), ambiguous=True), None
        return amount, stated

    def prices(self, currency: str | None) -> tuple[Amount, Amount, str | None]:
        """Return the regular price, the reduced one, and a currency that either states."""
        roles = set(self._layout)
        if headers.REGULAR_PRICE in roles and "sale_price" in roles:
            regular, stated = self.price(headers.REGULAR_PRICE, currency)
            reduced, stated_too = self.price("sale_price", currency)
            return regular, reduced, stated or stated_too
        final_role = next((role for role in (headers.FINAL_PRICE, "price", headers.REGULAR_PRICE) if role in roles), "")
        if "sale_price" in roles or not final_role:
            regular_role = final_role or headers.LIST_PRICE
            regular, stated = self.price(regular_role, currency)
            reduced, stated_too = self.price("sale_price", currency)
            return regular, reduced, stated or stated_too
        list_role = next(
            (r for r in (headers.LIST_PRICE, headers.REGULAR_PRICE, "price") if r in roles and r != final_role), ""
        )
        final, stated = self.price(final_role, currency)
        listed, stated_too = self.price(list_role, currency) if list_role else (None, None)
        return *list_and_final(listed, final), stated or stated_too

    def tracked(self) -> Flag:
        """Return whether stock is counted: as a flag says, else whether anybody is named who does."""
        flag: Flag = self.read("track_inventory", values.flag_of)
        if flag is None and headers.TRACKER in self._layout:
            return self.text(headers.TRACKER) is not None
        return flag

    def sale_window(self) -> tuple[Any, Any]:
        """Return when a sale starts and ends; Merchant writes both in one cell with a slash between."""
        window = self.text(headers.SALE_WINDOW)
        if window is None:
            return self.time("sale_start"), self.time("sale_end")
        start, slash, end = window.partition("/")
        if not slash or "/" in end:
            return Unparsed(window), Unparsed(window)
        zone, locale = self._reader.zone, self._reader.options.locale
        return values.time_of(start, zone, locale), values.time_of(end, zone, locale, end_of_day=True)

    def status(self) -> Status | Unparsed:
        """Return the status; what nobody says is listed. Of a status and a "published", the hidden one holds."""
        status: Status | Unparsed | None = self.read("status", values.status_of_cell)
        published = self.read(headers.PUBLISHED, values.status_of_cell)
        if published is not None and status in {None, Status.LISTED}:
            return published if isinstance(published, Status) else Unparsed(published.text)
        return Status.LISTED if status is None else status

    def images(self) -> tuple[str, ...]:
        """Return the images of every column that holds some, each once."""
        found: list[str] = []
        for column in self._layout.get("image", ()):
            try:
                found += values.images_of(self._record.get(column))
            except CellFaultError as fault:
                raise FieldFaultError("image", str(fault)) from fault
        return tuple(dict.fromkeys(found))

    def variants(self, currency: str | None) -> Iterator[Variant]:
        """Yield the variants of a record that holds a list of objects for them."""
        listed = self.cell(headers.OPTIONS)
        for nested in listed if isinstance(listed, list) else ():
            if isinstance(nested, Mapping):
                yield self._variant(Cells(nested, self._reader.layout(tuple(nested)), self._reader), currency)

    @staticmethod
    def _variant(cells: Cells, currency: str | None) -> Variant:
        price, sale_price, _ = cells.prices(cells.text("currency") or currency)
        return Variant(
            sku=cells.text("sku"),
            gtin=cells.text("gtin"),
            title=cells.text("title"),
            price=price,
            sale_price=sale_price,
            cost=cells.price("cost", currency)[0],
            stock=cells.amount("stock"),
            track_inventory=cells.tracked(),
            backorder=cells.read("backorder", values.flag_of),
        )


def list_and_final(listed: Amount, final: Amount) -> tuple[Amount, Amount]:
    """Return the regular and the reduced price of a list price and the price that is paid.

    A list price above the final one is the regular price; any other, 0 and blank among them, says nothing.
    """
    if not (isinstance(listed, Decimal) and isinstance(final, Decimal) and listed.is_finite() and final.is_finite()):
        return final, None
    return (listed, final) if listed > final and listed > 0 else (final, None)


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
