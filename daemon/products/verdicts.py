"""What a rule says of a product, and what it may look at to say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias

import msgspec

from daemon.products.evidence import Evidence
from daemon.products.product import PricePoint, Product


class Severity(StrEnum):
    """How much a finding matters, in rising order."""

    INFO = "info"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info up to 3 for critical."""
        return _RANK[self]


_RANK = {Severity.INFO: 0, Severity.MINOR: 1, Severity.MAJOR: 2, Severity.CRITICAL: 3}


class Outcome(StrEnum):
    """The four things a rule can say."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"  # cannot tell: opens and closes nothing
    NOT_APPLICABLE = "not_applicable"  # the rule has nothing to say about such a product: counts as good


class RemedyKind(StrEnum):
    """What the daemon may do to a product by itself. Each is one change of status, and reversible."""

    OFF_SHELF = "off_shelf"  # status becomes unlisted
    OUT_OF_STOCK = "out_of_stock"  # status becomes out_of_stock
    REVIEW = "review"  # status becomes review


class Verdict(msgspec.Struct, frozen=True):
    """One rule's word on one product.

    field: canonical name of the field at fault. value: the offending value as text, at most 200 characters.
    fingerprint: equal for the same fault and different for a new one (the rule chooses what counts); "" unless bad.
    severity, remedy: only where the rule departs from its defaults; `no_remedy` wins over both.
    recheck_at: aware; when this verdict may change by the passage of time alone, whatever the outcome.
    failed: the rule raised an error, so that the verdict is about the checker and not about the product.
    absent: unknown because the source cannot express the field at all: one warning about the file, no finding.
    """

    outcome: Outcome
    field: str = ""
    value: str = ""
    message: str = ""
    fingerprint: str = ""
    severity: Severity | None = None
    remedy: RemedyKind | None = None
    no_remedy: bool = False
    recheck_at: datetime | None = None
    failed: bool = False
    absent: bool = False


OK = Verdict(Outcome.OK)
NOT_APPLICABLE = Verdict(Outcome.NOT_APPLICABLE)

#: Longest offending value that a verdict carries, in characters.
MAX_VALUE = 200


def bad(
    field: str,
    value: object,
    message: str,
    *,
    fingerprint: str | None = None,
    severity: Severity | None = None,
    remedy: RemedyKind | None = None,
    no_remedy: bool = False,
    recheck_at: datetime | None = None,
) -> Verdict:
    """Make a bad verdict. The fingerprint is the shown value unless the rule gives its own."""
    shown = shown_value(value)
    return Verdict(
        Outcome.BAD,
        field,
        shown,
        message,
        f"{field}={shown}" if fingerprint is None else fingerprint,
        severity,
        remedy,
        no_remedy,
        recheck_at,
    )


def unknown(field: str, value: object, message: str, *, recheck_at: datetime | None = None) -> Verdict:
    """Make a verdict that cannot tell."""
    return Verdict(Outcome.UNKNOWN, field, shown_value(value), message, recheck_at=recheck_at)


def absent(field: str) -> Verdict:
    """Make a verdict that cannot tell, since the product's source has no such field for any product."""
    return Verdict(Outcome.UNKNOWN, field, message="the source has no such column", absent=True)


def shown_value(value: object) -> str:
    """Return a value as a person wrote it, shortened to MAX_VALUE characters."""
    text = "" if value is None else str(getattr(value, "text", value))
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


class KeyHolder(NamedTuple):
    """A non-archived product (or one of its variants) that holds a key."""

    product_id: str
    group: str | None  # item_group_id: members of one group may share a gtin


class PassContext(Protocol):
    """All that rules may see besides the product, fixed for one batch of one pass.

    Rules are called as `rule(product, context)`, read from here, and keep nothing.
    """

    @property
    def now(self) -> datetime:
        """Return the time of the pass, aware UTC."""

    def settings(self, rule_id: str) -> Mapping[str, object]:
        """Return the thresholds of a rule, defaults filled in. Meant for a rule's cold path."""

    def provides(self, source: str, field: str) -> bool:
        """Tell whether the source can express the field at all; False means absent from the whole file."""

    def history(self, product_id: str) -> Sequence[PricePoint]:
        """Return the price points of distinct days before today, oldest first."""

    def holders(self, kind: str, key: str) -> Sequence[KeyHolder]:
        """Return who else holds a normalised key. kind: "sku", "gtin" (14 digits) or "slug"."""

    def product_status(self, product_id: str) -> str | None:
        """Return the status of another product, None when the catalogue has none of that id."""

    def evidence(self, url: str) -> Evidence | None:
        """Return what was last fetched from a URL, None when nothing was."""


Rule: TypeAlias = Callable[[Product, PassContext], Verdict]


class Needs(StrEnum):
    """What a rule looks at besides the product itself and the clock."""

    NOTHING = "nothing"
    HISTORY = "history"
    CATALOGUE = "catalogue"  # other products
    EVIDENCE = "evidence"  # fetched from the network


class RuleSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the rule table.

    open_after, close_after: consecutive bad or good verdicts; open_min_s: seconds that the first and the last of
    the bad ones must be apart. settings: thresholds with their defaults, the only keys that config.toml may set.
    """

    id: str
    title: str
    title_zh: str
    fields: tuple[str, ...]
    severity: Severity
    check: Rule
    reference: str
    remedy: RemedyKind | None = None
    needs: Needs = Needs.NOTHING
    reads_status: bool = False  # asked even where the status is a word that nobody knows; the others cannot tell then
    open_after: int = 1
    open_min_s: float = 0.0
    close_after: int = 1
    settings: Mapping[str, object] = msgspec.field(default_factory=dict)
