from __future__ import annotations

import io
import json
import unicodedata
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import bson
import pytest
from bson import Decimal128, Int64, ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.adapters.mongo.fields import Related
from daemon.adapters.mongo.inspecting import Inspected, Origin, inspect
from daemon.adapters.mongo.kinds import kind_of, shown
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.adapters.mongo.overview import document_data, overview, overview_data
from daemon.adapters.mongo.samples import Sample
from daemon.adapters.mongo.status_words import StatusWords
from daemon.cli.mongo_run import Inspection, Judged
from daemon.cli.mongo_table import show
from daemon.config import MongodbSection
from daemon.products.imports import same_value
from daemon.products.phrases import Language
from daemon.products.product import Status
from daemon.products.remedies import RemedyMode
from daemon.products.verdicts import RemedyKind
from tests.unit.adapters.mongo.odd_documents import SHOPS
from tests.unit.adapters.mongo.shop_documents import NAMES, sent, shape

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
OID = ObjectId("65f1a2b3c4d5e6f708091a01")
TEA = ObjectId("65f1a2b3c4d5e6f70809cc01")
RELATED: Related = {"productcategories": {TEA: "Tea"}}


def looked_at(fields: dict[str, Any], **section: Any) -> Inspected:
    mapping = ShopMapping(MongodbSection(**section), currency="EUR")
    return inspect(mapping, sent({"_id": OID, **fields}), RELATED, NOW, "EUR")


def row(found: Inspected, name: str) -> tuple[str, Any, object, Origin]:
    return next((one.path, one.lying, one.value, one.origin) for one in found.rows if one.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_a_recorded_shape_says_what_the_product_has(name: str) -> None:
    found = inspect(ShopMapping(MongodbSection()), sent(shape(name)), RELATED, NOW)

    assert found.product is not None
    for one in found.rows:
        assert same_value(one.value, getattr(found.product, one.name))
        assert (one.origin is Origin.DOCUMENT) <= bool(one.path)
    assert bson.encode({"data": document_data(found)["fields"]})


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        (
            {"price": {"common": 59.9}},
            "price",
            ("price.common", 59.9, Decimal128("59.9").to_decimal(), Origin.DOCUMENT),
        ),
        ({"price": None}, "price", ("price", None, None, Origin.BLANK)),
        ({"qty": ""}, "stock", ("qty", "", None, Origin.BLANK)),
        ({"images": []}, "images", ("images", [], (), Origin.BLANK)),
        ({}, "price", ("", None, None, Origin.ABSENT)),
        ({}, "status", ("", None, Status.LISTED, Origin.DEFAULT)),
        ({"state": ""}, "status", ("state", "", Status.LISTED, Origin.DEFAULT)),
        ({}, "currency", ("", None, "EUR", Origin.CONFIGURED)),
        ({"price": "12 CHF"}, "currency", ("", None, "CHF", Origin.PRICE)),
        ({}, "created_at", ("", None, OID.generation_time, Origin.ID)),
        ({"category": TEA}, "category", ("category", TEA, "Tea", Origin.DOCUMENT)),
        ({"category": OID}, "category", ("category", OID, None, Origin.UNRESOLVED)),
        ({"brand": OID}, "brand", ("brand", OID, str(OID), Origin.UNRELATED)),
    ],
)
def test_where_a_value_comes_from_is_told(
    fields: dict[str, Any], name: str, expected: tuple[str, Any, object, Origin]
) -> None:
    assert row(looked_at(fields), name) == expected


def test_images_are_told_with_every_path_that_has_some() -> None:
    found = looked_at({"image": "https://a.example/1.jpg", "images": ["https://a.example/2.jpg"]})

    assert row(found, "images")[0] == "image, images"


def test_keys_that_no_path_reads_are_told_with_their_values_but_those_of_mongoose_not() -> None:
    found = looked_at({"title": "A", "pv": 7, "secret": None, "__v": 3, "price": {"wholesale": 1}})

    assert [(one.key, one.value) for one in found.leftovers] == [("pv", 7), ("secret", None)]


def test_a_large_value_that_nobody_reads_is_not_looked_into() -> None:
    found = looked_at({"title": "A", "dump": "x" * 300_000, "small": 1})

    assert [(one.key, one.kind) for one in found.leftovers] == [("dump", "large"), ("small", "int32")]


def test_a_document_that_cannot_be_read_at_all_is_told_with_the_reason() -> None:
    document = sent({"_id": OID, "title": "A"})
    broken = document._replace(raw=document.raw.replace(b"\x02title", b"\x77title"))

    found = inspect(ShopMapping(MongodbSection()), broken, {}, NOW)

    assert found.product is None
    assert "not a BSON document: type 0x77" in found.reason
    assert document_data(found)["rejected"] == found.reason


class TestRemedies:
    def trials(self, fields: dict[str, Any], **section: Any) -> dict[RemedyKind, Any]:
        return {trial.kind: trial for trial in looked_at(fields, **section).trials}

    def test_there_and_back_are_told(self) -> None:
        trial = self.trials({"state": "published", "title": "A"})[RemedyKind.OFF_SHELF]

        assert (trial.change, trial.undo, trial.refusal) == (
            {"$set": {"state": "draft"}},
            {"$set": {"state": "published"}},
            "",
        )
        assert trial.was == {}

    def test_the_word_that_was_there_comes_back(self) -> None:
        words = {"listed": ["published", "live"], "unlisted": ["draft"]}

        trial = self.trials({"state": "live"}, statuses=words)[RemedyKind.OFF_SHELF]

        assert trial.undo == {"$set": {"state": "live"}}
        assert trial.was == {}

    def test_the_time_of_change_is_set_where_it_is_kept_and_is_no_difference(self) -> None:
        trial = self.trials({"state": "published", "updatedAt": datetime(2026, 1, 1, tzinfo=UTC)})[RemedyKind.REVIEW]

        assert trial.change == {"$set": {"state": "draft", "updatedAt": NOW}}
        assert trial.was == {}

    @pytest.mark.parametrize(
        ("fields", "section", "reason"),
        [
            ({}, {}, "no field in the document says it"),
            ({"state": "live"}, {}, 'the shop has words of its own, such as "live"'),
            ({"state": "published"}, {"statuses": {"listed": ["published"]}}, "the shop has no word"),
        ],
    )
    def test_why_one_would_be_refused_is_told(
        self, fields: dict[str, Any], section: dict[str, Any], reason: str
    ) -> None:
        assert reason in self.trials(fields, **section)[RemedyKind.OFF_SHELF].refusal

    def test_none_is_tried_on_what_buyers_do_not_see(self) -> None:
        assert self.trials({"state": "draft"}) == {}


class TestOverview:
    def test_paths_words_and_leftovers_are_counted(self) -> None:
        documents = [
            looked_at({"title": "A", "state": "published", "pv": 1}),
            looked_at({"name": "B", "state": "draft", "pv": 2.5}),
            looked_at({"name": "C", "state": "promoted"}),
            looked_at({"name": "D"}),
        ]

        found = overview(documents, StatusWords({"listed": ("published",)}))

        assert found.paths["title"] == {"title": 1, "name": 3}
        assert found.paths["currency"] == {"(configured)": 4}
        assert found.unread == {"pv": {"int32": 1, "double": 1}}
        assert {one.word: (one.meanings[:1], one.told) for one in found.words} == {
            "published": ((Status.LISTED,), True),
            "draft": ((Status.DRAFT,), False),
            "promoted": ((), False),
        }
        assert found.wordless == 1
        assert {"title", "currency", "created_at"} <= found.fields
        assert overview_data(found)["status_words"][1]["guessed"] is True

    def test_words_that_are_equal_in_python_alone_are_apart(self) -> None:
        found = overview([looked_at({"state": True}), looked_at({"state": 1})], StatusWords({}))

        assert [(one.word, one.documents) for one in found.words] == [(True, 1), (1, 1)]

    def test_refusals_are_counted_by_reason(self) -> None:
        found = overview([looked_at({"state": "published"}), looked_at({}), looked_at({})], StatusWords({}))

        tally = found.trials[RemedyKind.OFF_SHELF]
        assert (tally.tried, tally.possible, list(tally.refusals.values())) == (3, 1, [2])


@pytest.mark.parametrize(
    ("value", "kind", "line"),
    [
        (7, "int32", "7"),
        (Int64(7), "int64", "7"),
        (12.5, "double", "12.5"),
        (float("nan"), "double", "NaN"),
        (float("-inf"), "double", "-Infinity"),
        (Decimal128("39.90"), "Decimal128", "39.90"),
        (True, "bool", "true"),
        (None, "null", "null"),
        ("a\x1b[31m\u202eb", "string", '"a\\u001b[31m\\u202eb"'),
        ("x" * 500, "string", f'"{"x" * 60}…" (500 characters)'),
        (OID, "ObjectId", str(OID)),
        ([1, 2], "array of int32", "[1, 2]"),
        ([1, "a"], "array", '[1, "a"]'),
        ([], "array", "[]"),
        ({"md": "a", "n": None}, "object", '{md: "a", n: null}'),
        (NOW, "date", "2026-11-25T09:00:00Z"),
        (b"abc", "binary", "3 bytes"),
    ],
)
def test_values_are_shown_with_the_name_of_their_type(value: object, kind: str, line: str) -> None:
    assert (kind_of(value), shown(value)) == (kind, line)


def test_what_nests_deeply_stays_one_short_line() -> None:
    value: Any = "x" * 1000
    for _ in range(50):
        value = {"a": [value] * 20}

    assert len(shown(value)) <= 90


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SHOPS, st.sampled_from(["en", "zh"]), st.integers(20, 140))
def test_whatever_documents_hold_they_are_shown_harmlessly_and_as_data(
    documents: list[dict[str, Any]], language: Language, width: int
) -> None:
    found = [looked_at(fields) for fields in documents]
    over = overview(found, StatusWords({}))
    judged = [Judged(one, (), next(iter(one.trials), None), RemedyMode.ON) for one in found]
    out = io.StringIO()

    with mock.patch.dict("os.environ", {"COLUMNS": str(width)}):
        inspection = Inspection("s.p", "mongodb", Sample((), (), 9, False), judged, over, {}, "on")
        show(inspection, out, language=language)

    obeyed = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown_text = set(out.getvalue()) - set("\n\u200c\u200d")
    assert not {character for character in shown_text if unicodedata.category(character) in obeyed}
    assert json.loads(json.dumps([document_data(one) for one in found] + [overview_data(over)]))
