"""Rows for gtin_bad. The numbers are of GS1's range for examples (952) or taken from the standard."""

from __future__ import annotations

from daemon.products.product import Variant
from tests.unit.products.rules.case import BAD, NOT_APPLICABLE, OK, Case, listed


def _gtin(name: str, gtin: str | None, outcome: object, message: str = "") -> Case:
    return Case("gtin_bad", name, listed(gtin=gtin), outcome, says={"message": message})  # type: ignore[arg-type]


CASES = (
    _gtin("no number says nothing", None, NOT_APPLICABLE),
    _gtin("blanks say nothing", "  ", NOT_APPLICABLE),
    _gtin("13 digits", "9520001000072", OK),
    _gtin("8 digits", "95200002", OK),
    _gtin("12 digits, a UPC", "036000291452", OK),
    _gtin("14 digits, a case of 13", "19520001000079", OK),
    _gtin("14 digits filled up with a zero", "09520001000072", OK),
    _gtin("spaces and hyphens anywhere", " 952-0001 00007-2", OK),
    _gtin("a book is a product", "9780306406157", OK),
    _gtin("a wrong check digit names the right one", "9520001000073", BAD, "check digit 3 should be 2"),
    _gtin("two digits swapped", "9502001000072", BAD, "check digit"),
    _gtin("10 digits", "0306406152", BAD, "has 10 digits"),
    _gtin("15 digits", "000952000100007", BAD, "has 15 digits"),
    _gtin("zeros alone", "0000000000000", BAD, "nothing but zeros"),
    _gtin("zeros alone, eight", "00000000", BAD, "nothing but zeros"),
    _gtin("full-width digits", "９５２０００１００００７２", BAD, "other than the digits"),
    _gtin("superscripts", "²²²²²²²²", BAD, "other than the digits"),
    _gtin("letters", "B01N5IB20Q", BAD, "other than the digits"),
    _gtin("a spreadsheet's number", "9.52E+12", BAD, "other than the digits"),
    _gtin("an apostrophe has a message of its own", "'9520001000072", BAD, "apostrophe, as spreadsheets mark text"),
    _gtin("a curled apostrophe with a space before it", " \u20199520001000072", BAD, "apostrophe"),
    _gtin("an apostrophe before a wrong number says both", "'9520001000073", BAD, "; and check digit"),
    _gtin("for use inside a shop: 2x", "2000000000008", BAD, "not a global number"),
    _gtin("for use inside a shop: 02", "0200000000004", BAD, "not a global number"),
    _gtin("for use inside a shop: 04 as a UPC", "400000000008", BAD, "not a global number"),
    _gtin("coupon: 05", "0500000000005", BAD, "not a global number"),
    _gtin("coupon: 99", "9900000000004", BAD, "not a global number"),
    _gtin("refund: 98", "9800000000007", BAD, "not a global number"),
    _gtin("inside a case: 2x behind an indicator", "12000000000005", BAD, "not a global number"),
    _gtin("of eight digits: 2", "20000004", BAD, "not a global number"),
    _gtin("of eight digits: 0", "01234565", BAD, "not a global number"),
    Case("gtin_bad", "a variant's number counts", listed(variants=(Variant(gtin="9520001000072"), Variant(gtin="1"))),
         BAD, says={"value": "1", "field": "gtin"}),
    Case("gtin_bad", "right numbers of variants", listed(variants=(Variant(gtin="9520001000072"), Variant())), OK),
)  # fmt: skip
