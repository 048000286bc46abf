"""The cells of one record by field: columns, prices and their roles, status, images, variants. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from daemon.products.feeds import headers, values
from daemon.products.feeds.columns import Layout
from daemon.products.feeds.values import CellFaultError
from daemon.products.money import is_currency
from daemon.products.product import Amount, Flag, Status, Unparsed, Variant

if TYPE_CHECKING:
    from daemon.products.feeds.rows import RowReader

Record: TypeAlias = Mapping[str, Any]

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
