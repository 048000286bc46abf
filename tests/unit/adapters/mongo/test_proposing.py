from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Int64, ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.adapters.mongo.inspecting import inspect
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.adapters.mongo.overview import overview
from daemon.adapters.mongo.proposal import Gathered
from daemon.adapters.mongo.proposed_text import written
from daemon.adapters.mongo.proposing import proposal_of
from daemon.adapters.mongo.samples import Sample
from daemon.adapters.mongo.status_words import StatusWords
from daemon.adapters.mongo.survey import surveyed
from daemon.adapters.mongo.toml_text import comment, toml_of
from daemon.config import CatalogueSection, Config, MongodbSection
from daemon.config.file import ConfigFile
from tests.unit.adapters.mongo.odd_documents import SHOPS
from tests.unit.adapters.mongo.shop_documents import NAMES, sent, shape

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
OID = ObjectId("65f1a2b3c4d5e6f708091a01")
CURRENCY = CatalogueSection(currency="EUR")
PROMISED = re.compile(r"^# (\w+): [\d.]+ % \(([\d,]+) of ([\d,]+)\) have it", re.MULTILINE)


def gathered(documents: list[dict[str, Any]], **told: Any) -> Gathered:
    found = [sent({"_id": place, **fields}) for place, fields in enumerate(documents)]
    return Gathered("shop.products", Sample(found, (), len(found), False), surveyed(found), {}, **told)


def proposed(documents: list[dict[str, Any]], section: MongodbSection | None = None, **told: Any) -> str:
    return written(proposal_of(gathered(documents, **told), section or MongodbSection(), CURRENCY, NOW))


def loaded(text: str) -> MongodbSection:
    """Load a proposal as the daemon does, and make its mapping."""
    section = ConfigFile.parse(text, "proposal").build(Config).mongodb
    ShopMapping(section)
    return section


def keeps_its_promise(text: str, documents: list[dict[str, Any]]) -> None:
    section = loaded(text)
    mapping = ShopMapping(section, currency="EUR")
    looked = [inspect(mapping, sent({"_id": n, **fields}), {}, NOW, "EUR") for n, fields in enumerate(documents)]
    found = overview(looked, StatusWords(section.statuses))
    promised = {name: int(count.replace(",", "")) for name, count, _ in PROMISED.findall(text)}
    assert set(promised) == set(section.map)
    for name, count in promised.items():
        by_path = {path: n for path, n in found.paths[name].items() if not path.startswith("(")}
        assert sum(by_path.values()) == count > 0
        assert {part for path in by_path for part in path.split(", ")} <= set(section.map[name])


def test_the_recorded_shapes_get_the_paths_that_they_have_and_no_others() -> None:
    text = proposed([shape(name) for name in NAMES])

    section = loaded(text)
    assert section.map["title"] == ("title", "name")
    assert section.map["price"] == ("price", "price.common", "price.amount")
    assert section.map["stock"] == ("qty", "quantity", "stock")
    assert not {"gtin", "brand", "cost", "link"} & set(section.map)
    assert section.statuses["listed"] == ("published", "live")
    assert section.statuses["unlisted"] == ("draft",)
    keeps_its_promise(text, [{k: v for k, v in shape(name).items() if k != "_id"} for name in NAMES])


def test_an_object_that_only_holds_prices_is_no_price() -> None:
    assert loaded(proposed([{"price": {"common": 1, "sale": 0.5}}])).map["price"] == ("price.common",)


def test_two_paths_with_different_values_are_told_as_ambiguous() -> None:
    text = proposed([{"title": "A", "name": "B"}, {"title": "C", "name": "C"}, {"title": "D"}])

    assert "# ambiguous: 2 documents with more than one of them, 1 with different values; the first counts" in text


def test_a_key_that_only_its_name_speaks_for_is_proposed_as_guessed_where_it_can_be_read() -> None:
    documents = [{"商品名称": f"茶 {n}", "价格": "12.50", "库存": "many"} for n in range(3)]

    text = proposed(documents)

    section = loaded(text)
    assert section.map["title"] == ("商品名称",)
    assert section.map["price"] == ("价格",)
    assert "stock" not in section.map
    assert text.count("# guessed: only its name speaks for it") == 2
    keeps_its_promise(text, documents)


def test_what_looks_like_a_field_without_being_one_is_told_in_a_comment_alone() -> None:
    text = proposed([{"name_hy": "Նռան", "name_ru": "Вино", "qty_S": 1}, {"title": {"en": "Wine", "hy": "Գինի"}}])

    assert "title: not seen at title, name; maybe name_hy, name_ru, title.en, title.hy?" in text.replace("\n#  ", "")
    assert "title" not in loaded(text).map


class TestStatus:
    def test_words_that_nobody_knows_are_left_to_decide(self) -> None:
        text = proposed([{"state": "published"}, {"state": "promoted"}, {"state": True}])

        assert loaded(text).statuses == {"listed": ("published", True)}
        assert '# string "promoted": 1 document; to be decided: nobody knows what it means' in text
        assert "no word was seen for unlisted, out_of_stock, review" in text

    def test_a_state_of_the_goods_gives_way_to_the_status_of_the_product(self) -> None:
        text = proposed([{"state": "second hand", "status": "published"}, {"state": "as new", "status": "draft"}])

        assert loaded(text).map["status"] == ("status", "state")

    def test_no_status_at_all_is_told_with_the_flags_that_there_are(self) -> None:
        text = proposed([{"title": "A", "isHidden": False, "flags": {"new": True}}])

        assert "status" not in loaded(text).map
        assert not loaded(text).statuses
        assert "No status was seen" in text
        assert "true or false stand at: isHidden, flags.new" in text

    def test_numbers_and_truth_values_stay_what_they_are(self) -> None:
        text = proposed([{"status": 1}, {"status": 0}, {"status": 1.0}, {"status": Int64(1)}])

        words = loaded(text).statuses
        assert all(type(word) is int for said in words.values() for word in said)


class TestWhatIsConfigured:
    def test_it_goes_before_what_is_found(self) -> None:
        section = MongodbSection(
            uri="mongodb://db.example:27017/shop", collection="goods", timeout="90s", page_size=7, stream=False,
            map={"title": ("label",), "image": ("photo",)}, relations={"brand": "makers.label"},
            statuses={"listed": ("on",), "archived": ("gone",)},
        )  # fmt: skip

        text = proposed([{"label": "A", "title": "B", "photo": "https://a.example/1.jpg", "state": "on"}], section)

        again = loaded(text)
        assert again.model_dump(exclude={"map"}) == section.model_dump(exclude={"map"})
        assert again.map == {"title": ("label",), "images": ("photo",), "status": ("state",)}

    def test_a_path_that_no_document_has_is_left_out_aloud(self) -> None:
        text = proposed([{"title": "A"}], MongodbSection(map={"title": ("titel",), "image": ("photo",), "gtin": ()}))

        assert loaded(text).map == {"gtin": ()}
        assert "# title: nothing was found at titel, as configured; left out" in text
        assert "# image: nothing was found at photo, as configured; left out" in text

    def test_a_password_is_not_repeated(self) -> None:
        section = MongodbSection(uri="mongodb://ann:s3cret@db.example/shop")

        text = proposed([{"title": "A"}], section)

        assert "s3cret" not in text
        assert "# The uri holds a password" in text

    def test_the_name_of_a_secret_is_kept(self) -> None:
        assert loaded(proposed([{"title": "A"}], MongodbSection(secret="mongodb-uri"))).secret == "mongodb-uri"


def test_a_shard_key_is_set_and_an_absent_one_is_left_to_tell() -> None:
    assert loaded(proposed([{"title": "A"}], shard_key=["region", "_id"])).shard_key == ("region", "_id")
    assert "Nothing says that the collection is sharded" in proposed([{"title": "A"}])


@pytest.mark.parametrize(
    ("streams", "indexed", "told"),
    [
        (True, [], "told by the server's change stream"),
        (False, ["updatedAt"], "changes are asked for each poll_interval"),
        (False, [], "changes are found each scan_interval"),
        (None, [], "could not be told"),
    ],
)
def test_how_changes_will_be_found_is_told(streams: bool | None, indexed: list[str], told: str) -> None:
    text = proposed([{"updatedAt": NOW}, {"title": "A"}], streams=streams, indexed=indexed)

    assert told in text.replace("\n#  ", "")
    assert "updatedAt: 50.0 % (1 of 2) have it" in text.replace("\n#  ", "")


def test_a_collection_whose_documents_say_nothing_gives_a_section_that_loads() -> None:
    assert loaded(proposed([{}, {"": 1, "$set": 2, "a.": 3}])).map == {}


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SHOPS)
def test_whatever_keys_and_values_there_are_the_proposal_loads_and_keeps_its_promise(
    documents: list[dict[str, Any]],
) -> None:
    keeps_its_promise(proposed(documents), documents)


@given(st.text())
def test_every_text_is_the_same_in_toml(text: str) -> None:
    line = f"k = {toml_of([text, True, 7])}\n{comment(text)}\n"

    assert tomllib.loads(line) == {"k": [re.sub(r"[\ud800-\udfff]", "\ufffd", text), True, 7]}
    assert all(one.startswith(("k = ", "#")) for one in line.splitlines())
