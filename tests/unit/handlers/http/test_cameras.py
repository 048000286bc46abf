"""The network of cameras over HTTP: replaced whole, and a camera at a time."""

from __future__ import annotations

import json

import pytest

from tests.association_kit import world
from tests.unit.handlers.http.site_api import served

CAMERAS = "/association/cameras"
SQUARE = """id,longitude,latitude
a,8.0,47.0
b,8.001,47.0
"""


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/csv", SQUARE),
        ("application/geo+json", json.dumps({"type": "FeatureCollection", "features": [
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [8.0 + n / 1000, 47.0]},
             "properties": {"camera": camera}} for n, camera in enumerate("ab")]})),
    ],
)  # fmt: skip
async def test_a_network_is_replaced_by_a_file(kind: str, content: str) -> None:
    async with served(running=False, fill=False) as (service, here):
        path, headers = f"{CAMERAS}:import", {"Content-Type": kind}
        read = await service.post(path, who="keeper", data=content.encode(), headers=headers)
        assert (read.status, read.json["cameras"]) == (200, 2), read.raw
        network = (await service.get(CAMERAS, who="mei")).json
        assert [camera["id"] for camera in network["cameras"]] == ["a", "b"]
        assert ("network.replaced", "") in await here.audited()
        wrong = await service.post(path, who="keeper", data=b"nothing", headers=headers)
        assert wrong.status == 422, wrong.raw
        assert len((await service.get(CAMERAS, who="mei")).json["cameras"]) == 2, "the one before stays"
        assert (await service.post(path, who="keeper", data=b"x", headers={"Content-Type": "text/html"})).status == 415


async def test_a_camera_is_added_moved_and_taken_out() -> None:
    async with served(running=False, fill=False) as (service, here):
        near, path = world().cameras[0], f"/api/v1{CAMERAS}/new"
        place = {"longitude": near.longitude + 0.0005, "latitude": near.latitude}
        ways = [
            {"origin": "new", "target": near.id, "metres": 60.0},
            {"origin": near.id, "target": "new", "metres": 60.0},
        ]
        assert (await service.ask("PUT", path, who="keeper", json={**place, "ways": ways})).status == 204
        network = (await service.get(CAMERAS, who="mei")).json
        assert "new" in {camera["id"] for camera in network["cameras"]}
        assert len([way for way in network["ways"] if "new" in {way["origin"], way["target"]}]) == 2
        for body in (
            {**place, "latitude": 91}, {**place, "ways": [{"origin": near.id, "target": "c1", "metres": 5.0}]},
            {**place, "ways": [{"origin": "new", "target": near.id, "metres": -1}]}, {"longitude": 8}, {},
            {**place, "ways": [{"origin": "new", "target": "ghost", "metres": 5.0}]},
        ):  # fmt: skip
            answer = await service.ask("PUT", path, who="keeper", json=body)
            assert answer.status == 422, (body, answer.raw)
        assert (await service.ask("DELETE", path, who="keeper")).status == 204
        assert (await service.ask("DELETE", path, who="keeper")).status == 404
        actions = [action for action, _ in await here.audited()]
        assert (actions.count("camera.put"), actions.count("camera.removed")) == (1, 1)
