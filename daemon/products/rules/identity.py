"""duplicate_key, reference_broken: what ties a product to others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from daemon.products.keys import Key, product_keys, sku_key
from daemon.products.product import Product, Status
from daemon.products.rules.offers import PUBLIC, combined
from daemon.products.verdicts import (
    NOT_APPLICABLE,
    OK,
    Needs,
    PassContext,
    RemedyKind,
    RuleSpec,
    Severity,
    Verdict,
    absent,
    bad,
)

_NAMED: Final = 3  # other products that a message names


def duplicate_key(product: Product, context: PassContext) -> Verdict:
    """Bad when another product that is not archived holds the same sku, GTIN or slug, or two variants share a sku.

    Members of one group may share a GTIN, and so may the variants of one product. Reference: Merchant `id`.
    """
    if product.status == Status.ARCHIVED:
        return NOT_APPLICABLE
    keys = product_keys(product)
    if not keys:
        return NOT_APPLICABLE
    faults = []
    for key in keys:
        others = _others(key, product, context) if len(context.holders(*key)) > 1 else ()
        if others:
            faults.append(_shared(key, sorted(others)))
    if len(product.variants) > 1:
        faults += [_repeated(key) for key in _repeated_skus(product)]
    return combined(faults) if faults else OK


def _others(key: Key, product: Product, context: PassContext) -> set[str]:
    group = product.item_group_id
    return {
        holder.product_id
        for holder in context.holders(*key)
        if holder.product_id != product.id and not (key[0] == "gtin" and group and holder.group == group)
    }


def _shared(key: Key, others: list[str]) -> Verdict:
    kind, text = key
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return bad(kind, text, f"also {kind} of {', '.join(others[:_NAMED])}{more}")


def _repeated_skus(product: Product) -> Iterator[str]:
    counts = Counter(key for variant in product.variants if (key := sku_key(variant.sku)))
    return (key for key, count in counts.items() if count > 1)


def _repeated(key: str) -> Verdict:
    return bad("sku", key, "two variants of this product share it", fingerprint=f"sku={key} within")


def reference_broken(product: Product, context: PassContext) -> Verdict:
    """Bad when a public product has no category, one that is archived or not known, or belongs to an archived parent.

    No brand is no fault: goods without one are common. Known categories and brands are settings; none means any.
    """
    if product.status not in PUBLIC:
        return NOT_APPLICABLE
    settings: Any = context.settings("reference_broken")
    category = _category(product, context, settings)
    brand = _brand(product, settings["brands"])
    parent = _parent(product, context)
    return OK if category is OK and brand is parent is NOT_APPLICABLE else combined((category, brand, parent))


def _category(product: Product, context: PassContext, settings: Any) -> Verdict:
    name = product.category.strip() if product.category else ""
    if not name:
        if not context.provides(product.source, "category"):
            return absent("category")
        return bad("category", None, "no category", fingerprint="category missing")
    if _named(name, settings["archived_categories"]):
        return bad("category", name, "is an archived category")
    if settings["categories"] and not _named(name, settings["categories"]):
        return bad("category", name, "is not a known category")
    return OK


def _brand(product: Product, brands: tuple[str, ...]) -> Verdict:
    name = product.brand.strip() if product.brand else ""
    if not name or not brands or _named(name, brands):
        return NOT_APPLICABLE
    return bad("brand", name, "is not a known brand")


def _parent(product: Product, context: PassContext) -> Verdict:
    parent = product.item_group_id
    if not parent or parent == product.id or context.product_status(parent) != Status.ARCHIVED:
        return NOT_APPLICABLE
    return bad("item_group_id", parent, "is a product that is archived")


def _named(name: str, names: tuple[str, ...]) -> bool:
    return name.casefold() in {known.strip().casefold() for known in names}


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="duplicate_key",
        title="Identifier used twice",
        title_zh="标识重复",
        fields=("sku", "gtin", "slug"),
        severity=Severity.MAJOR,
        check=duplicate_key,
        needs=Needs.CATALOGUE,
        reference="Merchant id; GS1 General Specifications",
    ),
    RuleSpec(
        id="reference_broken",
        title="Category, brand or parent is missing or gone",
        title_zh="分类、品牌或父商品缺失",
        fields=("category", "brand", "item_group_id"),
        severity=Severity.MAJOR,
        check=reference_broken,
        remedy=RemedyKind.REVIEW,
        needs=Needs.CATALOGUE,
        reference="the shop's own catalogue",
        settings={"categories": (), "archived_categories": (), "brands": ()},
    ),
)
