"""Detections, pictures, passages and models over HTTP."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import numpy as np

from daemon.config import AssociationSection
from tests.association_kit import BODY, FACE, PURPOSE, Site, confirmed, first_target, world
from tests.unit.handlers.http.api import Api, api
from tests.unit.handlers.http.site_api import picture, refusals, served

CAMERAS, DETECTIONS, PICTURES, PASSAGES = (
    f"/association/{name}" for name in ("cameras", "detections", "pictures", "passages")
)
LINES = {"Content-Type": "application/x-ndjson"}
PNG = {"Content-Type": "image/png"}


def line(here: Site, **more: Any) -> bytes:
    """Return a detection of a minute ago as a line."""
    vector = np.arange(1, 65, dtype=np.float16)
    when = (here.home.clock.now() - timedelta(minutes=1)).isoformat()
    given = {"id": "n1", "camera": world().cameras[0].id, "time": when, "body_model": BODY,
             "body": base64.b64encode(vector.tobytes()).decode(), **more}  # fmt: skip
    return json.dumps({name: value for name, value in given.items() if value is not None}).encode()


async def send(service: Api, *lines: bytes, path: str = DETECTIONS, who: str = "keeper", **more: Any) -> Any:
    return await service.post(path, who=who, data=b"\n".join(lines), headers=LINES, **more)


async def test_detections_are_kept_once_and_those_that_cannot_be_are_refused_by_themselves() -> None:
    async with served(running=False, passages=False) as (service, here):
        bad = [
            b"{", b"[]", b"\xff\xfe", line(here, id="x1", time="2026-11-25T00:00:00"), line(here, id="x2", camera=""),
            line(here, id="x3", time="2020-01-01T00:00:00Z"), line(here, id="x4", body="!!"),
            line(here, id="x5", body=base64.b64encode(b"abc").decode()), line(here, id="x6", dtype="float64"),
            line(here, id="x7", colour="red"), line(here, id="x8", body_model=""),
        ]  # fmt: skip
        answer = await send(service, line(here), *bad, line(here, id="n2", box=[1, 2, 30, 40], track="t", quality=0.5))
        assert (answer.status, answer.json["stored"], answer.json["known"]) == (200, 2, 0)
        refused = dict(answer.json["refused"])
        assert set(refused) == set(range(1, len(bad) + 1)), refused
        assert all(why and "Traceback" not in why for why in refused.values())
        assert "[retention]" in refused[6]
        early = await send(service, line(here, id="n3", camera="comes-later"))
        assert early.json["stored"] == 1, "cameras may come after what they saw"
        again = await send(service, line(here))
        assert (again.json["stored"], again.json["known"]) == (0, 1)
        other = await send(service, line(here, quality=0.9))
        assert [place for place, _ in other.json["refused"]] == [0], "the same id with other content"


async def test_a_batch_needs_its_content_type_and_its_limits() -> None:
    async with served(AssociationSection(kind="on", ingest_limit=2_048), running=False, fill=False) as (service, here):
        assert (await service.post(DETECTIONS, who="keeper", data=b"{}", headers=PNG)).status == 415
        assert (await service.post(PASSAGES, who="keeper", json={"passages": []})).status == 415
        assert (await send(service, *[line(here)] * 20)).status == 413
        empty = await send(service)
        assert (empty.status, empty.json["stored"]) == (200, 0)
    async with served(running=False, fill=False) as (service, here):
        assert (await send(service, b'{"id": "' + b"a" * 300_000)).status == 400


async def test_who_ingests_needs_the_scope_for_it() -> None:
    async with served(running=False, fill=False) as (service, here):
        for who in ("mei", "admin", "viewer"):
            assert (await send(service, line(here), who=who)).status == 403
            assert (await send(service, path=PASSAGES, who=who)).status == 403
            assert (await service.ask("DELETE", f"/api/v1{CAMERAS}/c0", who=who)).status == 403
            assert (await service.post(PICTURES, who=who, data=picture(), headers=PNG)).status == 403
        assert set(await refusals(here)) == {"scope"}
        assert (await service.get(CAMERAS, who="keeper")).status == 403


async def test_a_picture_is_embedded_and_kept_as_a_detection() -> None:
    async with served(running=False, fill=False) as (service, here):
        camera, now = world().cameras[0].id, here.home.clock.now().isoformat()
        frame = picture(width=200, height=300)

        async def put(content: bytes = frame, **query: Any) -> Any:
            given = {"camera": camera, "time": now, **query}
            return await service.post(PICTURES, who="keeper", data=content, headers=PNG, params=given)

        kept = await put(box="40,50,64,128", direction_deg=90, track="t1", id="p1")
        assert (kept.status, kept.json["id"], kept.json["box"]) == (201, "p1", [40, 50, 64, 128])
        assert kept.json["body_model"].startswith("stripe")
        assert 0 < kept.json["quality"] <= 1
        named = await put()
        assert (named.status, len(named.json["id"])) == (201, 36), "without an id one is made"
        for query, field in (
            ({"box": "1,2,3"}, "box"), ({"box": "1,2,-,4"}, "box"), ({"time": "yesterday"}, "time"),
            ({"direction_deg": 400}, "direction_deg"), ({"camera": ""}, "camera"),
        ):  # fmt: skip
            wrong = await put(**query)
            assert (wrong.status, [e["field"] for e in wrong.json["errors"]]) == (422, [field]), query
        for content, more in ((b"no picture", {}), (b"", {}), (frame[:200], {}), (frame, {"box": "900,0,10,10"}),
                              (frame, {"time": "2020-01-01T00:00:00Z"})):  # fmt: skip
            assert (await put(content, **more)).status == 422
        flat = np.zeros((128, 64, 3), np.uint8).tobytes()
        assert (await put(flat)).status == 422
        assert (await here.gallery.detection("p1")).body is not None


async def test_a_picture_beyond_the_limit_is_refused_and_one_that_comes_while_loading_waits() -> None:
    async with served(AssociationSection(kind="on", picture_limit=1_024), running=False, fill=False) as (service, here):
        query = {"camera": world().cameras[0].id, "time": here.home.clock.now().isoformat()}
        content = picture(width=200, height=300) + b"x" * 2_000
        assert (await service.post(PICTURES, who="keeper", data=content, headers=PNG, params=query)).status == 413
        here.system._loaded = None
        assert (await service.post(PICTURES, who="keeper", data=b"x", headers=PNG, params=query)).status == 503


async def test_a_detection_is_shown_within_a_case_that_covers_its_camera() -> None:
    async with served(running=False) as (service, here):
        shown = first_target().detection
        path, why = f"{DETECTIONS}/{shown}", {"case": here.case.id, "purpose": PURPOSE}
        seen = await service.get(path, who="mei", params=why)
        assert (seen.status, seen.json["id"], "body" in seen.json) == (200, shown, False)
        assert (await service.get(path, who="mei")).status == 422
        assert (await service.get(path, who="mei", params={**why, "purpose": "x"})).status == 403
        assert (await service.get(path, who="wang", params=why)).status == 403
        other = next(one.id for one in world().cameras if one.id != seen.json["camera"])
        await service.ask("PATCH", f"/api/v1/association/cases/{here.case.id}", who="keeper",
                          json={"cameras": [other]}, headers={"If-Match": "*"})  # fmt: skip
        hidden = await service.get(path, who="mei", params=why)
        assert (hidden.status, shown in hidden.raw.decode()) == (403, False)
        assert (await refusals(here))[-3:] == ["purpose", "member", "camera"]
        assert ("detection.viewed", "") in await here.audited()


async def test_passages_are_learnt_of_and_wrong_ones_are_named_by_line() -> None:
    async with served(running=False, passages=False) as (service, here):
        lines = [json.dumps({"detections": passage}).encode() for passage in confirmed()[:8]]
        learnt = (await send(service, *lines, path=PASSAGES)).json["learnt"]
        assert [(one["body_model"], one["face_model"], one["used"]) for one in learnt] == [
            (BODY, "", 8), (BODY, FACE, 8),
        ]  # fmt: skip
        more = (await send(service, lines[0], path=PASSAGES, params={"replace": "true"})).json["learnt"]
        assert {one["passages"] for one in more} == {1}
        wrong = await send(service, lines[0], b"{}", b'{"detections": ["d1", 2]}', b"x", path=PASSAGES)
        assert (wrong.status, [e["field"] for e in wrong.json["errors"]]) == (422, ["line.2", "line.3", "line.4"])
        assert (await send(service, path=PASSAGES)).status == 422
        assert (await send(service, b'{"detections": ["d1"]}', path=PASSAGES)).status == 422
        assert len(await here.system.sites.passages()) == 1


async def test_without_detections_there_is_nothing_to_learn_of() -> None:
    async with served(running=False, fill=False) as (service, _):
        assert (await send(service, b'{"detections": ["a", "b"]}', path=PASSAGES)).status == 404


async def test_models_tell_what_embeds_and_what_is_kept() -> None:
    async with served(running=False) as (service, _):
        told = (await service.get("/association/models", who="mei")).json
        assert (told["state"], told["face_model"]) == ("on", "")
        assert {(one["body_model"], one["face_model"]) for one in told["kept"]} == {(BODY, ""), (BODY, FACE)}
        assert all(one["detections"] > 0 for one in told["kept"])


async def test_where_the_association_is_off_there_is_nothing_to_be_kept() -> None:
    async with api() as service:
        answer = await service.get(CAMERAS, who="admin")
        assert answer.status == 403, "nobody has a scope that comes by name"
