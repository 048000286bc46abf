"""Whatever stands in a field of a document: the right verdict, everywhere it is told, and the pass goes on."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from bson import Binary, DatetimeMS
from structlog.testing import capture_logs

from daemon.products.verdicts import Outcome
from tests.acceptance.altered_line import altered_line
from tests.acceptance.odd_values import ABSENT, NO_PRICE, NO_STATUS, NO_TIME, Case, cases
from tests.acceptance.shop_house import ShopHouse, named, report_json, shop_house, sound, strict_json
from tests.mongo_server import Shop
from tests.unit.handlers.http.api import api

NEIGHBOURS: Final = 9000
#: Whose types are altered by the names of their fields, which no condition has.
RETYPED: Final = (201, 202, 203)
_DATE: Final = struct.Struct("<q")


def document_of(number: int, case: Case) -> dict[str, Any]:
    if case.lying is ABSENT:
        found = sound(number)
        del found[case.field]
        return found
    return sound(number, **{case.field: case.lying})


async def all_is_told(house: ShopHouse, numbers: Mapping[int, object]) -> None:
    """Everything that people and machines are told of products is well-formed: HTTP, documents, bot, notices, check."""
    async with api(home=house.home) as http:
        for number in numbers:
            product_id = named(number)
            answer = await http.get(f"/products/{product_id}")
            assert answer.status == 200
            assert strict_json(answer.raw)["id"] == product_id
            json.dumps(await house.catalogue.document(product_id), allow_nan=False, ensure_ascii=False).encode()
            assert product_id in await house.say(f"product {product_id}")
        listed = await http.get("/products", params={"limit": "200"})
        assert len(strict_json(listed.raw)["items"]) > 0
    for text in await house.told():
        assert text.encode().decode().replace("\n", "").isprintable()
    assert report_json(await house.report())["summary"]["products"] == await house.catalogue.count()


async def test_every_odd_value_gets_its_verdict_and_its_neighbours_get_theirs(mongo: Shop, tmp_path: Path) -> None:
    table = dict(enumerate(cases(), 1))
    async with shop_house(mongo, tmp_path) as house:
        house.plant(*(document_of(number, case) for number, case in table.items()))
        house.plant(sound(NEIGHBOURS), sound(NEIGHBOURS + 1, price=None))
        await house.until_read()
        record = await house.judge()

        assert (record.checked, record.failed, record.skipped) == (len(table) + 2, 0, 0)
        said = await house.verdicts()
        wrong = {n: (*case, found) for n, case in table.items() if (found := said.get(named(n), {})) != case.said}
        assert wrong == {}
        for number, case in table.items():
            opened = await house.incidents(named(number))
            assert set(opened) == {rule for rule, verdict in case.said.items() if verdict == Outcome.BAD}, case[:2]
        assert named(NEIGHBOURS) not in said
        assert said[named(NEIGHBOURS + 1)] == {"price_missing": "bad"}
        await all_is_told(house, table)


def altered_documents() -> tuple[dict[int, tuple[dict[str, Any], dict[str, str]]], dict[bytes, bytes]]:
    """Return documents with what is said of them, and how their bytes become what no driver of ours would write."""
    documents: dict[int, tuple[dict[str, Any], dict[str, str]]] = {}
    altered: dict[bytes, bytes] = {}
    fields = {"createdAt": NO_TIME, "updatedAt": NO_TIME, "archivedAt": NO_STATUS, "price": NO_PRICE}
    times = (-62198755200000, 3093527980800000, 2**63 - 9, -(2**63))  # years 0 and 99999, and the ends
    for number, (field, milliseconds) in enumerate(((f, t) for f in fields for t in times), 1):
        kept = 1_700_000_000_000 + 7919 * number
        documents[number] = sound(number, **{field: DatetimeMS(kept)}), fields[field]
        altered[_DATE.pack(kept)] = _DATE.pack(milliseconds + (number if milliseconds < 0 else -number))
    bad = {"title": {"text_encoding": "bad"}, "price": NO_PRICE, "state": NO_STATUS, "slug": {}, "unread": {}}
    for number, (field, said) in enumerate(bad.items(), 101):
        documents[number] = sound(number, **{field: f"kept-{number}"}), said
        altered[b"kept-%d" % number] = b"\xff\xed\xa0\x80\xc3%d" % number  # a lone surrogate among it
    documents[201] = sound(201, price=None, salePrice=None), {"price_missing": "bad"}
    altered[b"\x0asalePrice\0"] = b"\x06salePrice\0"  # undefined
    documents[202] = sound(202, vendor="Kiln"), {}
    altered[b"\x02vendor\0"] = b"\x0evendor\0"  # a symbol
    documents[203] = sound(203, url=Binary(b"Q" * 27)), {}
    altered[b"\x05url\0\x1b\0\0\0\0" + b"Q" * 27] = b"\x0curl\0\x10\0\0\0shop.products.1\0" + b"Q" * 12
    documents[204] = sound(204, price={"inner": 1}), NO_PRICE
    altered[b"\x10inner\0"] = b"\x21inner\0"  # a type that there is not
    return documents, altered


async def test_bytes_that_no_driver_writes_are_judged_and_told_all_the_same(mongo: Shop, tmp_path: Path) -> None:
    if mongo.server is None:
        pytest.skip("the bytes are altered on the line to a server of our own")
    documents, altered = altered_documents()
    altered |= {b"\x10outer\0": b"\x21outer\0", b"an-id": b"\xff\xfe-id"}
    with capture_logs() as logs:
        async with (
            altered_line(mongo.server.port, altered) as uri,
            shop_house(mongo, tmp_path, uri=uri) as house,
        ):
            house.plant(*(document for document, _ in documents.values()), sound(NEIGHBOURS, price=None))
            house.plant(sound(300, outer=1), {**sound(301), "_id": "an-id"})
            await house.until_read()
            record = await house.judge()

            assert (record.checked, record.failed) == (len(documents) + 1, 0)
            said = await house.verdicts()
            for number, (_, expected) in documents.items():
                assert said.get(named(number), {}) == expected, number
            assert named(NEIGHBOURS) in said
            await all_is_told(house, documents)
            assert house.catalogue.upstream.rejected == 2
            for number in (n for n in documents if n not in RETYPED):  # a change asks for what was read, byte for byte
                product = await house.catalogue.get(named(number))
                await house.change(product, sku=f"NEW-{number}")
                assert (await house.catalogue.get(product.id)).sku == f"NEW-{number}"
    told = [log for log in logs if log["event"].startswith("document.")]
    assert {(log["event"], log.get("document", "")) for log in told} == {
        ("document.rejected", named(300)),
        ("document.unnamed", ""),
    }
