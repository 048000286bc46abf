"""One row of a table of cases, and the judge of it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from daemon.products.context import MemoryContext
from daemon.products.product import PricePoint, Product, Unparsed
from daemon.products.verdicts import Outcome, Rule

NOW: Final = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
#: How systems write "never": the last day that there is.
NEVER: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
OK, BAD, UNKNOWN, NOT_APPLICABLE = Outcome.OK, Outcome.BAD, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
D = Decimal


def context(**given: Any) -> MemoryContext:
    """Make a context at NOW; keywords as MemoryContext."""
    return MemoryContext(**{"now": NOW, **given})


#: The context of a row that names none.
PLAIN: Final = context()


class Case(NamedTuple):
    """A row. says: attributes of the verdict that must be equal; `message` must hold the text given for it."""

    rule: str
    name: str
    product: Product
    outcome: Outcome
    context: MemoryContext = PLAIN
    says: Mapping[str, object] = {}

    def failure(self, check: Rule) -> str | None:
        """Return what is wrong with what a rule function says of the row, None when nothing is."""
        verdict = check(self.product, self.context)
        wrong = [] if verdict.outcome is self.outcome else [f"outcome {verdict.outcome}, not {self.outcome}"]
        for name, wanted in self.says.items():
            found = getattr(verdict, name)
            fits = str(wanted) in found if name == "message" else found == wanted
            wrong += [] if fits else [f"{name} {found!r}, not {wanted!r}"]
        return "; ".join(wrong) or None


def listed(**fields: Any) -> Product:
    """Make a listed product named "p" that nothing is wrong with, changed by keywords as Product."""
    sound = {"id": "p", "title": "Walnut serving board", "price": D("20.00"), "currency": "EUR"}
    return Product(**{**sound, **fields})


def ago(**delta: float) -> datetime:
    """Return NOW minus a timedelta."""
    return NOW - timedelta(**delta)


def ahead(**delta: float) -> datetime:
    """Return NOW plus a timedelta."""
    return NOW + timedelta(**delta)


def unclear(text: str) -> Unparsed:
    """Return a value that could be read in more than one way."""
    return Unparsed(text, ambiguous=True)


def flat(price: str, *, days: int, currency: str | None = "EUR") -> tuple[PricePoint, ...]:
    """Return the history of a price that did not change for so many days up to yesterday."""
    return prices(*[price] * days, currency=currency)


def prices(*values: str, currency: str | None = "EUR") -> tuple[PricePoint, ...]:
    """Return a history of one price a day, the last yesterday's."""
    first = len(values)
    return tuple(
        PricePoint((NOW - timedelta(days=first - n)).date().isoformat(), Decimal(value), currency)
        for n, value in enumerate(values)
    )


def tables() -> Iterator[tuple[str, tuple[Case, ...]]]:
    """Iterate over (theme, cases) of every cases_THEME.py beside this file."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("cases_"):
            cases = importlib.import_module(f"{__package__}.{module.name}").CASES
            yield module.name.removeprefix("cases_"), cases
