"""What is read from pages as shops write them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from daemon.adapters.page_facts import availability, page_facts
from daemon.products.evidence import Offer, PageFacts

_PRODUCT = (
    '{"@context":"https://schema.org","@type":"Product","name":"Board","sku":"WB-1","offers":{"@type":"Offer",'
    '"price":"12.90","priceCurrency":"EUR","availability":"http://schema.org/InStock"}}'
)
_OFFER = Offer(price=Decimal("12.90"), currency="EUR", availability="in_stock", sku="WB-1")


def _read(script: str, kind: str = "application/ld+json") -> PageFacts:
    page = f'<title>t</title><script type="{kind}">{script}</script><p>x</p>'
    return page_facts(page.encode(), "text/html; charset=utf-8", "https://shop.example/p")


@pytest.mark.parametrize(
    "script",
    [
        _PRODUCT,
        _PRODUCT + ";",
        _PRODUCT + " ;\n ",
        f"[{_PRODUCT}]",
        "<!-- generated -->\n" + _PRODUCT,
        f"<!--\n{_PRODUCT}\n-->",
        f"//<![CDATA[\n{_PRODUCT}\n//]]>",
        f"/*<![CDATA[*/{_PRODUCT}/*]]>*/",
        f"// made by hand\n{_PRODUCT}",
        f"/* {{ */ {_PRODUCT}",
        _PRODUCT.replace('"', "&quot;"),
        _PRODUCT.replace('"', "&quot;") + ";",
        _PRODUCT.replace('"', "'"),
        _PRODUCT[:-1] + ",}",
        _PRODUCT.replace('{"@type":"Offer"', '// the offer\n{"@type":"Offer"'),
        '{"@graph":[{"@type":"WebPage","name":"x"},' + _PRODUCT + "]}",
        '{"@type":"ItemPage","mainEntity":' + _PRODUCT + "}",
        _PRODUCT.replace('"Product"', '["Product","Thing"]'),
        _PRODUCT.replace('"Product"', '"http://schema.org/Product"'),
        _PRODUCT.replace('"12.90"', "12.90"),
    ],
)
def test_json_ld_is_read_as_it_is_written(script: str) -> None:
    facts = _read(script)
    assert facts.offers == (_OFFER,)
    assert facts.product_names == ("Board",)
    assert facts.has_structured_data


def test_raw_control_characters_and_newlines_in_strings_are_kept() -> None:
    assert _read(_PRODUCT.replace("Board", "Bo\n\x01ard")).product_names == ("Bo\n\x01ard",)


def test_mending_leaves_strings_alone() -> None:
    name = "http://x.example/ // it's <!-- not --> a, ]"
    assert _read(_PRODUCT.replace("Board", name) + "; // end").product_names == (name,)


@pytest.mark.parametrize(
    "script", ["", " ", ";", "{", "null", "[]", "<!-- -->", "[" * 5000, '{"@type":', "1" * 5000, "undefined"]
)
def test_script_that_says_nothing_is_no_data(script: str) -> None:
    assert _read(script) == PageFacts(text="t x")


@pytest.mark.parametrize("kind", ["application/ld+json; charset=utf-8", " Application/LD+JSON "])
def test_type_may_be_spelled_in_other_ways(kind: str) -> None:
    assert _read(_PRODUCT, kind).offers == (_OFFER,)


def test_other_scripts_are_no_data() -> None:
    assert not _read(_PRODUCT, "application/json").has_structured_data


@pytest.mark.parametrize("price", ["NaN", "Infinity", "true", '"call us"', '"12,90"', '"1 770"', "null", "[]", "{}"])
def test_price_that_is_no_certain_number_is_none(price: str) -> None:
    assert [offer.price for offer in _read(_PRODUCT.replace('"12.90"', price)).offers] == [None]


def test_aggregate_offer_has_its_range_and_the_offers_within() -> None:
    aggregate = (
        '{"@type":"AggregateOffer","lowPrice":10,"highPrice":"20.00","priceCurrency":"EUR","offers":'
        '[{"@type":"Offer","price":10,"sku":"S"},{"@type":"Offer","price":20,"itemOffered":{"sku":"L","gtin13":"9520001000072"}}]}'
    )
    start, end = _PRODUCT.index('{"@type":"Offer"'), len(_PRODUCT) - 1
    facts = _read(_PRODUCT[:start] + aggregate + _PRODUCT[end:])
    assert facts.offers == (
        Offer(price=Decimal(10), sku="S"),
        Offer(price=Decimal(20), sku="L", gtin="9520001000072"),
        Offer(low=Decimal(10), high=Decimal("20.00"), currency="EUR", sku="WB-1"),
    )


def test_variants_of_a_group_have_their_own_offers() -> None:
    facts = _read('{"@type":"ProductGroup","name":"Boards","hasVariant":[' + _PRODUCT + "]}")
    assert facts.offers == (_OFFER,)
    assert facts.product_names == ("Boards", "Board")


def test_products_that_are_merely_mentioned_are_left_out() -> None:
    mentioned = '{"@type":"ItemList","itemListElement":[{"@type":"ListItem","item":' + _PRODUCT + "}]}"
    assert _read(mentioned).product_names == ()


def test_price_specification_is_read_but_not_the_list_price() -> None:
    script = (
        '{"@type":"Product","name":"B","offers":{"@type":"Offer","url":"/p?v=1","priceValidUntil":"2026-12-01T00:00:00Z",'
        '"priceSpecification":[{"price":30,"priceType":"https://schema.org/ListPrice"},{"price":"25","priceCurrency":"CNY"}]}}'
    )
    assert _read(script).offers == (
        Offer(
            price=Decimal(25),
            currency="CNY",
            url="https://shop.example/p?v=1",
            valid_until=datetime(2026, 12, 1, tzinfo=UTC),
        ),
    )


def test_microdata_is_read() -> None:
    page = b"""<div itemscope itemtype="http://schema.org/Product"><h1 itemprop="name">Board</h1>
    <meta itemprop="sku" content="WB-1"><div itemprop="offers" itemscope itemtype="http://schema.org/Offer">
    <meta itemprop="price" content="12.90"><meta itemprop="priceCurrency" content="EUR">
    <link itemprop="availability" href="http://schema.org/InStock"></div></div>"""
    facts = page_facts(page, None, "https://shop.example/p")
    assert facts.offers == (_OFFER,)
    assert facts.product_names == ("Board",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://schema.org/InStock", "in_stock"),
        ("http://schema.org/SoldOut", "out_of_stock"),
        ("InStock", "in_stock"),
        ("in_stock", "in_stock"),
        ("in stock", "in_stock"),
        ("IN STOCK ", "in_stock"),
        ("https://schema.org/LimitedAvailability", "in_stock"),
        ("schema:PreOrder", None),
        ("https://schema.org/PreOrder", "preorder"),
        ("BackOrder", "backorder"),
        ("Discontinued", "discontinued"),
        ("maybe", None),
        ("", None),
        (None, None),
        (1, None),
    ],
)
def test_availability_means_one_thing_however_it_is_spelled(written: object, meant: str | None) -> None:
    assert availability(written) == meant


_CHINESE = "中文商品标题在这里，手工陶花盆"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (_CHINESE.encode(), "text/html; charset=utf-8", _CHINESE),
        (_CHINESE.encode("gbk"), "text/html; charset=gb2312", _CHINESE),
        (b"<meta charset=gbk>" + _CHINESE.encode("gbk"), "text/html", _CHINESE),
        (b"<meta charset=gbk>" + _CHINESE.encode(), "text/html; charset=utf-8", _CHINESE),
        (b"\xef\xbb\xbf" + _CHINESE.encode(), "text/html; charset=gbk", _CHINESE),
        (_CHINESE.encode("utf-16"), None, _CHINESE),
        (("<meta charset=utf-16>" + _CHINESE).encode(), None, _CHINESE),
        (_CHINESE.encode(), None, _CHINESE),
        (_CHINESE.encode()[:-1], None, _CHINESE[:-1] + "\ufffd"),
        (_CHINESE.encode("gbk"), None, _CHINESE),
        ("café “€”".encode("cp1252"), "text/html; charset=iso-8859-1", "café “€”"),
        ("café “€”".encode("cp1252"), None, "café “€”"),
        (b"<meta charset=nonsense>plain", None, "plain"),
        ("データ".encode("shift_jis"), "text/html; charset=Shift_JIS", "データ"),
    ],
)
def test_charset_is_what_browsers_take(body: bytes, content_type: str | None, text: str) -> None:
    assert page_facts(body, content_type, "https://shop.example/p").text == text


def test_text_is_what_visitors_see() -> None:
    page = b"<title>T</title><style>a{}</style><h1>H</h1><p>one<br>two</p><script>no</script><template>no</template>"
    page += b"<noscript>no</noscript>"
    assert page_facts(page, None, "u").text == "T H H one two"


def test_text_is_bounded() -> None:
    assert len(page_facts(b"<p>word</p>" * 20_000, None, "u").text) == 20_000


@pytest.mark.parametrize(
    "page", [b"", b"\0" * 50, b"<div></b>" * 200_000 + b"x", b"<!-- ld+json itemscope -->", b"itemscope <", b"\xff\xfe"]
)
def test_no_page_is_too_broken(page: bytes) -> None:
    assert page_facts(page, None, "u").offers == ()
