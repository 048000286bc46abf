"""A pass context over products in memory: for one pass over a file, and for tests of rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from daemon.products.evidence import Evidence
from daemon.products.keys import product_keys
from daemon.products.product import PricePoint, Product, Status
from daemon.products.rulebook import Rulebook
from daemon.products.rules import BY_ID
from daemon.products.verdicts import KeyHolder


class MemoryContext:
    """A verdicts.PassContext that knows the given products as the whole catalogue.

    now: aware UTC. rulebook: whose settings hold; without one, the defaults of the rule table. settings: by rule
    id, thresholds that go before those. fields: by source, what it can express; a source that is not named can
    express everything. history, evidence: by product id and by URL.
    """

    def __init__(
        self,
        *,
        now: datetime,
        rulebook: Rulebook | None = None,
        products: Iterable[Product] = (),
        fields: Mapping[str, frozenset[str]] | None = None,
        history: Mapping[str, Sequence[PricePoint]] | None = None,
        evidence: Mapping[str, Evidence] | None = None,
        settings: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        self.now = now
        self._products = tuple(products)
        self._fields = fields or {}
        self._history = history or {}
        self._evidence = evidence or {}
        configured = {rule.spec.id: rule.settings for rule in rulebook.rules} if rulebook else {}
        given = settings or {}
        self._settings = {
            rule_id: {**spec.settings, **configured.get(rule_id, {}), **given.get(rule_id, {})}
            for rule_id, spec in BY_ID.items()
        }

    def settings(self, rule_id: str) -> Mapping[str, object]:
        """Return the thresholds of a rule. Raises KeyError for one that is not in the table."""
        return self._settings[rule_id]

    def provides(self, source: str, field: str) -> bool:
        """Tell whether the source can express the field."""
        fields = self._fields.get(source)
        return fields is None or field in fields

    def history(self, product_id: str) -> Sequence[PricePoint]:
        """Return the price points of earlier days."""
        return self._history.get(product_id, ())

    def holders(self, kind: str, key: str) -> Sequence[KeyHolder]:
        """Return who holds a normalised key."""
        return self._holders.get((kind, key), ())

    def product_status(self, product_id: str) -> str | None:
        """Return the status of another product."""
        return self._statuses.get(product_id)

    def evidence(self, url: str) -> Evidence | None:
        """Return what was last fetched from a URL."""
        return self._evidence.get(url)

    @cached_property
    def _holders(self) -> Mapping[tuple[str, str], Sequence[KeyHolder]]:
        found: dict[tuple[str, str], list[KeyHolder]] = {}
        for product in self._products:
            if product.status == Status.ARCHIVED:
                continue
            for key in product_keys(product):
                found.setdefault(key, []).append(KeyHolder(product.id, product.item_group_id))
        return found

    @cached_property
    def _statuses(self) -> Mapping[str, str]:
        return {p.id: str(getattr(p.status, "text", p.status)) for p in self._products}
