"""What the rules may look at for one batch of products, fetched in a few queries before they are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from daemon.ports import Catalogue, EvidenceStore
from daemon.products.evidence import Evidence
from daemon.products.keys import product_keys
from daemon.products.product import PricePoint, Product
from daemon.products.rulebook import Rulebook
from daemon.products.verdicts import KeyHolder, Needs
from daemon.products.wanted import wanted_urls


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchContext:
    """A verdicts.PassContext over what was fetched for one batch."""

    now: datetime
    settings_by_rule: Mapping[str, Mapping[str, object]]
    fields_by_source: Mapping[str, frozenset[str]]
    points: Mapping[str, Sequence[PricePoint]]
    holders_by_key: Mapping[tuple[str, str], Sequence[KeyHolder]]
    status_by_id: Mapping[str, str]
    evidence_by_url: Mapping[str, Evidence]

    def settings(self, rule_id: str) -> Mapping[str, object]:
        """Return the thresholds of a rule."""
        return self.settings_by_rule[rule_id]

    def provides(self, source: str, field: str) -> bool:
        """Tell whether the source can express the field; one that nobody has read yet can express all."""
        fields = self.fields_by_source.get(source)
        return fields is None or field in fields

    def history(self, product_id: str) -> Sequence[PricePoint]:
        """Return the price points of earlier days."""
        return self.points.get(product_id, ())

    def holders(self, kind: str, key: str) -> Sequence[KeyHolder]:
        """Return who holds a normalised key."""
        return self.holders_by_key.get((kind, key), ())

    def product_status(self, product_id: str) -> str | None:
        """Return the status of another product."""
        return self.status_by_id.get(product_id)

    def evidence(self, url: str) -> Evidence | None:
        """Return what was last found at a URL."""
        return self.evidence_by_url.get(url)


class ContextMaker:
    """Makes the contexts of one pass by one rulebook."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._settings = {rule.spec.id: rule.settings for rule in rulebook.rules}
        self._needs = {rule.spec.needs for rule in rulebook.rules}

    async def make(
        self, products: Sequence[Product], catalogue: Catalogue, evidence: EvidenceStore, now: datetime
    ) -> BatchContext:
        """Fetch what the rules that are on may ask about these products."""
        ids = [product.id for product in products]
        # Asked for each batch: an import may bring a new source while the pass is on its way.
        sources = await catalogue.sources()
        catalogue_asked = Needs.CATALOGUE in self._needs
        return BatchContext(
            now=now,
            settings_by_rule=self._settings,
            fields_by_source={name: state.fields for name, state in sources.items()},
            points=await catalogue.history(ids, now.date().isoformat()) if Needs.HISTORY in self._needs else {},
            holders_by_key=await _holders(products, catalogue) if catalogue_asked else {},
            status_by_id=await _parent_statuses(products, catalogue) if catalogue_asked else {},
            evidence_by_url=await _evidence(products, evidence) if Needs.EVIDENCE in self._needs else {},
        )


async def _holders(products: Sequence[Product], catalogue: Catalogue) -> Mapping[tuple[str, str], Sequence[KeyHolder]]:
    keys_by_kind: dict[str, set[str]] = {}
    for product in products:
        for kind, key in product_keys(product):
            keys_by_kind.setdefault(kind, set()).add(key)
    found: dict[tuple[str, str], Sequence[KeyHolder]] = {}
    for kind, keys in keys_by_kind.items():
        for key, holders in (await catalogue.holders(kind, keys)).items():
            found[kind, key] = holders
    return found


async def _parent_statuses(products: Sequence[Product], catalogue: Catalogue) -> Mapping[str, str]:
    parents = {product.item_group_id for product in products if product.item_group_id}
    return await catalogue.statuses(sorted(parents)) if parents else {}


async def _evidence(products: Sequence[Product], evidence: EvidenceStore) -> Mapping[str, Evidence]:
    urls: set[str] = set()
    for product in products:
        images, link = wanted_urls(product)
        urls.update(images)
        if link:
            urls.add(link)
    return await evidence.evidence(sorted(urls)) if urls else {}
