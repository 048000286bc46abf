"""Sources that are URLs, from servers that behave and others."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from daemon.adapters.source_reader import HttpSourceReader
from daemon.config import NetworkSection
from daemon.errors import Unavailable
from daemon.ports import Download
from tests.house import Inline
from tests.unit.adapters.serving import Handler, serving

_CSV = b"id,title\n1,Board\n" * 200_000
_MANY = 1 << 30


async def _download(handler: Handler, directory: Path, path: str = "/feed", **given: Any) -> Download:
    most = given.pop("max_bytes", _MANY)
    conditions = given.pop("etag", None), given.pop("last_modified", None)
    reader = HttpSourceReader(NetworkSection(), Inline(), directory=directory, **given)
    async with serving(handler) as base:
        return await reader.download(base + path, *conditions, most)


async def test_file_is_brought_to_disk_with_what_a_later_request_needs(tmp_path: Path) -> None:
    async def handler(_: web.Request) -> web.Response:
        headers = {"ETag": '"v1"', "Last-Modified": "Wed, 25 Nov 2026 00:00:00 GMT", "Content-Type": "text/csv"}
        return web.Response(body=_CSV, headers=headers)

    found = await _download(handler, tmp_path)
    assert found.path is not None
    assert Path(found.path).read_bytes() == _CSV
    assert Path(found.path).parent == tmp_path
    assert (found.etag, found.last_modified) == ('"v1"', "Wed, 25 Nov 2026 00:00:00 GMT")
    assert found.content_type == "text/csv"


async def test_unchanged_file_is_not_brought_again(tmp_path: Path) -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append((request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")))
        return web.Response(status=304, headers={"ETag": '"v1"'})

    found = await _download(handler, tmp_path, etag='"v1"', last_modified="yesterday")
    assert found == Download(path=None, etag='"v1"')
    assert asked == [('"v1"', "yesterday")]
    assert not list(tmp_path.iterdir())


async def test_packed_file_is_unpacked(tmp_path: Path) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(_CSV), headers={"Content-Encoding": "gzip"})

    found = await _download(handler, tmp_path)
    assert found.path is not None
    assert Path(found.path).read_bytes() == _CSV


@pytest.mark.parametrize("packed", [False, True])
async def test_file_over_the_limit_is_given_up_and_nothing_is_left(tmp_path: Path, packed: bool) -> None:
    async def handler(_: web.Request) -> web.Response:
        if packed:
            return web.Response(body=gzip.compress(bytes(1 << 26)), headers={"Content-Encoding": "gzip"})
        return web.Response(body=_CSV)

    with pytest.raises(Unavailable, match="more than 2000000 bytes"):
        await _download(handler, tmp_path, max_bytes=2_000_000)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("status", [204, 401, 404, 500])
async def test_other_answers_are_told(tmp_path: Path, status: int) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status)

    with pytest.raises(Unavailable, match=f"status {status}"):
        await _download(handler, tmp_path)


async def test_configured_address_may_be_private_and_redirect_to_itself(tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/feed":
            raise web.HTTPFound("/real")
        return web.Response(body=b"x")

    assert (await _download(handler, tmp_path)).path is not None


async def test_redirect_to_another_private_address_is_refused(tmp_path: Path) -> None:
    async def handler(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://169.254.169.254/latest/meta-data")

    with pytest.raises(Unavailable, match=r"169\.254\.169\.254 is not a public address"):
        await _download(handler, tmp_path)


async def test_circle_ends(tmp_path: Path) -> None:
    async def handler(_: web.Request) -> web.Response:
        raise web.HTTPFound("/feed")

    with pytest.raises(Unavailable, match="circle"):
        await _download(handler, tmp_path)


async def test_slow_server_is_given_up_and_nothing_is_left(tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"id,title\n")
        await asyncio.sleep(0.2)
        return answer

    with pytest.raises(Unavailable, match="no answer in time"):
        await _download(handler, tmp_path, total_s=0.03)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["", "feed.csv", "ftp://x/feed", "http://[::1"])
async def test_what_is_no_web_address_is_told(url: str) -> None:
    with pytest.raises(Unavailable, match="is no"):
        await HttpSourceReader(NetworkSection(), Inline()).download(url, None, None, _MANY)
