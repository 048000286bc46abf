from __future__ import annotations

from typing import Any

import bson
import pytest
from bson import Decimal128, Int64, ObjectId
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.mongo.documents import (
    Document,
    Unnamed,
    after_id,
    document_id_of,
    document_of,
    id_of,
    place_of,
    product_id,
    split,
)
from daemon.adapters.mongo.elements import Element, elements, joined
from daemon.errors import InvalidInput
from tests.unit.adapters.mongo.shop_documents import NAMES, sent, shape

OID = ObjectId("65f1a2b3c4d5e6f708091a01")
ids = st.one_of(
    st.binary(min_size=12, max_size=12).map(ObjectId),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=40).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)),
    st.sampled_from(["", "=", "=a", "a=b", "0", "-0", "007", "-12", "12.0", str(OID), str(OID).upper(), "a\0b", "a b"]),
)


def test_a_batch_is_split_into_the_documents_that_were_put_together() -> None:
    raws = [bson.encode(shape(name)) for name in NAMES]

    found = list(split(b"".join(raws)))

    assert [one.raw for one in found] == raws
    assert all(isinstance(one, Document) for one in found)


def test_nothing_is_split_into_nothing() -> None:
    assert list(split(b"")) == []


@pytest.mark.parametrize(
    "broken",
    [
        b"\0",
        b"\x05\0\0\0",
        b"\x04\0\0\0\0",
        b"\x05\0\0\0\x01",
        b"\x06\0\0\0\0",
        b"\xff\xff\xff\xff\0",
        bson.encode({"_id": 1})[:-1],
        bson.encode({"_id": 1}) + b"rest",
    ],
)
def test_bytes_that_are_no_documents_are_refused(broken: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"not .*BSON"):
        list(split(broken))


@given(st.binary(max_size=60), st.integers(0, 60))
def test_damaged_bytes_never_raise_anything_else(noise: bytes, at: int) -> None:
    raw = bson.encode({"a": "text", "_id": {"b": [1]}, "c": 1.5})
    for damaged in (noise, raw[:at] + noise + raw[at:], raw[:at] + noise[:1] + raw[at + 1 :]):
        try:
            list(split(damaged))
        except InvalidInput:
            continue


@pytest.mark.parametrize(
    ("document_id", "name"),
    [
        (OID, "65f1a2b3c4d5e6f708091a01"),
        ("sku-1", "sku-1"),
        ("Größe", "Größe"),
        (7, "7"),
        (Int64(-7), "-7"),
        (7.0, "7"),
        (-0.0, "0"),
        (Decimal128("7.00"), "7"),
        ("7", "=7"),
        (str(OID), f"={OID}"),
        ("a\0b", "=a%00b"),
        ("", "="),
        ("=x", "=%3Dx"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_document_is_named_by_its_id_wherever_it_stands(document_id: Any, name: str, first: bool) -> None:
    fields = {"_id": document_id, "title": "x"} if first else {"title": "_id", "inner": {"_id": 3}, "_id": document_id}

    raw = b"".join((bson.encode(fields),)) if first else joined(_in_order(fields))

    found = document_of(raw)
    assert isinstance(found, Document)
    assert found.id == name
    assert id_of(found.place) == (7 if isinstance(document_id, Decimal128) else document_id)


def _in_order(fields: dict[str, Any]) -> list[Element]:
    """bson.encode sets the _id first; a server may not."""
    parts = {part.name.decode(): part for part in elements(bson.encode(fields))}
    return [parts[name] for name in fields]


@pytest.mark.parametrize(
    "document_id",
    [
        None,
        True,
        1.5,
        float("nan"),
        float("inf"),
        1e300,
        Decimal128("NaN"),
        Decimal128("0.5"),
        {"a": 1},
        b"x",
        "x" * 1001,
    ],
)
def test_an_id_that_no_product_has_is_told_apart(document_id: Any) -> None:
    found = document_of(bson.encode({"_id": document_id, "title": "x"}))

    assert isinstance(found, Unnamed)
    assert 0 < len(found.shown) < 300


@pytest.mark.parametrize("body", [b"\x02_id\0\xff\xff", b"\x63_id\0\0", b"\x02_id\0\x02\0\0\0\xff\0", b"\x10_id"])
def test_a_document_whose_id_cannot_be_read_does_not_spoil_its_neighbours(body: bytes) -> None:
    broken = (len(body) + 5).to_bytes(4, "little") + body + b"\0"

    before, found, after = split(bson.encode({"_id": 1}) + broken + bson.encode({"_id": 2}))

    assert isinstance(found, Unnamed)
    assert [getattr(one, "id", "") for one in (before, after)] == ["1", "2"]


def test_a_document_without_an_id_is_told_apart() -> None:
    assert document_of(bson.encode({"title": "x"})) == Unnamed("no _id", bson.encode({"title": "x"}))


def test_the_digest_tells_any_change_of_the_bytes() -> None:
    whole, changed = sent({"_id": OID, "price": 1}), sent({"_id": OID, "price": 1.0})

    assert whole.digest == sent({"_id": OID, "price": 1}).digest
    assert whole.digest != changed.digest
    assert len(whole.digest) == 16


@given(st.lists(ids))
def test_places_sort_as_the_server_sorts_ids(several: list[Any]) -> None:
    def as_server(one: Any) -> tuple[int, Any]:
        kind = 3 if isinstance(one, ObjectId) else 2 if isinstance(one, str) else 1
        return kind, one.binary if kind == 3 else one.encode() if kind == 2 else one

    assert sorted(several, key=place_of) == sorted(several, key=as_server)


@given(ids)
def test_a_place_and_a_product_id_tell_the_id_exactly(document_id: Any) -> None:
    assert id_of(place_of(document_id)) == document_id
    assert type(id_of(place_of(document_id))) is type(document_id)
    assert document_id_of(product_id(document_id)) == document_id
    assert product_id(document_id).isprintable()


@given(st.lists(ids, unique_by=lambda one: (type(one), one)))
def test_no_two_documents_share_a_product_id(several: list[Any]) -> None:
    assert len({product_id(one) for one in several}) == len(several)


@pytest.mark.parametrize("text", ["=foo", "=%zz", "=%ff", "x" * 1001, "\ud800"])
def test_text_that_names_no_document_names_none(text: str) -> None:
    assert document_id_of(text) is None


@pytest.mark.parametrize("place", [b"", b"\x10", b"\x10123456789", b"\x20\xff", b"\x30short", b"\x7f"])
def test_bytes_that_are_no_place_are_refused(place: bytes) -> None:
    with pytest.raises(InvalidInput, match="not a place"):
        id_of(place)


def test_elements_put_together_again_are_the_document() -> None:
    raw = bson.encode(
        {"s": "x", "o": {"a": [1, 2]}, "b": b"\0\1", "r": bson.Regex("a", "i"), "c": bson.Code("f", {"x": 1}),
         "d": bson.DBRef("c", OID), "t": bson.Timestamp(1, 2), "n": None, "k": bson.MinKey(), "m": bson.MaxKey(),
         "i": 5, "l": Int64(5), "f": 0.5, "y": True, "z": Decimal128("1"), "code": bson.Code("g"), "_id": OID}
    )  # fmt: skip

    assert joined(elements(raw)) == raw


@pytest.mark.parametrize("number", ["sNaN", "-sNaN", "NaN", "Infinity", "-Infinity", "1E+6144", "1.5"])
def test_a_number_that_is_no_whole_one_names_no_product(number: str) -> None:
    assert isinstance(document_of(bson.encode({"_id": Decimal128(number)})), Unnamed)


@pytest.mark.parametrize("document_id", ["a", 7, Decimal128("sNaN"), {"a": 1}, None, b"\0"])
def test_an_id_of_any_kind_can_be_gone_on_from(document_id: Any) -> None:
    raw = bson.encode({"title": "x", "_id": document_id})

    assert after_id(raw).raw == bson.encode({"$gt": document_id})


def test_an_id_that_is_no_utf_8_can_be_gone_on_from() -> None:
    raw = bson.encode({"_id": "abc"}).replace(b"abc", b"\xff\xfea")

    assert isinstance(document_of(raw), Unnamed)
    assert after_id(raw).raw == bson.encode({"$gt": "abc"}).replace(b"abc", b"\xff\xfea")
