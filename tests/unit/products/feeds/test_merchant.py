from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.errors import UnreadableFile
from daemon.products.feeds import open_feed
from daemon.products.product import Availability, Unparsed
from tests.unit.products.feeds.reading import Outcome, read

RSS = '<?xml version="1.0"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>\n'
END = "</channel></rss>"


def feed(folder: Path, *items: str, **options: str) -> Outcome:
    return read(folder, RSS + "\n".join(f"<item>{item}</item>" for item in items) + END, "feed.xml", **options)


def test_an_item_fills_its_fields(tmp_path: Path) -> None:
    product = feed(
        tmp_path,
        """<g:id> 7 </g:id><title>Plain</title><g:title><![CDATA[شاي <b>]]></g:title>
        <description>a &amp; b</description>        <link>https://a.example/7</link><g:image_link>https://a.example/1.jpg</g:image_link>
        <g:additional_image_link>https://a.example/2.jpg</g:additional_image_link>
        <g:additional_image_link>https://a.example/3.jpg</g:additional_image_link>
        <g:price>6250.00 EGP</g:price><g:sale_price>5000.00 EGP</g:sale_price>
        <g:sale_price_effective_date>2026-11-01T00:00+0200/2026-11-30T00:00+0200</g:sale_price_effective_date>
        <g:availability>in stock</g:availability><g:brand>Leaf</g:brand><g:gtin>4006381333931</g:gtin>
        <g:item_group_id>g1</g:item_group_id><g:product_type>Food &gt; Tea</g:product_type><g:mpn>7</g:mpn>
        <g:shipping><g:country>EG</g:country><g:price>50 EGP</g:price></g:shipping>""",
    ).only
    assert (product.id, product.title, product.description) == ("7", "شاي <b>", "a & b")
    assert (product.price, product.sale_price, product.currency) == (Decimal("6250.00"), Decimal("5000.00"), "EGP")
    assert product.sale_start == datetime(2026, 10, 31, 22, tzinfo=UTC)
    assert product.sale_end == datetime(2026, 11, 29, 22, tzinfo=UTC)
    assert [url[-5] for url in product.images] == ["1", "2", "3"]
    assert (product.availability, product.brand, product.category) == (Availability.IN_STOCK, "Leaf", "Food > Tea")
    assert (product.gtin, product.item_group_id, product.link) == ("4006381333931", "g1", "https://a.example/7")
    assert product.sku is None  # mpn is the maker's number, not the shop's


def test_atom_entries_are_read_with_their_links(tmp_path: Path) -> None:
    text = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>
    <link rel="self" href="https://a.example/feed"/><entry><g:id>1</g:id><title>Tea</title><summary>Green</summary>
    <link rel="edit" href="https://a.example/edit"/><link href="https://a.example/1"/><g:price>5.00 EUR</g:price>
    <updated>2026-11-25T08:00:00Z</updated></entry></feed>"""
    product = read(tmp_path, text, "feed.xml").only
    assert (product.id, product.title, product.description) == ("1", "Tea", "Green")
    assert (product.link, product.price, product.currency) == ("https://a.example/1", Decimal("5.00"), "EUR")
    assert product.updated_at == datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.mark.parametrize("window", ["2026-11-01", "2026-11-01/2026-11-02/2026-11-03"])
def test_a_sale_window_that_is_none_stays_text(tmp_path: Path, window: str) -> None:
    product = feed(tmp_path, f"<g:id>1</g:id><g:sale_price_effective_date>{window}</g:sale_price_effective_date>").only
    assert product.sale_start == product.sale_end == Unparsed(window)


def test_lines_of_items_are_true(tmp_path: Path) -> None:
    outcome = feed(tmp_path, "<g:id>1</g:id>", "\n<g:id>1</g:id>", "<g:id>2</g:id>")
    assert [parsed.line for parsed in outcome.parsed] == [3, 6]
    assert outcome.reasons[0][0] == 4


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "doctype",
    [
        BOMB,
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://a.example/p">%p;]>',
    ],
)
def test_entities_are_refused(tmp_path: Path, doctype: str) -> None:
    text = RSS.replace("<rss", doctype + "<rss") + "<item><g:id>1</g:id><title>x</title></item>" + END
    with pytest.raises(UnreadableFile, match="refused"):
        read(tmp_path, text, "feed.xml")


@pytest.mark.parametrize(
    "cut", ["", "<item><g:id>3", "<item><g:id>3</g:id>", "<item><title>Black & White</title></item>"]
)
def test_what_was_read_before_a_break_is_kept_and_the_break_is_a_reject(tmp_path: Path, cut: str) -> None:
    outcome = read(tmp_path, RSS + "<item><g:id>1</g:id></item>\n<item><g:id>2</g:id></item>\n" + cut, "feed.xml")
    assert outcome.ids == ["1", "2"]
    assert outcome.feed.broken is not None
    assert outcome.reasons[-1][0] == 5
    assert not outcome.feed.complete


def test_xml_that_is_no_feed_is_refused_with_its_root(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="root is <html>"):
        read(tmp_path, "<html><body/></html>", "feed.xml")
    with pytest.raises(UnreadableFile, match="without an item"):
        read(tmp_path, RSS + END, "feed.xml")
    with pytest.raises(UnreadableFile, match="XML breaks"):
        read(tmp_path, "<rss", "feed.xml")


def test_control_characters_become_marks_that_their_rule_finds(tmp_path: Path) -> None:
    outcome = feed(tmp_path, "<g:id>1</g:id><title>a\x0bb</title>", "<g:id>2</g:id>")
    assert outcome.products[0].title == "a\ufffdb"
    assert outcome.ids == ["1", "2"]


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "shift_jis", "iso-8859-1", "utf-16"])
def test_declared_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    title = "Thé" if encoding == "iso-8859-1" else "紅茶"
    text = (
        RSS.replace('version="1.0"?', f'version="1.0" encoding="{encoding}"?')
        + f"<item><g:id>1</g:id><title>{title}</title></item>{END}"
    )
    assert read(tmp_path, text.encode(encoding), "feed.xml").only.title == title


def test_bytes_in_no_encoding_spoil_their_own_item(tmp_path: Path) -> None:
    item = "<item><g:id>{}</g:id><title>紅茶綠茶烏龍茶{}</title></item>"
    content = (
        (RSS + item.format(1, "") + item.format(2, "~") + item.format(3, "") + END).encode().replace(b"~", b"\xff")
    )
    outcome = read(tmp_path, content, "feed.xml")
    assert outcome.ids == ["1", "3"]
    assert outcome.reasons[0][1] == "title"


def test_an_item_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "endless.xml"
    with path.open("w") as file:
        file.write(RSS + "<item><g:id>1</g:id></item><item><g:id>2</g:id>")
        for _ in range(10):
            file.write("<x>" + "y" * 1_000_000 + "</x>")
    rows = list(open_feed(path))
    assert len(rows) == 2
    assert "does not end within" in getattr(rows[-1], "reason", "")


def test_a_feed_is_read_lazily(tmp_path: Path) -> None:
    path = tmp_path / "large.xml"
    path.write_text(
        RSS + "".join(f"<item><g:id>{n}</g:id><title>{'t' * 100}</title></item>" for n in range(10_000)) + END
    )
    with open_feed(path) as opened:
        next(iter(opened))
        assert opened.progress < opened.size / 4
