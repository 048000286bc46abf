from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import Int64, ObjectId
from click.testing import CliRunner, Result
from rich.cells import cell_len

from daemon.adapters.mongo.samples import nearest_collection
from daemon.cli import main
from tests.interop.mongo_shop import DRIVERS
from tests.mongo_server import Shop
from tests.unit.adapters.mongo.shop_documents import NAMES, shape

TEA, CLOTHES = ObjectId("65f1a2b3c4d5e6f70809cc01"), ObjectId("65f1a2b3c4d5e6f70809cc02")
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PROMISED = re.compile(r"^# (\w+): [\d.]+ % \(([\d,]+) of ([\d,]+)\) have it", re.MULTILINE)
Run = Callable[..., Result]


def documents() -> list[dict[str, Any]]:
    """Return the recorded shapes, without the one time that not every server keeps."""
    found = [shape(name) for name in NAMES]
    return [
        {k: v for k, v in one.items() if one["_id"] == 1 or str(v) != "DatetimeMS(253402300800000)"} for one in found
    ]


@pytest.fixture
def run(mongo: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give what runs a command on a shop with the recorded shapes, and proves that it wrote nothing."""
    mongo.products.insert_many(documents())
    mongo.database["productcategories"].insert_many([{"_id": TEA, "name": "Tea"}, {"_id": CLOTHES, "name": "Wear"}])
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LANG", "C.UTF-8")

    def running(*arguments: str, catalogue: str = "", extra: str = "", **section: object) -> Result:
        keys = {"uri": mongo.uri, "timeout": "5s", **section}
        lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
        text = extra or f"[mongodb]\n{lines}\n"
        path = tmp_path / "config.toml"
        path.write_text(f'[catalogue]\nkind = "mongodb"\ncurrency = "EUR"\n{catalogue}\n{text}', encoding="utf-8")
        before = everything(mongo)
        found = CliRunner().invoke(main, ["mongo", *arguments, "--config", str(path)])
        assert everything(mongo) == before
        assert not (tmp_path / "state").exists()
        return found

    return running


def everything(shop: Shop) -> dict[str, str]:
    """Return what every collection holds, NaN equal to itself, and its indexes."""
    return {
        name: repr((list(shop.database[name].find()), shop.database[name].index_information()))
        for name in shop.database.list_collection_names()
    }


@pytest.mark.parametrize("driver", DRIVERS)
def test_documents_are_shown_field_by_field_with_what_rules_say_and_a_remedy_would_do(run: Run, driver: str) -> None:
    found = run("inspect", "--limit", "20", driver=driver)

    assert (found.exit_code, found.stderr) == (0, "")
    lines = [re.sub(r" +", " ", line).strip() for line in found.stdout.splitlines()]
    assert "about 13 documents, 13 read from the first; 13 shown, nothing written" in " ".join(lines[:2])
    assert "price price.common double 59.9 59.9" in lines
    assert 'category category ObjectId 65f1a2b3c4d5e6f70809cc01 "Tea"' in lines
    assert "price price null nothing" in lines
    assert "price price double NaN NaN" in lines
    assert any(line.startswith("critical price_missing price: no price") for line in lines)
    assert any('would set state = "draft"' in line for line in lines)
    assert any(line.startswith("status 8/13 state 7, status 1") for line in lines)
    assert any(line.startswith('string "draft" 1 draft, also for unlisted, review (guessed)') for line in lines)
    assert any("5 of 11 would be refused" in line for line in lines)


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_proposal_loads_and_inspect_finds_what_it_promised(run: Run, driver: str) -> None:
    proposed = run("map", driver=driver)
    assert (proposed.exit_code, proposed.stderr) == (0, "")

    found = run("inspect", "--json", "--limit", "20", extra=proposed.stdout)

    assert found.exit_code == 0, found.stderr
    overview = json.loads(found.stdout)["overview"]
    promised = {name: int(count) for name, count, _ in PROMISED.findall(proposed.stdout)}
    assert promised["title"] == 12
    for name, count in promised.items():
        assert sum(n for path, n in overview["fields"][name].items() if not path.startswith("(")) == count, name
    assert {word["word"]: word["guessed"] for word in overview["status_words"]} == {
        "published": False, "live": False, "draft": False, "archived": False,
    }  # fmt: skip
    assert 'category = "productcategories.name"' in proposed.stdout
    assert f'driver = "{driver}"' in proposed.stdout


def test_json_says_all_of_a_named_document(run: Run) -> None:
    found = run("inspect", "--json", "--id", "12", "--id", "sku-4711")

    told = json.loads(found.stdout)
    assert [one["id"] for one in told["products"]] == ["12", "sku-4711"]
    fields = {one["field"]: one for one in told["products"][0]["fields"]}
    assert fields["price"] | {} == {
        "field": "price", "path": "price.common", "type": "double", "found": 5.5, "value": "5.5", "origin": "document",
    }  # fmt: skip
    assert told["products"][0]["remedy"]["undo"] == {"$set": {"state": "published"}}
    assert told["products"][0]["remedy"]["mode"] == "shadow"
    assert "image_broken" in told["rules_not_asked"]


def test_a_document_that_cannot_be_a_product_is_counted(run: Run, mongo: Shop) -> None:
    mongo.products.insert_one({"_id": {"a": 1}, "title": "B"})
    found = run("inspect")
    assert "1 more have an _id that no product can have" in found.stdout.replace("\n", " ")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("language", ["en_GB.UTF-8", "zh_CN.UTF-8"])
def test_no_line_is_wider_than_the_terminal(
    run: Run, mongo: Shop, monkeypatch: pytest.MonkeyPatch, width: int, language: str
) -> None:
    mongo.products.insert_one(
        {
            "_id": 99,
            "title": "明前西湖龙井礼盒装250克 送礼自用两相宜 顺丰包邮" * 5,
            "state": "上架" * 30,
            "价格": "x" * 999,
        }
    )
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("LANG", language)
    found = run("inspect", "--limit", "20")
    assert found.exit_code == 0, found.stderr
    assert max(cell_len(line) for line in found.stdout.splitlines()) <= width
    assert ("字段" in found.stdout) is language.startswith("zh")


def test_a_large_collection_is_sampled_by_chance_and_each_document_counted_once(run: Run, mongo: Shop) -> None:
    mongo.products.insert_many([{"_id": Int64(n + 100), "title": f"T {n}"} for n in range(600)])
    found = run("inspect", "--limit", "3")
    assert re.search(r"about 613 documents, \d+ read by chance; 3 shown", found.stdout)
    proposed = run("map", "--sample", "50")
    assert re.search(r"from 50 of about 613 documents, chosen by chance", proposed.stdout)


def test_a_server_that_can_choose_none_is_read_from_the_first(run: Run, mongo: Shop) -> None:
    if mongo.server is None:
        pytest.skip("needs the fail points of a server of our own")
    mongo.products.insert_many([{"_id": Int64(n + 100), "title": f"T {n}"} for n in range(300)])
    mongo.server.fail(["aggregate"], errorCode=292)
    try:
        proposed = run("map", "--sample", "250")
    finally:
        mongo.server.heal()

    assert "from 250 of about 313 documents, in the order of _id" in proposed.stdout
    assert "Whether the server has a change stream could not be told" in proposed.stdout


@pytest.mark.slow
def test_large_documents_are_read_as_far_as_is_needed(run: Run, mongo: Shop) -> None:
    mongo.products.insert_many([{"title": f"L {n}", "dump": "x" * 15_000_000, "price": n} for n in range(3)])

    found = run("inspect", "--limit", "20", timeout="30s")
    proposed = run("map", timeout="30s")

    assert "dump 3 (large)" in found.stdout.replace("\n", " ")
    assert "title: 93.8 % (15 of 16) have it" in proposed.stdout
    assert len(found.stdout) + len(proposed.stdout) < 60_000


class TestRelations:
    def test_the_other_collection_is_found_by_the_ids(self, run: Run, mongo: Shop) -> None:
        mongo.database["makers"].insert_one({"_id": CLOTHES, "title": "Loom & Co"})
        mongo.products.update_one({"_id": 12}, {"$set": {"brand": CLOTHES}})
        mongo.database["productcategories"].delete_one({"_id": CLOTHES})
        proposed = run("map")
        assert 'brand = "makers.title"' in proposed.stdout
        assert '"Loom & Co"' in run("inspect", "--id", "12", extra=proposed.stdout).stdout

    def test_ids_of_nothing_are_told(self, run: Run, mongo: Shop) -> None:
        mongo.products.update_one({"_id": 12}, {"$set": {"brand": ObjectId()}})
        proposed = run("map")
        assert "# brand: no document of the other 1 collections that may be read has an id of brand" in (
            proposed.stdout.replace("\n#  ", "")
        )


def test_the_key_of_a_sharded_collection_is_proposed(run: Run, mongo: Shop) -> None:
    routing = mongo.database.client["config"]["collections"]
    routing.insert_one({"_id": mongo.products.full_name, "key": {"region": 1, "_id": 1}})
    try:
        assert 'shard_key = ["region", "_id"]' in run("map").stdout
    finally:
        routing.delete_one({"_id": mongo.products.full_name})


class TestWhatCannotBeReached:
    @pytest.mark.parametrize("command", ["inspect", "map"])
    def test_a_server_that_is_away_is_told(self, run: Run, command: str) -> None:
        found = run(command, uri="mongodb://127.0.0.1:9/shop", timeout="200ms")

        assert found.exit_code == 1
        assert found.stderr.startswith("zhiban: MongoDB: 127.0.0.1:9")

    def test_a_wrong_password_is_told_without_it(self, run: Run, mongo: Shop) -> None:
        found = run("inspect", uri=mongo.uri.replace("mongodb://", "mongodb://ann:s3cret@"))

        assert found.exit_code == 1
        assert "may not read" in found.stderr
        assert "s3cret" not in found.stderr

    @pytest.mark.parametrize("uri", ["http://x", "mongodb://", "mongodb://a:b:c@d", "mongodb://h/?nonsense=1"])
    def test_a_uri_that_is_none_is_a_fault_of_the_configuration(self, run: Run, uri: str) -> None:
        assert run("inspect", uri=uri).exit_code == 78

    def test_a_secret_that_is_not_there_is_a_fault_of_the_configuration(self, run: Run) -> None:
        found = run("map", secret="shop-uri")

        assert found.exit_code == 78
        assert "secret 'shop-uri' not found" in found.stderr

    def test_a_driver_that_is_not_installed_is_told(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "motor.motor_asyncio", None)

        found = run("inspect", driver="motor")

        assert found.exit_code == 78
        assert 'mongodb.driver is "motor", which needs `pip install' in found.stderr

    def test_a_collection_that_is_not_there_is_told_with_those_that_are(self, run: Run) -> None:
        found = run("inspect", collection="ProductCategory")

        assert found.exit_code == 1
        assert 'did you mean "productcategories"? It has productcategories, products' in found.stderr

    def test_a_database_that_is_not_there_is_told(self, run: Run) -> None:
        found = run("map", database="zhiban_nowhere")

        assert found.exit_code == 1
        assert 'database "zhiban_nowhere" has no collections' in found.stderr

    def test_an_empty_collection_is_told(self, run: Run, mongo: Shop) -> None:
        mongo.database.create_collection("bare")
        found = run("inspect", collection="bare")
        assert found.exit_code == 1
        assert f'collection "bare" of database "{mongo.name}" is empty' in found.stderr

    def test_ids_of_no_document_are_told(self, run: Run) -> None:
        assert "has no document 65f1a2b3c4d5e6f708091aff" in run("inspect", "--id", "65f1a2b3c4d5e6f708091aff").stderr
        found = run("inspect", "--id", "=%zz")
        assert (found.exit_code, "names no document" in found.stderr) == (2, True)

    def test_a_catalogue_that_is_elsewhere_is_noted(self, run: Run, mongo: Shop, tmp_path: Path) -> None:
        path = tmp_path / "other.toml"
        path.write_text(f'[mongodb]\nuri = "{mongo.uri}"\n', encoding="utf-8")

        found = CliRunner().invoke(main, ["mongo", "inspect", "--config", str(path)])

        assert found.exit_code == 0
        assert '[catalogue] kind is "sqlite"' in found.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Product", "products"), ("products ", "products"), ("ProductCategory", "productcategories"),
        ("product-categories", "productcategories"), ("NewsStory", "newsstories"), ("Box", "boxes"),
        ("prodcts", "products"), ("User", "ks_users"), ("nothing like it", None),
    ],
)  # fmt: skip
def test_the_collection_that_was_meant_is_found(name: str, expected: str | None) -> None:
    names = ["boxes", "ks_users", "newsstories", "productcategories", "products", "sessions"]

    assert nearest_collection(name, names) == expected
