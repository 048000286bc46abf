from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from bson import Decimal128, Int64, ObjectId

from daemon.adapters.mongo.decoding import OPTIONS
from daemon.adapters.mongo.documents import place_of
from daemon.adapters.mongo.sharding import ShardKey
from daemon.errors import ConfigError

KEY = ShardKey(("at.region", "seller", "_id"))
ONE = place_of(1)


def raw(**fields: Any) -> bytes:
    return bson.encode({"_id": 1, **fields}, codec_options=OPTIONS)


def asked(key: ShardKey, kept: bytes | None) -> Any:
    return key.query({ONE: 1}, {ONE: kept})


@pytest.mark.parametrize(
    "value",
    ["north", "", 5, Int64(5), 5.5, float("inf"), Decimal128("1.50"), True, ObjectId("0" * 24),
     datetime(2026, 1, 2, tzinfo=UTC), {"$x": 1}, b"x"],
)  # fmt: skip
def test_values_are_asked_for_as_they_stand(value: Any) -> None:
    where = asked(KEY, KEY.of(raw(at={"region": value}, seller="s1")))
    assert bson.encode(where["at.region"]) == bson.encode({"$eq": value})
    assert where == {"_id": {"$in": [1]}, "at.region": {"$eq": value}, "seller": {"$eq": "s1"}}


@pytest.mark.parametrize("fields", [{}, {"at": None}, {"at": {"region": None}}, {"at": 5}])
def test_what_is_absent_counts_as_null(fields: dict[str, Any]) -> None:
    assert asked(KEY, KEY.of(raw(seller="s1", **fields)))["at.region"] == {"$eq": None}


def test_documents_that_are_kept_together_are_asked_for_together() -> None:
    shards = {place_of(number): ShardKey(("seller",)).of(raw(seller=f"s{number % 2}")) for number in range(5)}
    where = ShardKey(("seller",)).query({place_of(number): number for number in range(6)}, shards)
    assert where == {
        "$or": [{"_id": {"$in": [0, 2, 4]}, "seller": {"$eq": "s0"}}, {"_id": {"$in": [1, 3]}, "seller": {"$eq": "s1"}}]
    }


@pytest.mark.parametrize("other", [("seller",), ("at.region",), ("seller", "at.region"), ("at.region", "seller", "x")])
def test_what_another_key_has_kept_counts_as_unknown(other: tuple[str, ...]) -> None:
    kept = ShardKey(other).of(raw(at={"region": "north"}, seller="s1"))
    assert kept is not None
    assert asked(KEY, kept) is None
    assert asked(ShardKey(other), kept) is not None
    assert not kept.startswith(KEY.start)


def test_the_id_alone_needs_nothing_kept() -> None:
    for key in (ShardKey(("_id",)), ShardKey(())):
        assert key.start == b""
        assert key.of(raw(seller="s1")) is None
        assert key.of_change(raw()) is None
        assert asked(key, KEY.of(raw(seller="s1"))) is None


def test_a_change_tells_where_its_document_was_kept() -> None:
    kept = KEY.of(raw(at={"region": "north"}, seller="s1"))
    assert KEY.of_change(raw(**{"at.region": "north", "seller": "s1"})) == kept
    assert KEY.of_change(raw(at={"region": "north"}, seller="s1")) == kept
    assert KEY.of_change(raw(seller="s1")) is None
    assert KEY.of_change(raw()) is None


def test_a_document_that_cannot_be_read_is_kept_nowhere() -> None:
    broken = raw(at={"region": "north"}, seller="s1")[:-4]
    assert KEY.of(broken) is None
    assert asked(KEY, None) is None


def test_what_is_no_path_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"mongodb\.shard_key"):
        ShardKey(("seller.",))
