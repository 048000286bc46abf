"""Rows for the rules about landing pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from daemon.products.evidence import Evidence, Offer, PageFacts, Reach
from daemon.products.product import Availability, Product, Status, Unparsed, Variant
from daemon.products.verdicts import Outcome
from tests.unit.products.rules.case import (
    BAD,
    NOT_APPLICABLE,
    NOW,
    OK,
    UNKNOWN,
    Case,
    D,
    ago,
    ahead,
    context,
    listed,
    unclear,
)

_LINK = "https://shop.example/products/board"
_TEXT = "Walnut serving board. Made of one piece of oiled walnut, 40 cm long. Into the basket"
_TITLE = "Walnut serving board"


def _page(**fields: Any) -> PageFacts:
    return PageFacts(**{"text": _TEXT, **fields})


def _seen(**fields: Any) -> Evidence:
    sound = {"url": _LINK, "fetched_at": NOW, "reach": Reach.FETCHED, "status": 200, "page": _page()}
    return Evidence(**{**sound, **fields})


def _linked(**fields: Any) -> Product:
    return listed(**{"link": _LINK, **fields})


def _link(name: str, outcome: Outcome, message: str = "", product: Product | None = None, **fields: Any) -> Case:
    seen = _seen(**fields)
    return Case("link_broken", name, product or _linked(), outcome, context(evidence={seen.url: seen}),
                {"message": message})  # fmt: skip


def _text(name: str, text: str, outcome: Outcome, product: Product | None = None, message: str = "") -> Case:
    return _link(name, outcome, message, product, page=_page(text=text))


_SORRY = "Sorry, this page could not be found. Perhaps it was moved, or the address has a typing error."

_LINKS = (
    _link("the product's page", OK),
    _link("gone", BAD, "status 404", status=404, page=None),
    _link("gone for good", BAD, "status 410", status=410, page=None),
    _link("forbidden is not gone", UNKNOWN, "status 403", status=403, page=None),
    _link("busy", UNKNOWN, "status 503", status=503, page=None),
    _link("no status", UNKNOWN, "status None", status=None),
    _link("silent", UNKNOWN, "timed out", reach=Reach.UNREACHABLE, status=None, page=None, problem="timed out"),
    _link("silent after it was gone", UNKNOWN, reach=Reach.UNREACHABLE, status=404, page=None),
    _link("our overload", UNKNOWN, "overloaded", reach=Reach.OVERLOADED, page=None),
    _link("no address", BAD, "no address of the web", reach=Reach.INVALID_URL, status=None, page=None),
    _link("a circle", BAD, "circle", loop=True, status=302, page=None),
    _link("a file", UNKNOWN, "is no web page", page=None, problem="is no web page but application/pdf"),
    _link("a page of nothing known", UNKNOWN, "is no web page", page=None),
    _link("to http", BAD, "https to http", hops=("http://shop.example/products/board",)),
    _link("from http to https", OK, url="http://shop.example/b", hops=("https://shop.example/b",),
          product=_linked(link="http://shop.example/b")),
    _link("a slash more", OK, hops=(_LINK + "/",)),
    _link("home", BAD, "the home page", hops=("https://shop.example/",)),
    _link("home in a language", BAD, "the home page", hops=("https://shop.example/zh-cn/",)),
    _link("home that shows the product too", BAD, "the home page", hops=("https://shop.example",),
          page=_page(product_names=(_TITLE,))),
    _link("home was meant", OK, url="https://board.example/", hops=("https://board.example/en/",),
          product=_linked(link="https://board.example/")),
    _link("the list above", BAD, "a page above it", hops=("https://shop.example/products/",)),
    _link("above, but stated to be it", OK, hops=("https://shop.example/products",),
          page=_page(product_names=(_TITLE,))),
    _link("renamed", OK, hops=("https://shop.example/products/walnut-board",)),
    _link("another product", BAD, "another page", hops=("https://shop.example/products/mug",),
          page=_page(text="Stoneware mug, glazed by hand. 300 ml, safe in the dishwasher.")),
    _link("another product that recommends ours", BAD, "another page", hops=("https://shop.example/products/mug",),
          page=_page(product_names=("Stoneware mug",), has_structured_data=True)),
    _link("renamed, by its number", OK, hops=("https://shop.example/x",), product=_linked(sku="WB-1"),
          page=_page(text=_SORRY, product_names=("Planche",), offers=(Offer(sku="wb-1 "),), has_structured_data=True)),
    _link("a name in other words", OK, page=_page(text=_SORRY, product_names=("Serving board of walnut",))),
    _text("soft 404", _SORRY, BAD, message="names neither"),
    _text("a number is enough", _SORRY + " No. WB-1234", OK, _linked(sku="WB-1234")),
    _text("a number within another is not", _SORRY + " No. WB-12345", BAD, _linked(sku="WB-1234")),
    _text("the number of a variant", _SORRY + " 9520001000072", OK, _linked(variants=(Variant(gtin="9520001000072"),))),
    _text("three characters are no number", _SORRY + " W-1", BAD, _linked(sku="W-1")),
    _text("spelled with other blanks and case", "WALNUT\u00a0SERVING BOARD, made of one piece, oiled twice", OK),
    _text("two words of three", "Boards for serving. Ash, beech, oak and birch, all of them oiled.", OK),
    _text("one word of three", "A walnut is a nut of the genus Juglans, family Juglandaceae, and tasty.", BAD),
    _text("Chinese, rearranged", "大号的手工陶花盆，出自景德镇。本店所有花盆均由匠人手工制作，欢迎选购，全国包邮到家。",
          OK, _linked(title="手工陶花盆大号")),
    _text("Chinese, another", "抱歉，您访问的页面找不到了，可能已经被删除或者移动到别的地方去了，请返回首页。", BAD,
          _linked(title="手工陶花盆大号")),
    _text("without a title", _SORRY, UNKNOWN, _linked(title=" ")),
    _text("with no title at all", _SORRY, UNKNOWN, _linked(title=None)),
    _text("drawn by scripts", "Loading", UNKNOWN, message="without scripts"),
    _text("a short not found", "404 not found", BAD),
    _text("a captcha", _SORRY + " Please solve this CAPTCHA.", UNKNOWN, message="prove something"),
    _text("a page that mentions captchas", _SORRY + " captcha" + " much more text" * 200, BAD),
    _link("few words, but stated data", OK, page=_page(text="", product_names=(_TITLE,), has_structured_data=True)),
    Case("link_broken", "never fetched", _linked(), UNKNOWN, says={"message": "not fetched yet"}),
    Case("link_broken", "no link", listed(), NOT_APPLICABLE),
    Case("link_broken", "a draft's link", _linked(status=Status.DRAFT), NOT_APPLICABLE,
         context(evidence={_LINK: _seen(status=404)})),
)  # fmt: skip


def _offer(price: str | None = "20.00", currency: str | None = "EUR", **fields: Any) -> Offer:
    return Offer(price=None if price is None else D(price), currency=currency, **fields)


def _price(name: str, outcome: Outcome, *offers: Offer, says: dict[str, object] | None = None, **fields: Any) -> Case:
    seen = _seen(page=_page(offers=offers, has_structured_data=True))
    return Case("page_price_mismatch", name, _linked(**fields), outcome, context(evidence={_LINK: seen}), says or {})


def _range(low: str, high: str, **fields: Any) -> Offer:
    return Offer(low=D(low), high=D(high), **{"currency": "EUR", **fields})


_TWO = (Variant(sku="S", price=D("20.00")), Variant(sku="L", price=D("25.00")))
_SALE: dict[str, Any] = {"price": D("30.00"), "sale_price": D("20.00")}

_PRICES = (
    _price("the same", OK, _offer()),
    _price("one cent", OK, _offer("20.01")),
    _price("two cents", BAD, _offer("20.02"), says={"field": "price", "value": "20.02 EUR"}),
    _price("another is news", BAD, _offer("21.00"), says={"fingerprint": "page=21.00 EUR ours=20.00"}),
    _price("one yen is a minor unit", OK, _offer("101", "JPY"), price=D("100"), currency="JPY"),
    _price("two are not", BAD, _offer("102", "JPY"), price=D("100"), currency="JPY"),
    _price("another currency", BAD, _offer(currency="USD"), says={"field": "currency", "message": "in USD, we in EUR"}),
    _price("a currency in small letters", OK, _offer(currency=" eur ")),
    _price("a sign for a currency", UNKNOWN, _offer(currency="¥")),
    _price("no currency, the same", OK, _offer(currency=None)),
    _price("no currency, another price", UNKNOWN, _offer("21", None)),
    _price("ours is no currency", UNKNOWN, _offer("21"), currency="¥"),
    _price("we have no currency", UNKNOWN, _offer("21"), currency=None),
    _price("unreadable", UNKNOWN, _offer(None)),
    _price("ours unreadable", UNKNOWN, _offer(), price=unclear("20,00")),
    _price("no offer", UNKNOWN, says={"message": "states no offer"}),
    _price("reduced", OK, _offer(), **_SALE),
    _price("reduced here only", BAD, _offer("30.00"), **_SALE),
    _price("sale is over", OK, _offer("30.00"), sale_end=ago(hours=1), **_SALE),
    _price("sale is over, not on the page", BAD, _offer(), sale_end=ago(hours=1), **_SALE),
    _price("sale has not begun", BAD, _offer(), sale_start=ahead(hours=1), **_SALE),
    _price("sale runs", BAD, _offer("30.00"), sale_start=ago(hours=1), sale_end=ahead(hours=1), **_SALE),
    _price("sale in no zone, either will do", OK, _offer("30.00"), sale_end=datetime(2026, 11, 25), **_SALE),  # noqa: DTZ001
    _price("sale in no zone, neither", BAD, _offer("31.00"), sale_end=Unparsed("soon"), **_SALE),
    _price("a sale price of 0 is none", OK, _offer(), sale_price=D("0")),
    _price("of several the one with our sku", OK, _offer("1.00", sku="ELSE"), _offer(sku="wb-1"), sku="WB-1"),
    _price("of several the one with our gtin", BAD, _offer("1", gtin="09520001000072"), _offer(), gtin="9520001000072"),
    _price("of several none is surely ours", UNKNOWN, _offer("1.00", sku="X"), _offer(sku="Y"), sku="WB-1"),
    _price("twice the same", OK, _offer(), _offer(url="https://shop.example/x")),
    _price("within a range", OK, _range("15", "20.00")),
    _price("below a range", UNKNOWN, _range("21", "25")),
    _price("above a range", UNKNOWN, _range("15", "19")),
    _price("a range in another currency", UNKNOWN, _range("15", "25", currency="USD")),
    _price("a range in no currency", OK, _range("15", "25", currency=None)),
    _price("a range without an end", UNKNOWN, Offer(low=D("15"), currency="EUR")),
    _price("a range and one of its offers", UNKNOWN, _range("21", "25"), _offer("21")),
    _price("our number on a range", OK, _range("15", "25", sku="WB-1"), sku="WB-1"),
    _price("our number on a range of one price", BAD, _range("25", "25", sku="WB-1"), sku="WB-1"),
    _price("variants by their numbers", OK, _offer("20.00", sku="S"), _offer("25.00", sku="L"), variants=_TWO),
    _price("a variant's own sale", OK, _offer("18", sku="S"),
           variants=(Variant(sku="S", price=D("20.00"), sale_price=D("18.00")),)),
    _price("one variant differs", BAD, _offer("20.00", sku="S"), _offer("29.00", sku="L"), variants=_TWO,
           says={"value": "29.00 EUR"}),
    _price("variants and one price", UNKNOWN, _offer("20.00"), variants=_TWO),
    _price("variants at one price", BAD, _offer("21.00"), variants=(_TWO[0], _TWO[0])),
    _price("variants inherit the price", OK, _offer("20.00"), variants=(Variant(sku="S"), Variant(sku="L"))),
    _price("variants inside a range", OK, _range("20", "25"), variants=_TWO),
    _price("a variant outside a range", UNKNOWN, _range("20", "24"), variants=_TWO),
    _price("variants without prices in a range", UNKNOWN, _range("20", "24"), price=None, variants=(Variant(sku="S"),)),
    Case("page_price_mismatch", "no link", listed(), NOT_APPLICABLE),
    Case("page_price_mismatch", "a draft", _linked(status=Status.DRAFT), NOT_APPLICABLE,
         context(evidence={_LINK: _seen(page=_page(offers=(_offer("1"),)))})),
    Case("page_price_mismatch", "never fetched", _linked(), UNKNOWN, says={"message": "not fetched"}),
    Case("page_price_mismatch", "forbidden", _linked(), UNKNOWN,
         context(evidence={_LINK: _seen(status=403, page=_page(offers=(_offer("1"),)))}), {"message": "403"}),
    Case("page_price_mismatch", "a page that was not read", _linked(), UNKNOWN,
         context(evidence={_LINK: _seen(page=None)})),
    Case("page_price_mismatch", "about something else", _linked(), UNKNOWN,
         context(evidence={_LINK: _seen(page=_page(text=_SORRY, offers=(_offer("1"),)))}),
         {"message": "something else"}),
    Case("page_price_mismatch", "led to the home page", _linked(), UNKNOWN,
         context(evidence={_LINK: _seen(hops=("https://shop.example/",), page=_page(offers=(_offer("1"),)))}),
         {"message": "something else"}),
)  # fmt: skip

_EARLIER = NOW - timedelta(minutes=10)


def _stated(*states: str | None, **fields: Any) -> PageFacts:
    return _page(offers=tuple(Offer(availability=state, **fields) for state in states), has_structured_data=True)


def _twice(
    name: str, outcome: Outcome, now: PageFacts, before: PageFacts | None, at: datetime = _EARLIER, /, **fields: Any
) -> Case:
    previous = _seen(fetched_at=at, page=before, status=200 if before else 403)
    found = context(evidence={_LINK: _seen(page=now, previous=previous)})
    return Case("page_availability_mismatch", name, _linked(**fields), outcome, found)


_IN, _OUT = _stated("in_stock"), _stated("out_of_stock")

_STOCKS = (
    _twice("the same", OK, _IN, _IN, stock=D(3)),
    _twice("sold out there, twice", BAD, _OUT, _OUT, stock=D(3)),
    _twice("sold out here", BAD, _IN, _IN, stock=D(0)),
    _twice("sold out in both", OK, _OUT, _OUT, stock=D(0)),
    _twice("nine minutes apart", UNKNOWN, _OUT, _OUT, NOW - timedelta(minutes=9), stock=D(3)),
    _twice("differs for the first time", UNKNOWN, _OUT, _IN, stock=D(3)),
    _twice("said nothing before", UNKNOWN, _OUT, _stated(None), stock=D(3)),
    _twice("was forbidden before", UNKNOWN, _OUT, None, stock=D(3)),
    Case("page_availability_mismatch", "first look", _linked(stock=D(3)), UNKNOWN,
         context(evidence={_LINK: _seen(page=_OUT)}), {"recheck_at": NOW + timedelta(minutes=10)}),
    Case("page_availability_mismatch", "a 403 page says nothing of stock", _linked(stock=D(3)), UNKNOWN,
         context(evidence={_LINK: _seen(status=403, page=_OUT)})),
    Case("page_availability_mismatch", "no link", listed(stock=D(3)), NOT_APPLICABLE),
    _twice("ours is stated", BAD, _IN, _IN, availability=Availability.PREORDER),
    _twice("ours is stated, whatever the stock", OK, _OUT, _OUT, availability=Availability.OUT_OF_STOCK, stock=D(3)),
    _twice("ours is unreadable", UNKNOWN, _OUT, _OUT, availability=Unparsed("maybe"), stock=D(3)),
    _twice("we do not know", UNKNOWN, _OUT, _OUT),
    _twice("unlimited", BAD, _OUT, _OUT, track_inventory=False),
    _twice("counted down though not tracked", OK, _OUT, _OUT, track_inventory=False, stock=D(0)),
    _twice("on backorder we cannot tell", UNKNOWN, _OUT, _OUT, stock=D(0), backorder=True),
    _twice("stock unreadable", UNKNOWN, _OUT, _OUT, stock=Unparsed("few")),
    _twice("one variant is left", BAD, _OUT, _OUT, variants=(Variant(stock=D(0)), Variant(stock=D(5)))),
    _twice("no variant is left", BAD, _IN, _IN, variants=(Variant(stock=D(0)), Variant(stock=D(0)))),
    _twice("a variant is unknown", UNKNOWN, _IN, _IN, variants=(Variant(stock=D(0)), Variant())),
    _twice("variants with their own policy", BAD, _OUT, _OUT, variants=(Variant(track_inventory=False),)),
    _twice("a variant on backorder", UNKNOWN, _IN, _IN, variants=(Variant(stock=D(0), backorder=True),)),
    _twice("offers that differ, none ours", UNKNOWN, _stated("in_stock", "out_of_stock"), _OUT, stock=D(0)),
    _twice("of ours one is in stock", BAD, _stated("in_stock", "out_of_stock", sku="WB-1"),
           _stated("in_stock", sku="WB-1"), stock=D(0), sku="WB-1"),
    _twice("another's is sold out", OK, _page(offers=(Offer(availability="in_stock", sku="WB-1"),
           Offer(availability="out_of_stock", sku="X"))), _IN, stock=D(3), sku="WB-1"),
    _twice("all offers agree", BAD, _stated("out_of_stock", "out_of_stock"), _OUT, stock=D(3)),
)  # fmt: skip

CASES = (*_LINKS, *_PRICES, *_STOCKS)
