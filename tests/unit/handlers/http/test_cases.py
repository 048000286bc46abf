"""Cases and approvals over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from daemon.config import AssociationSection, AuditSection, ChannelSection, Config
from daemon.forum.principals import Role, Scope
from daemon.ports import Actor
from daemon.services import access
from tests.house import house
from tests.unit.handlers.http.api import Answer, Api, api

PEOPLE = {
    "mei": Scope.ASSOCIATION_SEARCH,
    "eve": Scope.ASSOCIATION_SEARCH,
    "judge": Scope.ASSOCIATION_APPROVE,
    "boss": Scope.ASSOCIATION_ADMIN,
}
PATH = "/association/cases"


@asynccontextmanager
async def office(kind: str = "on") -> AsyncIterator[Api]:
    section = AssociationSection.model_validate({"kind": kind})
    config = Config(channels=(ChannelSection(name="box"),), association=section, audit=AuditSection(secret="audit"))
    home = house(config=config)
    home.duty.ports = replace(home.duty.ports, cases=home.stores.cases)
    async with api(home=home) as service:
        for name, scope in PEOPLE.items():
            _, service.tokens[name] = await access.create_token(
                home.duty.ports, Actor.daemon(), name=name, role=Role.VIEWER, scopes=frozenset({scope})
            )
        yield service


def given(service: Api, **more: Any) -> dict[str, Any]:
    until = (service.home.clock.now() + timedelta(days=7)).isoformat()
    return {"title": "lost child", "purpose": "find a lost child", "expires_at": until, "quota": 3, "owner": "mei",
            "cameras": ["c1"], **more}  # fmt: skip


async def opened(service: Api, **more: Any) -> Answer:
    answer = await service.post(PATH, who="boss", json=given(service, **more))
    assert answer.status == 201
    return answer


async def refusals(service: Api) -> list[tuple[str, str]]:
    entries = (await service.home.stores.audit.entries(100)).items
    return [(e.detail["wanted"], e.detail["reason"]) for e in reversed(entries) if e.action == "search.refused"]


async def test_a_case_is_opened_read_and_listed_with_people_by_their_names() -> None:
    async with office() as service:
        made = await opened(service, members=["eve"])
        assert made.headers["ETag"] == '"1"'
        case = made.json
        assert (case["owner"], case["members"], case["cameras"]) == ("mei", ["eve"], ["c1"])
        assert (case["state"], case["searches"], case["quota"], case["closed_at"]) == ("live", 0, 3, None)
        for who in PEOPLE:
            read = await service.get(f"{PATH}/{case['id']}", who=who)
            assert (read.json, read.headers["ETag"]) == (case, '"1"')
            assert (await service.get(PATH, who=who)).json == {"items": [case], "next_cursor": None}
        mine = await service.post(PATH, who="boss", json={**given(service), "owner": None})
        assert mine.json["owner"] == "boss"
        assert (await service.get(f"{PATH}?limit=1", who="boss")).json["next_cursor"]
        assert [c["id"] for c in (await service.get(PATH, who="mei")).json["items"]] == [case["id"]]


async def test_a_case_sent_again_with_its_key_is_opened_once() -> None:
    async with office() as service:
        body, headers = given(service), {"Idempotency-Key": "k"}
        first = await service.post(PATH, who="boss", json=body, headers=headers)
        again = await service.post(PATH, who="boss", json=body, headers=headers)
        assert (again.raw, again.headers["ETag"]) == (first.raw, '"1"')
        assert len((await service.get(PATH, who="boss")).json["items"]) == 1


async def test_a_case_is_changed_at_the_revision_that_was_read() -> None:
    async with office() as service:
        path = f"/api/v1{PATH}/{(await opened(service)).json['id']}"
        change = {"quota": 9, "members": ["eve"], "cameras": []}
        assert (await service.ask("PATCH", path, who="boss", json=change)).status == 428
        assert (await service.ask("PATCH", path, who="boss", json=change, headers={"If-Match": '"7"'})).status == 412
        changed = await service.ask("PATCH", path, who="boss", json=change, headers={"If-Match": '"1"'})
        assert (changed.status, changed.headers["ETag"]) == (200, '"2"')
        assert (changed.json["quota"], changed.json["members"], changed.json["cameras"]) == (9, ["eve"], [])
        assert (await service.ask("PATCH", path, who="boss", json=change, headers={"If-Match": '"1"'})).status == 412
        closed = await service.ask("PATCH", path, who="boss", json={"closed": True}, headers={"If-Match": "*"})
        assert closed.json["state"] == "closed"
        again = await service.ask("PATCH", path, who="boss", json={"quota": 8}, headers={"If-Match": "*"})
        assert (again.status, again.json["type"]) == (409, "urn:zhiban:problem:conflict")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"purpose": "x"}, ["purpose"]),
        ({"owner": "ghost", "members": ["spook"]}, ["owner", "members"]),
        ({"expires_at": "2020-01-01T00:00:00Z"}, ["expires_at"]),
        ({"expires_at": "2099-01-01T00:00:00Z"}, ["expires_at"]),
        ({"expires_at": "tomorrow"}, ["expires_at"]),
        ({"quota": 0}, ["quota"]),
        ({"quota": "3"}, ["quota"]),
        ({"title": ""}, ["title"]),
        ({"colour": "red"}, ["colour"]),
        ({"members": "eve"}, ["members"]),
    ],
)
async def test_a_case_that_cannot_be_opened_says_which_field_is_wrong(fields: dict[str, Any], wrong: list[str]) -> None:
    async with office() as service:
        answer = await service.post(PATH, who="boss", json=given(service, **fields))
        assert answer.status == 422
        assert [error["field"] for error in answer.json["errors"]] == wrong
        assert (await service.get(PATH, who="boss")).json["items"] == []


async def test_an_approval_is_asked_for_by_one_and_decided_by_another() -> None:
    async with office() as service:
        path = f"{PATH}/{(await opened(service)).json['id']}/approvals"
        assert (await service.post(path, who="mei", json={"reason": "x"})).status == 422
        asked = await service.post(path, who="mei", json={"reason": "her clothes are not known"})
        assert (asked.status, asked.json["asked_by"], asked.json["granted"]) == (201, "mei", None)
        decide = f"{path}/{asked.json['id']}/decide"
        assert (await service.post(decide, who="mei", json={"grant": True})).status == 403
        granted = await service.post(decide, who="judge", json={"grant": True})
        assert (granted.status, granted.json["granted"], granted.json["decided_by"]) == (200, True, "judge")
        assert granted.json["expires_at"] is not None
        assert (await service.post(decide, who="judge", json={"grant": False})).status == 409
        for who in ("mei", "judge", "boss"):
            assert (await service.get(path, who=who)).json["items"] == [granted.json]
        assert await refusals(service) == [("request", "scope")]


async def test_what_is_anothers_and_what_is_not_there_are_refused_alike_and_audited() -> None:
    async with office() as service:
        there = (await opened(service)).json["id"]
        told = []
        for case in (there, "01a213f0-0000-7000-8000-000000000000"):
            told += [await service.get(f"{PATH}/{case}{more}", who="eve") for more in ("", "/approvals")]
            told.append(await service.post(f"{PATH}/{case}/approvals", who="eve", json={"reason": "I want to know"}))
        assert {answer.status for answer in told} == {403}
        assert len({answer.json["detail"] for answer in told}) == 1
        reasons = [reason for _, reason in await refusals(service)]
        assert reasons == ["member"] * 3 + ["case"] * 3


@pytest.mark.parametrize("who", ["viewer", "operator", "admin"])
async def test_no_role_alone_sees_anything_and_that_it_tried_is_audited(who: str) -> None:
    async with office() as service:
        case = (await opened(service)).json["id"]
        for path in (PATH, f"{PATH}/{case}", f"{PATH}/{case}/approvals"):
            answer = await service.get(path, who=who)
            assert (answer.status, "lost child" in answer.raw.decode()) == (403, False)
        assert (await service.post(PATH, who=who, json=given(service))).status == 403
        assert await refusals(service) == [("request", "scope")] * 4


async def test_where_the_association_is_off_there_is_nothing() -> None:
    async with office("off") as service:
        for method, path in (("GET", PATH), ("POST", PATH), ("GET", f"{PATH}/x")):
            more = {"json": given(service)} if method == "POST" else {}
            answer = await service.ask(method, f"/api/v1{path}", who="boss", **more)
            assert (answer.status, "[association]" in answer.json["detail"]) == (404, True)
