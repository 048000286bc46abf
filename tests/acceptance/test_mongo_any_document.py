"""Any document at all, by the dozen: every one is judged or refused, acted on or left alone, and told of."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson import DatetimeMS
from bson.errors import BSONError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from daemon.products.remedies import RemedyMode
from tests.acceptance.shop_house import named, report_json, shop_house, sound, strict_json
from tests.mongo_server import Shop
from tests.unit.adapters.mongo.test_properties import documents, keys, values
from tests.unit.handlers.http.api import api

SOUND, ILL = 900, 901
ROUNDS = settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a house for each try makes shrinking last for an hour
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MANY_ROUNDS = settings(ROUNDS, max_examples=60)
#: Whole documents of odd fields, and good ones with a single odd field.
shops = st.lists(st.one_of(documents, st.tuples(keys, values)), min_size=30, max_size=40)


def kept(value: Any) -> Any:
    """Return a value as the server of the tests keeps it, which knows no times but those of Python."""
    if isinstance(value, dict):
        return {key: kept(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [kept(inner) for inner in value]
    is_beyond = isinstance(value, DatetimeMS) and not isinstance(_time(value), datetime)
    return int(value) if is_beyond else value


def _time(value: DatetimeMS) -> datetime | None:
    try:
        return value.as_datetime()
    except (BSONError, ValueError, OverflowError):
        return None


def planted(number: int, odd: dict[str, Any] | tuple[str, Any]) -> dict[str, Any]:
    fields = sound(number, **{odd[0]: odd[1]}) if isinstance(odd, tuple) else odd
    return {"_id": sound(number)["_id"]} | {key: kept(value) for key, value in fields.items() if key != "_id"}


async def lived_through(mongo: Shop, folder: Path, odd: list[Any]) -> None:
    """Read, judge, act on and tell of products; the ones that are sound and ill for certain are found so."""
    folder.mkdir()
    mongo.products.delete_many({})
    async with shop_house(mongo, folder, mode=RemedyMode.ON) as house:
        house.plant(*(planted(number, one) for number, one in enumerate(odd, 1)), sound(SOUND), sound(ILL, price=None))
        await house.until_read()
        records = [await house.judge(), await house.judge()]

        assert [(one.failed, one.error, one.checked) for one in records] == [(0, "", len(odd) + 2)] * 2
        assert not await house.incidents(named(SOUND))
        assert "price_missing" in await house.incidents(named(ILL))
        assert mongo.products.find_one({"_id": sound(ILL)["_id"]}, {"state": 1}) == {
            "_id": sound(ILL)["_id"], "state": "draft",
        }  # fmt: skip
        report_json(await house.report())
        for text in await house.told():
            text.encode()
        async with api(home=house.home) as http:
            listed = strict_json((await http.get("/products", params={"limit": "200"})).raw)["items"]
            assert len(listed) == len(odd) + 2
            for one in listed:
                product_id = one["id"]
                assert strict_json((await http.get(f"/products/{product_id}/history")).raw)
                json.dumps(await house.catalogue.document(product_id), allow_nan=False, ensure_ascii=False).encode()
                assert product_id in await house.say(f"product {product_id}")


@ROUNDS
@given(shops)
def test_any_documents_are_lived_through(mongo: Shop, tmp_path: Path, odd: list[Any]) -> None:
    asyncio.run(lived_through(mongo, tmp_path / uuid4().hex, odd))


@pytest.mark.slow
@MANY_ROUNDS
@given(shops)
def test_very_many_documents_are_lived_through(mongo: Shop, tmp_path: Path, odd: list[Any]) -> None:
    asyncio.run(lived_through(mongo, tmp_path / uuid4().hex, odd))
