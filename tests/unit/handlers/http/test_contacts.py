"""Contacts over HTTP."""

from __future__ import annotations

import pytest

from daemon.services import contacts
from tests.unit.handlers.http.api import api


async def test_a_code_is_shown_once_and_the_contact_it_binds_is_listed_until_it_is_unbound() -> None:
    async with api() as service:
        made = await service.post("/contacts/codes", json={"name": " Mei 梅 ", "role": "operator"})
        assert made.status == 201
        code = made.json.pop("code")
        assert made.json == {"principal": "Mei 梅", "role": "operator", "good_for_s": 600.0}
        assert (await service.get("/contacts")).json["items"] == []

        await contacts.bind(service.home.duty, code, "wxid/a b@c?d")
        (shown,) = (await service.get("/contacts")).json["items"]
        assert (shown["id"], shown["principal"], shown["role"], shown["disabled"]) == (
            "wxid/a b@c?d", "Mei 梅", "operator", False,
        )  # fmt: skip
        assert code.encode() not in (await service.get("/audit")).raw

        unbound = {"contact_id": "wxid/a b@c?d"}
        assert (await service.post("/contacts:unbind", json=unbound)).status == 204
        assert (await service.post("/contacts:unbind", json=unbound)).status == 404
        assert (await service.get("/contacts")).json["items"] == []


async def test_a_code_cannot_raise_a_role_that_somebody_has() -> None:
    async with api() as service:
        assert (await service.post("/contacts/codes", json={"name": "Mei", "role": "viewer"})).status == 201
        assert (await service.post("/contacts/codes", json={"name": "Mei", "role": "admin"})).status == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Mei"}, "role"),
        ({"name": "Mei", "role": "king"}, "role"),
        ({"name": "  ", "role": "viewer"}, "name"),
        ({"name": "a\nb", "role": "viewer"}, "name"),
        ({"name": "Mei", "role": "viewer", "code": "chosen"}, "code"),
    ],
)
async def test_what_makes_no_code_is_told_field_by_field(body: dict[str, str], field: str) -> None:
    async with api() as service:
        answer = await service.post("/contacts/codes", json=body)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
