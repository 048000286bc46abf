"""gtin_bad: numbers that GS1 cannot have given out, on the product and on its variants."""

from __future__ import annotations

from typing import Final

from stdnum.ean import calc_check_digit

from daemon.products.keys import compact_gtin
from daemon.products.product import Product, Variant
from daemon.products.verdicts import NOT_APPLICABLE, OK, PassContext, RuleSpec, Severity, Verdict, bad

_LENGTHS: Final = frozenset({8, 12, 13, 14})
#: By length, the same sum of the codes of as many zeros.
_ZEROS: Final = {length: ord("0") * (length + length // 2 * 2) for length in _LENGTHS}
_APOSTROPHES: Final = ("'", "\u2018", "\u2019")
#: GS1 prefixes of the 13-digit form that are no global numbers: for use inside a shop (02, 04, 2x), coupons (05, 98x,
#: 99x). GS1 General Specifications, sections 1.4.2 and 1.4.4.
_RESTRICTED: Final = ("02", "04", "05", "2", "98", "99")
#: The same for GTIN-8: velocity codes and numbers of a shop's own (GS1 General Specifications, section 1.4.3).
_RESTRICTED_8: Final = ("0", "2")


def gtin_bad(product: Product, context: PassContext) -> Verdict:
    """Bad for the first GTIN of the product or of a variant that is no valid global number; blank ones are skipped.

    Spaces and hyphens anywhere are no fault, a leading apostrophe is one of its own. Reference: GS1 General
    Specifications (lengths, check digit of section 7.9, prefixes); Merchant `gtin`.
    """
    verdict = NOT_APPLICABLE
    holders: tuple[Product | Variant, ...] = (product, *product.variants)
    for holder in holders:
        gtin = holder.gtin
        if not gtin or gtin.isspace():
            continue
        if fault := _fault(gtin):
            return bad("gtin", gtin, fault)
        verdict = OK
    return verdict


def _fault(gtin: str) -> str:
    if gtin.isdigit():
        return _number_fault(gtin)
    fault = _number_fault(compact_gtin(gtin))
    if gtin.lstrip().startswith(_APOSTROPHES):
        return "begins with an apostrophe, as spreadsheets mark text" + (f"; and {fault}" if fault else "")
    return fault


def _number_fault(digits: str) -> str:
    # str.isdigit() alone is true for full-width digits and superscripts, and stdnum takes full-width ones too.
    if not (digits.isascii() and digits.isdigit()):
        return "holds something other than the digits 0 to 9"
    if len(digits) not in _LENGTHS:
        return f"has {len(digits)} digits; a GTIN has 8, 12, 13 or 14"
    if _weighted(digits) % 10:
        return f"check digit {digits[-1]} should be {calc_check_digit(digits[:-1])}"
    if not digits.strip("0"):
        return "is nothing but zeros"
    if _restricted(digits):
        return "is not a global number: its prefix is for use inside a shop or for coupons"
    return ""


def _weighted(digits: str) -> int:
    """Return the sum of the digits with weights 1, 3 from the right, check digit included; a fifth of stdnum's time."""
    codes = digits.encode()
    return sum(codes) + 2 * sum(codes[-2::-2]) - _ZEROS[len(codes)]


def _restricted(digits: str) -> bool:
    if len(digits) == 8:
        return digits.startswith(_RESTRICTED_8)
    return digits.zfill(14).startswith(_RESTRICTED, 1)


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="gtin_bad",
        title="GTIN is not a valid global number",
        title_zh="商品条码不是有效的全球贸易项目代码",
        fields=("gtin",),
        severity=Severity.MINOR,
        check=gtin_bad,
        reference="GS1 General Specifications; Merchant gtin",
    ),
)
