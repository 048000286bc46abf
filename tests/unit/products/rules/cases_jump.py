"""Cases of daemon/products/rules/jump.py."""

from __future__ import annotations

from daemon.products.product import Status, Unparsed
from daemon.products.verdicts import RemedyKind, Severity
from tests.unit.products.rules.case import (
    BAD,
    NOT_APPLICABLE,
    OK,
    UNKNOWN,
    Case,
    D,
    ahead,
    context,
    flat,
    listed,
    prices,
    unclear,
)

STEADY = context(history={"p": flat("20.00", days=30)})
#: Six of seven near 129, and the decimal mark slips: the deviation is next to nothing.
SLIPPED = context(history={"p": prices("129", "129", "128", "129", "130", "129", "129", "129")})
#: Between 60 and 140, median 100, deviation 40.
WILD = context(history={"p": prices("60", "140", "60", "140", "60", "140", "60", "140", "100")})
FEW = context(history={"p": prices("60", "140", "60", "140", "60", "140", "100")})
DOLLARS = context(history={"p": flat("20.00", days=30, currency="USD")})
MOVED = context(history={"p": (*flat("200.00", days=40, currency="USD")[:20], *flat("20.00", days=20))})
NEW_YEN = context(history={"p": flat("2", days=8, currency="JPY")})
BROKEN = context(history={"p": prices("NaN", "20", "20", "NaN", "20", "20", "20", "20", "20", "20")})
FREE = context(history={"p": flat("0", days=10)})
EVEN = context(history={"p": prices("10", "10", "10", "10", "14", "14", "14", "14")})
STRICT = context(history={"p": flat("20.00", days=30)}, settings={"price_jump": {"change_percent": 10.0}})
PATIENT = context(history={"p": WILD.history("p")}, settings={"price_jump": {"z": 0.5}})

CASES = (
    Case("price_jump", "the same as ever", listed(), OK, STEADY),
    Case("price_jump", "no history", listed(price=D("2000")), NOT_APPLICABLE),
    Case("price_jump", "no price is another rule's", listed(price=None), NOT_APPLICABLE, STEADY),
    Case("price_jump", "29 percent up", listed(price=D("25.80")), OK, STEADY),
    Case("price_jump", "30 percent up after it never changed", listed(price=D("26.00")), BAD, STEADY,
         {"severity": Severity.MAJOR, "remedy": RemedyKind.REVIEW, "message": "up 30% from 20.00, the median of 30",
          "recheck_at": ahead(hours=12), "fingerprint": "price=26.00"}),
    Case("price_jump", "31 percent down", listed(price=D("13.80")), BAD, STEADY,
         {"severity": Severity.MAJOR, "remedy": RemedyKind.REVIEW, "message": "down 31%"}),
    Case("price_jump", "half", listed(price=D("10.00")), BAD, STEADY,
         {"severity": Severity.CRITICAL, "remedy": RemedyKind.OFF_SHELF}),
    Case("price_jump", "a little more than half", listed(price=D("10.01")), BAD, STEADY,
         {"severity": Severity.MAJOR, "remedy": RemedyKind.REVIEW}),
    Case("price_jump", "a slipped decimal mark", listed(price=D("12.9")), BAD, SLIPPED,
         {"severity": Severity.CRITICAL, "remedy": RemedyKind.OFF_SHELF, "message": "shifted decimal mark"}),
    Case("price_jump", "slipped by two", listed(price=D("1.29")), BAD, SLIPPED, {"message": "shifted decimal mark"}),
    Case("price_jump", "a fifth is no slip", listed(price=D("25.8")), BAD, SLIPPED, {"message": "median of 8 days"}),
    Case("price_jump", "ten times as much", listed(price=D("1290")), BAD, SLIPPED, {"severity": Severity.MAJOR}),
    Case("price_jump", "far, but it always was", listed(price=D("60")), OK, WILD),
    Case("price_jump", "far for a stricter cut-off", listed(price=D("60")), BAD, PATIENT),
    Case("price_jump", "further than ever", listed(price=D("400")), BAD, WILD),
    Case("price_jump", "too few days: the percentage alone decides", listed(price=D("60")), BAD, FEW),
    Case("price_jump", "one day and 29 percent", listed(price=D("12.90")), OK, context(history={"p": prices("10")})),
    Case("price_jump", "one day and 31 percent", listed(price=D("13.10")), BAD, context(history={"p": prices("10")})),
    Case("price_jump", "another currency is not compared", listed(price=D("200")), NOT_APPLICABLE, DOLLARS),
    Case("price_jump", "only the days in this currency are", listed(), OK, MOVED),
    Case("price_jump", "days without a number do not count", listed(price=D("20")), OK, BROKEN),
    Case("price_jump", "eight sound days are left", listed(price=D("30")), BAD, BROKEN, {"message": "of 8 days"}),
    Case("price_jump", "it was free", listed(price=D("30")), NOT_APPLICABLE, FREE),
    Case("price_jump", "an even number of days has its median between", listed(price=D("12")), OK, EVEN),
    Case("price_jump", "the floor is one minor unit", listed(price=D("6"), currency="JPY"), OK, NEW_YEN),
    Case("price_jump", "and no more than that", listed(price=D("8"), currency="JPY"), BAD, NEW_YEN),
    Case("price_jump", "a narrower limit", listed(price=D("22.00")), BAD, STRICT),
    Case("price_jump", "unclear", listed(price=unclear("1.234")), UNKNOWN, STEADY),
    Case("price_jump", "a word", listed(price=Unparsed("ask")), UNKNOWN, STEADY),
    Case("price_jump", "NaN", listed(price=D("NaN")), UNKNOWN, STEADY),
    Case("price_jump", "a draft", listed(price=D("200"), status=Status.DRAFT), NOT_APPLICABLE, STEADY),
    Case("price_jump", "out of stock is still shown", listed(price=D("200"), status=Status.OUT_OF_STOCK), BAD, STEADY),
)  # fmt: skip
