"""Cases of daemon/products/rules/identity.py."""

from __future__ import annotations

from typing import Any

from daemon.products.product import Product, Status, Variant
from daemon.products.verdicts import Outcome
from tests.unit.products.rules.case import BAD, NOT_APPLICABLE, OK, UNKNOWN, Case, context, listed

GTIN = "4006381333931"


def other(identity: str = "q", **fields: Any) -> Product:
    """Make another listed product."""
    return listed(**{"id": identity, **fields})


def key_case(name: str, product: Product, others: tuple[Product, ...], outcome: Outcome, **says: object) -> Case:
    """Make a row of duplicate_key in a catalogue of a product and others."""
    return Case("duplicate_key", name, product, outcome, context(products=(product, *others)), says)


DUPLICATES = (
    key_case("no identifiers", listed(), (other(),), NOT_APPLICABLE),
    key_case("a sku of its own", listed(sku="A-1"), (other(sku="A-2"),), OK),
    key_case("the same sku", listed(sku="A-1"), (other(sku="A-1"),), BAD, field="sku", message="also sku of q"),
    key_case("the same but for blanks and case", listed(sku=" a-1"), (other(sku="A-1 "),), BAD, fingerprint="sku=a-1"),
    key_case("a hyphen elsewhere is another article", listed(sku="A-11"), (other(sku="A1-1"),), OK),
    key_case("a dash is no sku", listed(sku="-"), (other(sku="-"),), NOT_APPLICABLE),
    key_case("the other is archived", listed(sku="A"), (other(sku="A", status=Status.ARCHIVED),), OK),
    key_case("the other is a draft", listed(sku="A"), (other(sku="A", status=Status.DRAFT),), BAD),
    key_case("it is archived itself", listed(sku="A", status=Status.ARCHIVED), (other(sku="A"),), NOT_APPLICABLE),
    key_case("off the shelf it still holds its sku", listed(sku="A", status=Status.UNLISTED), (other(sku="A"),), BAD),
    key_case("five others", listed(sku="A"), tuple(other(i, sku="A") for i in "vwxyz"), BAD,
             message="also sku of v, w, x and 2 more"),
    key_case("three others", listed(sku="A"), tuple(other(i, sku="A") for i in "zyx"), BAD,
             message="also sku of x, y, z"),
    key_case("the same GTIN", listed(gtin=GTIN), (other(gtin="0" + GTIN),), BAD, field="gtin"),
    key_case("the same GTIN with hyphens and an apostrophe", listed(gtin="'4006-3813 33931"), (other(gtin=GTIN),), BAD),
    key_case("12 and 13 digits of one number", listed(gtin="036000291452"), (other(gtin="0036000291452"),), BAD),
    key_case("the same GTIN in one group", listed(gtin=GTIN, item_group_id="g"), (
        other(gtin=GTIN, item_group_id="g"),), OK),
    key_case("the same GTIN in two groups", listed(gtin=GTIN, item_group_id="g"), (
        other(gtin=GTIN, item_group_id="h"),), BAD),
    key_case("the same GTIN, one without a group", listed(gtin=GTIN), (other(gtin=GTIN, item_group_id="h"),), BAD),
    key_case("the same sku in one group", listed(sku="A", item_group_id="g"), (
        other(sku="A", item_group_id="g"),), BAD),
    key_case("zeros for no GTIN", listed(gtin="0000000000000"), (other(gtin="0000000000000"),), NOT_APPLICABLE),
    key_case("text for no GTIN", listed(gtin="n/a"), (other(gtin="n/a"),), NOT_APPLICABLE),
    key_case("the same slug", listed(slug="/Board/"), (other(slug="board"),), BAD, field="slug"),
    key_case("sku and slug at once", listed(sku="A", slug="b"), (other(sku="A"), other("r", slug="b")), BAD,
             fingerprint="sku=a; slug=b"),
    key_case("another's variant has the sku", listed(sku="A"), (other(variants=(Variant(sku="a"),)),), BAD),
    key_case("two variants share a sku", listed(variants=(Variant(sku="A"), Variant(sku="a "))), (), BAD,
             message="two variants", fingerprint="sku=a within"),
    key_case("two variants without a sku", listed(variants=(Variant(gtin=GTIN), Variant(sku=""))), (), OK),
    key_case("two variants share a GTIN", listed(variants=(
        Variant(sku="A", gtin=GTIN), Variant(sku="B", gtin=GTIN))), (), OK),
    key_case("the product bears its variant's sku", listed(sku="A", variants=(Variant(sku="A"),)), (), OK),
)  # fmt: skip

KNOWN = {"categories": ("Kitchen", "Garden"), "archived_categories": ("Fax machines",), "brands": ("Fiskars",)}
SHOP = context(settings={"reference_broken": KNOWN})
SILENT = context(fields={"feed": frozenset({"title"})})
ARCHIVE = context(products=(other("old", status=Status.ARCHIVED), other("live"), other("p", status=Status.ARCHIVED)))


def sorted_goods(**fields: Any) -> Product:
    """Make a listed product in a category."""
    return listed(**{"category": "Kitchen", **fields})


REFERENCES = (
    Case("reference_broken", "a category", sorted_goods(), OK),
    Case("reference_broken", "no category", listed(), BAD, says={"fingerprint": "category missing"}),
    Case("reference_broken", "a blank category", listed(category=" "), BAD),
    Case("reference_broken", "no such column", listed(source="feed"), UNKNOWN, SILENT, {"absent": True}),
    Case("reference_broken", "a draft", listed(status=Status.DRAFT), NOT_APPLICABLE),
    Case("reference_broken", "a category that is known", sorted_goods(category=" kitchen"), OK, SHOP),
    Case("reference_broken", "a category that is not", sorted_goods(category="Kitchn"), BAD, SHOP,
         {"field": "category", "value": "Kitchn", "message": "not a known category"}),
    Case("reference_broken", "an archived category", sorted_goods(category="Fax machines"), BAD, SHOP,
         {"message": "is an archived category"}),
    Case("reference_broken", "no brand", sorted_goods(), OK, SHOP),
    Case("reference_broken", "a known brand", sorted_goods(brand="FISKARS"), OK, SHOP),
    Case("reference_broken", "an unknown brand", sorted_goods(brand="Fisker"), BAD, SHOP, {"field": "brand"}),
    Case("reference_broken", "any brand will do", sorted_goods(brand="Fisker"), OK),
    Case("reference_broken", "an archived parent", sorted_goods(item_group_id="old"), BAD, ARCHIVE,
         {"field": "item_group_id"}),
    Case("reference_broken", "a living parent", sorted_goods(item_group_id="live"), OK, ARCHIVE),
    Case("reference_broken", "a group that is no product", sorted_goods(item_group_id="boards"), OK, ARCHIVE),
    Case("reference_broken", "the head of its own group", sorted_goods(item_group_id="p"), OK, ARCHIVE),
    Case("reference_broken", "no category and an archived parent", listed(item_group_id="old"), BAD, ARCHIVE,
         {"fingerprint": "category missing; item_group_id=old"}),
    Case("reference_broken", "no category column and an archived parent", listed(
        source="feed", item_group_id="old"), BAD, context(
            products=(other("old", status=Status.ARCHIVED),), fields={"feed": frozenset()})),
)  # fmt: skip

CASES = (*DUPLICATES, *REFERENCES)
