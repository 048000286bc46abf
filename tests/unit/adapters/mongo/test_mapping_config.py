from __future__ import annotations

from typing import Any

import pytest

from daemon.adapters.mongo.defaults import PATHS, UNMAPPED
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.config import MongodbSection
from daemon.errors import ConfigError
from daemon.products.product import Product


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"map": {"prise": ("a",)}}, 'mongodb.map: "prise" is no field of a product; did you mean "price"'),
        ({"map": {"zzzzzz": ("a",)}}, 'mongodb.map: "zzzzzz" is no field of a product; fields are sku, gtin'),
        ({"map": {"id": ("a",)}}, '"id" is always the _id'),
        ({"map": {"price": ("",)}}, 'mongodb.map.price: "" is no path'),
        ({"map": {"price": ("a..b",)}}, '"a..b" is no path'),
        ({"map": {"price": ("$where",)}}, '"$where" is no path'),
        ({"map": {"price": ("a.$b",)}}, r'"a.$b" is no path'),
        ({"map": {"price": ("a\0",)}}, "is no path"),
        ({"map": {"price": (".".join("a" * 101),)}}, "is no path"),
        ({"relations": {"catgory": "c.name"}}, 'mongodb.relations: "catgory" is no field of a product; did you mean'),
        ({"relations": {"category": "name"}}, 'mongodb.relations.category: "name" is no relation'),
        ({"relations": {"category": "c.a..b"}}, "is no path"),
        ({"relations": {"brand": "terms.name", "category": "terms.title"}}, 'of collection "terms" both'),
        ({"statuses": {"hidden": ("x",)}}, 'mongodb.statuses: "hidden" is no status; statuses are draft, listed'),
        ({"shard_key": ("a.",)}, 'mongodb.shard_key: "a." is no path'),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_with_its_key(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        ShopMapping(MongodbSection(**section))
    assert message in str(refused.value)


@pytest.mark.parametrize("keys", [{"locale": "xx_YY"}, {"timezone": "Mars/Base"}])
def test_a_locale_or_zone_that_is_none_is_refused(keys: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"xx_YY|Mars/Base"):
        ShopMapping(MongodbSection(), **keys)


def test_every_canonical_field_but_the_id_can_be_mapped() -> None:
    ours = {"id", "source", "revision", "soldout_since", "missing_since"}

    assert {*PATHS, *UNMAPPED} == set(Product.__struct_fields__) - ours


def test_image_is_another_word_for_images() -> None:
    assert "images" in ShopMapping(MongodbSection(map={"image": ("photo",)})).fields


def test_a_field_can_be_left_out() -> None:
    assert "link" not in ShopMapping(MongodbSection(map={"link": ()})).fields


def test_fields_without_a_path_are_not_provided() -> None:
    fields = ShopMapping(MongodbSection(map={"is_free": ("gift",)})).fields

    assert fields == {*PATHS, "is_free"}
