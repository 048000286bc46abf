from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.errors import UnreadableFile
from daemon.products.feeds import open_feed
from daemon.products.feeds.json_items import Item, JsonItems
from daemon.products.feeds.options import MAX_OBJECT
from daemon.products.product import Status, Unparsed, Variant
from tests.unit.products.feeds.reading import read


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": "1", "price": 12.90}, {"id": "2"}]',
        '{"products": [{"id": "1", "price": 12.90}, {"id": "2"}]}',
        '{"meta": {"n": 3, "x": ["[", "\\"]"]}, "data": {"items": [{"id": "1", "price": 12.90}, {"id": "2"}]}}',
        '{"id": "1", "price": 12.90}\n{"id": "2"}\n',
        '\n\n{"id": "1", "price": 12.90}\n\n{"id": "2"}',
    ],
)
def test_lists_wrapped_lists_and_lines_are_told_apart(tmp_path: Path, text: str) -> None:
    outcome = read(tmp_path, text, "products.json")
    assert outcome.ids == ["1", "2"]
    assert outcome.products[0].price == Decimal("12.90")
    assert outcome.feed.complete


def test_an_object_alone_is_one_product(tmp_path: Path) -> None:
    assert read(tmp_path, '{"id": 5, "title": "Tea"}', "p.json").only.title == "Tea"
    assert (
        read(tmp_path, '{\n "id": 5,\n "title": "Tea",\n "images": [\n"https://a.example/1.jpg"]}', "p.json").only.id
        == "5"
    )


def test_an_error_message_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no list of products"):
        read(tmp_path, '{\n"error": {"code": 403,\n"message": "forbidden"}}', "p.json")


def test_numbers_are_exact_decimals(tmp_path: Path) -> None:
    product = read(tmp_path, '[{"id": 1, "price": 0.1000000000000000055, "stock": 3, "cost": "4.50"}]', "p.json").only
    assert product.price == Decimal("0.1000000000000000055")
    assert (product.stock, product.cost) == (Decimal(3), Decimal("4.50"))


def test_nan_and_infinity_reach_their_rule(tmp_path: Path) -> None:
    for text in (
        '[{"id": 1, "price": NaN}, {"id": 2, "price": -Infinity}]',
        '{"id": 1, "price": NaN}\n{"id": 2, "price": -Infinity}\n',
    ):
        first, second = read(tmp_path, text, "p.json").products
        assert isinstance(first.price, Decimal)
        assert isinstance(second.price, Decimal)
        assert math.isnan(first.price)
        assert math.isinf(second.price)


@pytest.mark.parametrize("value", ["true", '["5"]', '{"amount": {"x": 1}}', "[]"])
def test_what_is_no_number_stays_text_or_is_rejected(tmp_path: Path, value: str) -> None:
    outcome = read(tmp_path, f'[{{"id": 1, "price": {value}}}, {{"id": 2}}]', "p.json")
    assert outcome.ids[-1] == "2"
    assert outcome.reasons[:1] or isinstance(outcome.products[0].price, Unparsed)


def test_prices_may_be_objects_with_their_currency(tmp_path: Path) -> None:
    product = read(tmp_path, '[{"id": 1, "price": {"amount": "12.90", "currencyCode": "EUR"}}]', "p.json").only
    assert (product.price, product.currency) == (Decimal("12.90"), "EUR")


def test_names_may_be_objects_and_images_lists_of_objects(tmp_path: Path) -> None:
    text = json.dumps([{
        "id": 1, "title": "T", "brand": {"name": "Acme"}, "categories": [{"name": "A"}, "B"],
        "images": [{"src": "https://a.example/1.jpg"}, "https://a.example/2.jpg", None],
    }])  # fmt: skip
    product = read(tmp_path, text, "p.json").only
    assert (product.brand, product.category) == ("Acme", "A > B")
    assert product.images == ("https://a.example/1.jpg", "https://a.example/2.jpg")


def test_camel_case_keys_are_understood(tmp_path: Path) -> None:
    text = (
        '[{"productId": 1, "itemGroupId": "g", "salePrice": 5, "price": 9,'
        '"imageUrl": "https://a.example/1.jpg", "updatedAt": 1764060000}]'
    )
    product = read(tmp_path, text, "p.json").only
    assert (product.id, product.item_group_id, product.sale_price) == ("1", "g", Decimal(5))
    assert product.images == ("https://a.example/1.jpg",)
    assert product.updated_at is not None


def test_nested_variants_are_read_with_the_same_names(tmp_path: Path) -> None:
    text = json.dumps({"products": [{
        "id": 1, "title": "Shirt", "status": "active", "body_html": "x", "vendor": "Acme",
        "variants": [
            {"id": 11, "sku": "a", "title": "S", "price": "20.00",
             "compare_at_price": "30.00", "inventory_quantity": 3, "barcode": "1"},
            {"id": 12, "sku": "b", "title": "M", "price": "21.00", "compare_at_price": None, "inventory_quantity": 0},
        ],
    }, {"id": 2, "title": "Hat", "variants": [{"title": "Default", "price": "9", "sku": "h"}]}]})  # fmt: skip
    shirt, hat = read(tmp_path, text, "p.json").products
    assert shirt.status == Status.LISTED
    assert shirt.variants == (
        Variant(sku="a", gtin="1", title="S", price=Decimal("30.00"), sale_price=Decimal("20.00"), stock=Decimal(3)),
        Variant(sku="b", title="M", price=Decimal("21.00"), stock=Decimal(0)),
    )
    assert (hat.variants, hat.price, hat.sku, hat.title) == ((), Decimal(9), "h", "Hat")


def test_a_tracker_that_is_named_counts_and_none_means_nobody_does(tmp_path: Path) -> None:
    variants = [
        {"sku": "a", "inventory_management": "shopify"},
        {"sku": "b", "inventory_management": None},
        {"sku": "c"},
    ]
    product = read(tmp_path, json.dumps([{"id": 1, "variants": variants}]), "p.json").only
    assert [variant.track_inventory for variant in product.variants] == [True, False, None]


def test_a_title_that_is_a_list_is_rejected_by_field(tmp_path: Path) -> None:
    outcome = read(tmp_path, '[{"id": 1, "title": ["a", "b"]}, {"id": 2}]', "p.json")
    assert outcome.ids == ["2"]
    assert outcome.reasons == [(1, "title", "expected text, found a list")]


def test_every_item_that_is_broken_is_rejected_alone_with_its_line(tmp_path: Path) -> None:
    text = '[\n{"id": 1},\n{"id": 2, "price": 01},\n{"id": 3 "x": 1},\n7,\n"text",\n[{"id": 4}],\n{"id": 5}\n]'
    outcome = read(tmp_path, text, "p.json")
    assert outcome.ids == ["1", "5"]
    assert [line for line, _, _ in outcome.reasons] == [3, 4, 5, 6, 7]
    assert [parsed.line for parsed in outcome.parsed] == [2, 8]
    assert not outcome.feed.complete


@pytest.mark.parametrize("tail", ["", ', {"id": 2, "tit', ', {"id": 2} {"id": 3}]', ", "])
def test_what_was_read_before_a_break_is_kept(tmp_path: Path, tail: str) -> None:
    outcome = read(tmp_path, '[{"id": 1}' + tail, "p.json")
    assert outcome.ids[0] == "1"
    assert outcome.feed.broken is not None
    assert "nothing after this was read" in outcome.reasons[-1][2]
    assert not outcome.feed.complete


@pytest.mark.parametrize("text", ["[", '{"products": [', "[}", '{"products": }', '{"a" 1}', "[,]"])
def test_json_that_breaks_before_anything_was_read_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFile, match="JSON"):
        read(tmp_path, text, "p.json", format="json")


@pytest.mark.parametrize("text", ['[{"id": 1}] [{"id": 2}]', '{"id": 1,\n"title": "a"}\n{"id": 2,\n"title": "b"}'])
def test_what_follows_behind_the_outermost_value_is_not_passed_over(tmp_path: Path, text: str) -> None:
    outcome = read(tmp_path, text, "p.json")
    assert outcome.ids == ["1"]
    assert "more follows" in outcome.reasons[-1][2]
    assert not outcome.feed.complete


def test_json_lines_whose_first_line_is_longer_than_any_look_ahead_are_not_cut_short(tmp_path: Path) -> None:
    text = json.dumps({"id": 1, "description": "x" * 600_000}) + '\n{"id": 2}\n'
    assert read(tmp_path, text, "p.jsonl").ids == ["1", "2"]
    assert not read(tmp_path, text, "p.json").feed.complete


def test_an_empty_list_has_no_products(tmp_path: Path) -> None:
    assert read(tmp_path, '{"products": []}', "p.json").feed.complete


def test_bad_lines_of_json_lines_are_rejected_alone(tmp_path: Path) -> None:
    content = (
        b'{"id": 1}\n{"id": 2,}\n[1]\n\n{"id": 3, "title": "caf\xff\xe9"}\n{"id": 4, "n": '
        + b"1" * 5000
        + b'}\n{"id": 5}'
    )
    outcome = read(tmp_path, content, "p.jsonl")
    assert outcome.ids == ["1", "5"] or outcome.ids == ["1", "3", "5"]
    assert {2, 3, 6} <= {line for line, _, _ in outcome.reasons}


def test_deep_nesting_is_rejected_without_harm(tmp_path: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    outcome = read(tmp_path, f'[{{"id": 1, "x": {deep}}}, {{"id": 2}}]', "p.json")
    assert outcome.ids == ["2"]
    assert "nested deeper" in outcome.reasons[0][2]
    lines = read(tmp_path, f'{{"id": 1, "x": {deep}}}\n{{"id": 2}}\n', "p.jsonl")
    assert lines.ids == ["2"]


def test_unpaired_surrogates_are_kept_for_their_rule(tmp_path: Path) -> None:
    assert read(tmp_path, '[{"id": 1, "title": "a \\ud800 b"}]', "p.json").only.title == "a \ud800 b"


def test_an_item_beyond_the_limit_breaks_off_and_says_so(tmp_path: Path) -> None:
    text = '[{"id": 1}, {"id": 2, "x": "' + "y" * (2 * MAX_OBJECT) + '"}]'
    outcome = read(tmp_path, text, "p.json")
    assert outcome.ids == ["1"]
    assert "does not end within" in outcome.reasons[-1][2]


def test_objects_without_a_known_field_are_rejected(tmp_path: Path) -> None:
    outcome = read(tmp_path, '[{"foo": 1}, {"id": 2}]', "p.json")
    assert outcome.ids == ["2"]
    assert "no field is known" in outcome.reasons[0][2]


def test_fields_that_some_records_have_are_provided_by_the_file(tmp_path: Path) -> None:
    outcome = read(tmp_path, '[{"id": 1, "title": "a"}, {"id": 2, "stock": 1}]', "p.json")
    assert {"id", "title", "stock"} <= outcome.feed.fields
    assert "price" in outcome.warned
    assert "stock" not in outcome.warned


def test_a_map_names_keys(tmp_path: Path) -> None:
    text = '[{"id": 1, "netto": 5}, {"id": 2}]'
    outcome = read(tmp_path, text, "p.json", map={"price": "netto"})
    assert [p.price for p in outcome.products] == [Decimal(5), None]


def test_json_in_utf16_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, '[{"id": 1, "title": "茶"}]'.encode("utf-16"), "p.json").only.title == "茶"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_items_are_the_same_however_the_text_is_cut(size: int) -> None:
    items = [{"id": 1, "t": 'a "quoted" \\ [text] {'}, 5, "x, ]", None, [1, [2, {"y": "}"}]], {"deep": {"er": [1]}}, {}]
    text = json.dumps({"meta": [1, 2], "n": -1.5e3, "data": {"x": None, "items": items}}, indent=1)
    pieces = iter([text[at : at + size] for at in range(0, len(text), size)])
    found = [item for item in JsonItems(lambda: next(pieces, "")) if isinstance(item, Item)]
    assert [json.loads(item.text) for item in found] == items
    lines = text.split("\n")
    assert [lines[item.line - 1].strip()[:1] for item in found] == [item.text[:1] for item in found]


def test_a_long_list_is_read_lazily(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_text(json.dumps([{"id": n, "title": "t" * 100} for n in range(20_000)]))
    with open_feed(path) as feed:
        next(iter(feed))
        assert feed.progress < feed.size / 4
