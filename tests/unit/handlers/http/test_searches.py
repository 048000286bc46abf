"""Searches over HTTP: begun, followed, taken away, cancelled, and refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from daemon.config import AssociationSection
from daemon.handlers.http import event_stream
from tests.association_kit import PURPOSE, somebody, world
from tests.unit.handlers.http.api import Api, api
from tests.unit.handlers.http.site_api import SEARCHES, asked, begun, ended, form, picture, refusals, served


def fields(answer: Any) -> set[str]:
    assert answer.status == 422, answer.raw
    return {error["field"] for error in answer.json["errors"]}


async def test_a_search_of_a_detection_is_begun_searched_and_got() -> None:
    async with served() as (service, here):
        first = await service.post(SEARCHES, who="mei", json=asked(here))
        assert (first.status, first.json["state"], first.json["result"]) == (202, "queued", None)
        found = (await ended(service, first.json["id"])).json
        assert (found["state"], found["case"], found["purpose"]) == ("done", here.case.id, PURPOSE)
        assert found["progress"]["found"] == len(found["result"]["hops"]) > 0
        assert found["result"]["hops"][0]["words"].startswith("body ")
        assert found["result"]["about"]["searcher_name"] == "mei"
        listed = (await service.get(SEARCHES, who="mei", params={"case": here.case.id})).json["items"]
        assert [(one["id"], one["result"]) for one in listed] == [(found["id"], None)]
        assert ("search.viewed", "") in await here.audited()


async def test_every_form_says_who_searched_in_which_case_and_is_audited() -> None:
    async with served() as (service, here):
        search_id = await begun(service, here)
        await ended(service, search_id)
        path = f"{SEARCHES}/{search_id}"
        kinds = {"svg": "image/svg+xml", "geojson": "application/geo+json", "text": "text/plain"}
        for name, kind in kinds.items():
            taken = await service.get(path, who="mei", params={"format": name, "language": "zh"})
            assert (taken.status, taken.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
            assert f'attachment; filename="search-{search_id}.{name}"' == taken.headers["Content-Disposition"]
            for known in ("mei", here.case.id):
                assert known in taken.raw.decode(), name
        assert ET.fromstring((await service.get(path, who="mei", params={"format": "svg"})).raw).tag
        assert [action for action, _ in await here.audited()].count("search.exported") == len(kinds) + 1
        assert (await service.get(path, who="mei", params={"format": "pdf"})).status == 422


async def test_what_has_found_nothing_yet_cannot_be_taken_away() -> None:
    async with served(running=False) as (service, here):
        path = f"{SEARCHES}/{await begun(service, here)}"
        assert (await service.get(path, who="mei")).json["result"] is None
        assert (await service.get(path, who="mei", params={"format": "svg"})).status == 404


async def test_a_form_of_pictures_is_searched_by_their_vectors() -> None:
    async with served() as (service, here):
        camera = world().cameras[0].id
        sent = picture()
        for number in range(3):
            later = (here.home.clock.now()).isoformat()
            kept = await service.post(
                "/association/pictures", who="keeper", data=sent, headers={"Content-Type": "image/png"},
                params={"camera": camera, "time": later, "id": f"p{number}"},
            )  # fmt: skip
            assert kept.status == 201, kept.raw
        body = {"case": here.case.id, "purpose": PURPOSE, "camera": camera, "time": "2026-11-24T23:58:00Z"}
        answer = await service.post(SEARCHES, who="mei", data=form(body, sent, picture(2)))
        assert (answer.status, answer.json["asked"]["pictures"]) == (202, 2)
        assert (await ended(service, answer.json["id"])).json["state"] == "done"
        assert sent not in json.dumps((await ended(service, answer.json["id"])).json).encode()


async def test_forms_that_cannot_be_used_are_refused_and_nothing_is_begun() -> None:
    section = AssociationSection(kind="on", pictures=2, picture_limit=4096)
    async with served(section, running=False) as (service, here):
        camera = world().cameras[0].id
        body = {"case": here.case.id, "purpose": PURPOSE, "camera": camera, "time": "2026-11-25T00:00:00Z"}
        small = picture(width=16, height=32)

        async def told(data: Any, **more: Any) -> Any:
            return await service.post(SEARCHES, who="mei", data=data, **more)

        assert fields(await told(form(None, small))) == {"search"}
        assert fields(await told(form(body, small, more=[("search", b"{}")]))) == {"search"}
        assert fields(await told(form(body, small, more=[("face", small)]))) == {"face"}
        assert fields(await told(form(body, small, small, small))) == {"picture"}
        assert fields(await told(form(body))) == {"detection"}
        assert fields(await told(form({**body, "camera": "", "time": None}, small))) == {"camera", "time"}
        assert fields(await told(form({**body, "camera": "nowhere"}, small))) == {"camera"}
        assert fields(await told(form(body, b"no picture"))) == {"picture.0"}
        assert fields(await told(form(body, small, b""))) == {"picture.1"}
        assert (await told(form(body, b"x" * 5_000))).status == 413
        assert (await told(form(b"{", small))).status == 400
        assert (await told(b"--x\r\n", headers={"Content-Type": "multipart/form-data; boundary=y"})).status == 400
        assert (await told(b"x", headers={"Content-Type": "multipart/form-data"})).status == 400
        assert (await told(b"x", headers={"Content-Type": "text/plain"})).status == 415
        assert (await here.home.stores.cases.case(here.case.id)).searches == 0


async def test_fields_that_make_no_sense_are_named() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"purpose": " "}, "purpose"),
        ({"case": None}, "case"),
        ({"colour": "red"}, "colour"),
        ({"direction_deg": 361}, "direction_deg"),
        ({"direction_deg": "north"}, "direction_deg"),
        ({"horizon_s": 0}, "horizon_s"),
        ({"horizon_s": 1e9}, "horizon_s"),
        ({"carried": [{"kind": "shoe", "value": "x"}]}, "carried.0.kind"),
        ({"forwards": False}, "forwards"),
        ({"came_from": "nowhere"}, "came_from"),
        ({"detection": ""}, "detection"),
        ({"time": "2026-11-25T00:00:00"}, "time"),
    ]
    async with served(running=False, passages=False) as (service, here):
        for more, field in wrong:
            assert fields(await service.post(SEARCHES, who="mei", json=asked(here, **more))) == {field}, more


async def test_without_scope_case_or_purpose_nothing_is_shown_and_each_try_is_audited() -> None:
    async with served(running=False) as (service, here):
        search_id = await begun(service, here)
        for who in ("viewer", "operator", "admin", "keeper", "wang"):
            for method, path, more in (
                ("POST", SEARCHES, {"json": asked(here)}),
                ("GET", f"{SEARCHES}?case={here.case.id}", {}),
                ("GET", f"{SEARCHES}/{search_id}", {}),
                ("GET", f"{SEARCHES}/{search_id}?format=svg", {}),
                ("GET", f"{SEARCHES}/{search_id}/events", {}),
                ("POST", f"{SEARCHES}/{search_id}/cancel", {}),
                ("POST", f"{SEARCHES}/{search_id}/again", {}),
            ):
                answer = await service.ask(method, f"/api/v1{path}", who=who, **more)
                assert (answer.status, answer.json["type"]) == (403, "urn:zhiban:problem:forbidden"), (who, path)
                assert PURPOSE not in answer.raw.decode()
        assert len(await refusals(here)) == 5 * 7
        for changed, reason in (
            ({"case": "none"}, "case"),
            ({"purpose": "test"}, "purpose"),
            ({"by_face": True}, "approval"),
        ):
            assert (await service.post(SEARCHES, who="mei", json=asked(here, **changed))).status == 403
            assert (await refusals(here))[-1] == reason
        assert (await service.ask("GET", f"/api/v1{SEARCHES}/{search_id}", who=None)).status == 401


async def test_a_search_that_is_not_there_looks_like_one_of_another_case() -> None:
    async with served(running=False) as (service, here):
        search_id = await begun(service, here)
        for more in ("", "/events", "?format=text"):
            theirs = await service.get(f"{SEARCHES}/{search_id}{more}", who="wang")
            nobodys = await service.get(f"{SEARCHES}/01a213f0-0000-7000-8000-000000000000{more}", who="wang")
            assert (theirs.status, theirs.json["detail"]) == (nobodys.status, nobodys.json["detail"]) == (
                403, nobodys.json["detail"],
            )  # fmt: skip


async def test_a_search_is_cancelled_once_and_begun_again() -> None:
    async with served(running=False) as (service, here):
        path = f"{SEARCHES}/{await begun(service, here)}"
        assert (await service.post(f"{path}/again", who="mei")).status == 409
        cancelled = await service.post(f"{path}/cancel", who="mei")
        assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
        assert (await service.post(f"{path}/cancel", who="mei")).status == 409
        again = await service.post(f"{path}/again", who="mei")
        assert (again.status, again.json["state"], again.json["asked"]) == (202, "queued", cancelled.json["asked"])


async def test_cancelling_sent_again_with_its_key_is_answered_again() -> None:
    async with served(running=False) as (service, here):
        path, key = f"{SEARCHES}/{await begun(service, here)}/cancel", {"Idempotency-Key": "k"}
        first = await service.post(path, who="mei", headers=key)
        again = await service.post(path, who="mei", headers=key)
        assert (first.status, again.raw, again.headers["Idempotency-Replayed"]) == (200, first.raw, "true")


async def test_a_full_queue_and_a_daemon_that_loads_say_when_to_come_back() -> None:
    async with served(AssociationSection(kind="on", queue=1), running=False) as (service, here):
        await begun(service, here)
        over = await service.post(SEARCHES, who="mei", json=asked(here))
        assert (over.status, over.json["type"], over.headers["Retry-After"]) == (
            429, "urn:zhiban:problem:too-many", "10",
        )  # fmt: skip
        here.system._loaded = None
        loading = await service.post(SEARCHES, who="mei", json=asked(here))
        assert (loading.status, "Retry-After" in loading.headers) == (503, True)
        assert (await service.post(SEARCHES, who="mei", json=asked(here, detection="none"))).status == 503


async def test_a_detection_that_is_not_there_and_a_quota_that_is_used_up_are_told() -> None:
    async with served(running=False) as (service, here):
        assert (await service.post(SEARCHES, who="mei", json=asked(here, detection="none"))).status == 404
        change = {"quota": 1}
        await service.ask("PATCH", f"/api/v1/association/cases/{here.case.id}", who="keeper", json=change,
                          headers={"If-Match": "*"})  # fmt: skip
        await begun(service, here)
        over = await service.post(SEARCHES, who="mei", json=asked(here))
        assert (over.status, (await refusals(here))[-1]) == (403, "quota")


async def until(holds: Callable[[], bool]) -> None:
    """Wait until the server has seen what happened at the other end of a connection."""
    for _ in range(1_000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came about")


async def read_events(service: Api, search_id: str, query: str = "") -> list[dict[str, Any]]:
    url = f"{service.serving.url}/api/v1{SEARCHES}/{search_id}/events{query}"
    async with service.session.get(url, headers={"Authorization": f"Bearer {service.tokens['mei']}"}) as stream:
        assert (stream.status, stream.content_type) == (200, "text/event-stream")
        async with asyncio.timeout(20):
            lines = (await stream.read()).decode().split("\n")
    assert all(not line or line.startswith(("retry: ", ": ", "event: search", "data: ")) for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


@pytest.mark.parametrize(("query", "told"), [("", False), ("?result=true", True)])
async def test_a_search_is_followed_to_its_end_with_its_way_where_that_is_asked_for(query: str, told: bool) -> None:
    async with served() as (service, here):
        search_id = await begun(service, here)
        states = await read_events(service, search_id, query)
        assert states[-1]["state"] == "done"
        assert (states[-1]["result"] is not None) is told
        compared = [state["progress"].get("compared", 0) for state in states]
        assert compared == sorted(compared)
        over = await read_events(service, search_id, query)
        assert [state["state"] for state in over] == ["done"], "what has ended is told once"


async def test_a_quiet_stream_says_that_it_is_there_and_a_reader_that_leaves_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.01)
    async with served(running=False) as (service, here):
        search_id = await begun(service, here)
        url = f"{service.serving.url}/api/v1{SEARCHES}/{search_id}/events"
        async with service.session.get(url, headers={"Authorization": f"Bearer {service.tokens['mei']}"}) as stream:
            async with asyncio.timeout(5):
                while await stream.content.readline() != b": still there\n":
                    pass
            assert here.system._followers
        await until(lambda: not here.system._followers)
        assert (await service.post(f"{SEARCHES}/{search_id}/cancel", who="mei")).status == 200


async def test_a_stream_ends_when_its_search_is_cancelled() -> None:
    async with served(running=False) as (service, here):
        search_id = await begun(service, here)
        reading = asyncio.create_task(read_events(service, search_id))
        await until(lambda: bool(here.system._followers))
        await service.post(f"{SEARCHES}/{search_id}/cancel", who="mei")
        assert [state["state"] for state in await reading] == ["queued", "cancelled"]


async def test_a_stream_tells_nothing_more_once_its_case_is_closed() -> None:
    async with served(running=False) as (service, here):
        search_id = await begun(service, here)
        reading = asyncio.create_task(read_events(service, search_id, "?result=true"))
        await until(lambda: bool(here.system._followers))
        await service.ask("PATCH", f"/api/v1/association/cases/{here.case.id}", who="keeper", json={"closed": True},
                          headers={"If-Match": "*"})  # fmt: skip
        await here.system.cancel(search_id)
        assert [state["state"] for state in await reading] == ["queued"]
        assert (await refusals(here))[-1] == "closed"


async def test_a_member_of_the_case_sees_what_another_searched() -> None:
    async with served(running=False) as (service, here):
        search_id = await begun(service, here)
        await somebody(here.home, "li")
        path = f"/api/v1/association/cases/{here.case.id}"
        changed = await service.ask("PATCH", path, who="keeper", json={"members": ["wang"]}, headers={"If-Match": "*"})
        assert changed.status == 200, changed.raw
        assert (await service.get(f"{SEARCHES}/{search_id}", who="wang")).status == 200
        await service.ask("PATCH", path, who="keeper", json={"closed": True}, headers={"If-Match": "*"})
        for who in ("mei", "wang"):
            assert (await service.get(f"{SEARCHES}/{search_id}", who=who)).status == 403


async def test_where_the_association_is_off_there_is_nothing_to_search() -> None:
    async with api() as service:
        for path in (f"{SEARCHES}?case=x", f"{SEARCHES}/x", f"{SEARCHES}/x/events"):
            answer = await service.get(path, who="admin")
            assert answer.status in {403, 404}
