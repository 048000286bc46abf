"""The choices of a product that a document holds as a list of objects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from daemon.adapters.mongo import values
from daemon.adapters.mongo.defaults import VARIANT_PATHS
from daemon.adapters.mongo.fields import NOT_FOUND, PRICES, MappedField, reader_of
from daemon.adapters.mongo.paths import Path
from daemon.products.product import Variant

#: Most variants of one product; more is no product.
MOST: Final = 2000


class VariantReader:
    """Reads the lists that a field's paths lead to. currency: of prices that state none."""

    def __init__(self, field: MappedField | None, currency: str | None, locale: str) -> None:
        self._field, self._currency, self._locale = field, currency, locale
        led = {name: [Path(text) for text in texts] for name, texts in VARIANT_PATHS.items()}
        every = [path for paths in led.values() for path in paths]
        self._parts = [MappedField(name, paths, self._reader(name, currency), {}, every) for name, paths in led.items()]

    def of_list(self, lying: Any) -> tuple[Variant, ...]:
        """Return the variants of a list; what is no object in it is none."""
        if not isinstance(lying, list):
            return ()
        return tuple(self._variant(part, self._currency) for part in lying[:MOST] if isinstance(part, dict))

    def read(self, document: Mapping[str, Any], currency: str | None) -> tuple[Variant, ...]:
        """Return the variants of a document. currency: that the document states."""
        path, lying, found = self._field.find(document, {}) if self._field else NOT_FOUND
        if path is None:
            return ()
        if currency == self._currency:
            return tuple(found)
        return tuple(self._variant(part, currency) for part in lying[:MOST] if isinstance(part, dict))

    def _variant(self, part: Mapping[str, Any], currency: str | None) -> Variant:
        found: dict[str, Any] = {}
        for field in self._parts:
            path, lying, value = field.find(part, {})
            if path is not None:
                is_text_price = field.name in PRICES and isinstance(lying, str) and currency != self._currency
                found[field.name] = values.price_of(lying, currency, self._locale)[0] if is_text_price else value
        return Variant(**found)

    def _reader(self, name: str, currency: str | None) -> Any:
        if name in PRICES:
            return partial(_amount, currency=currency, locale=self._locale)
        return reader_of(name, None, self._locale)


def _amount(value: Any, currency: str | None, locale: str) -> Any:
    return values.price_of(value, currency, locale)[0]
