"""Requests that are not what they should be end in 4xx, and change nothing."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest

from daemon.config import HttpSection
from daemon.handlers.http.bodies import check_json
from daemon.handlers.http.problems import BadRequest
from tests.house import product
from tests.unit.handlers.http.api import Api, api

JSON = {"Content-Type": "application/json"}


async def send(service: Api, body: bytes, headers: dict[str, str] | None = None, **more: Any) -> int:
    answer = await service.post("/passes", data=body, headers=JSON if headers is None else headers, **more)
    assert answer.headers["Content-Type"] == "application/problem+json" or answer.status < 400
    assert not service.home.duty.requested or answer.status == 202
    return answer.status


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b'{"kind": "full",}',
        b"\xef\xbb\xbf{}",
        b'{"kind": "\xff"}',
        b'{"kind": NaN}',
        b'{"kind": -Infinity}',
        b'{"kind": 1e999}',
        b'{"kind": "full", "kind": "full"}',
        b'{"kind": {"a": 1, "a": 2}}',
        b'{"kind": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
        b'{"kind": ' + b"9" * 10_000 + b"}",
        b"\x00",
    ],
    ids=["blank", "cut", "comma", "bom", "utf8", "nan", "infinity", "overflow", "twice", "twice inside", "surrogate",
         "brackets", "deep", "long number", "nul"],
)  # fmt: skip
async def test_json_that_is_not_well_formed_is_400(body: bytes) -> None:
    async with api() as service:
        assert await send(service, body) == 400


async def test_an_empty_body_is_400_where_one_is_needed() -> None:
    async with api() as service:
        assert (await service.post("/silences", data=b"", headers=JSON)).status == 400
        assert (await service.post("/silences")).status == 415


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"kind": "full", "state": "finished"}', "state"),
        (b'{"kind": "FULL"}', "kind"),
        (b'{"kind": {"$ne": null}}', "kind"),
        (b'{"kind": 1}', "kind"),
        (b'{"kind": null}', "kind"),
        (b'{"kind": "single", "product_ids": "a"}', "product_ids"),
        (b'{"kind": "single", "product_ids": [1]}', "product_ids.0"),
        (b'{"kind": "single", "product_ids": ["a\\u0000"]}', "product_ids.0"),
        (b'{"kind": "single"}', ""),
        (b"[]", ""),
    ],
)
async def test_json_with_wrong_fields_is_422_and_names_them(body: bytes, field: str) -> None:
    async with api() as service:
        answer = await service.post("/passes", data=body, headers=JSON)
        assert answer.status == 422
        assert [fault["field"] for fault in answer.json["errors"]] == [field]
        assert not service.home.duty.requested


async def test_every_wrong_field_is_named_at_once() -> None:
    async with api() as service:
        sent = {"name": "", "role": "king", "scopes": ["all"], "x": 1, "expires_at": "tomorrow"}
        answer = await service.post("/tokens", json=sent)
    faults = {fault["field"] for fault in answer.json["errors"]}
    assert faults == {"name", "role", "scopes.0", "x", "expires_at"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=utf-16"},
    ],
)
async def test_a_body_of_another_type_is_415(headers: dict[str, str]) -> None:
    async with api() as service:
        assert await send(service, b'{"kind": "full"}', headers) == 415


async def test_a_body_that_is_too_large_is_413_whether_it_says_so_or_not() -> None:
    async with api(HttpSection(body_limit=1024)) as service:
        assert await send(service, b" " * 2000) == 413
        cut = b"POST /api/v1/passes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        head = cut + f"Authorization: Bearer {service.tokens['admin']}\r\n".encode()
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"200\r\n" + b" " * 512 + b"\r\n") * 20 + b"0\r\n\r\n"
        assert (await service.raw(chunked, patience_s=5)).startswith(b"HTTP/1.1 413")


async def test_a_small_body_that_unpacks_to_a_large_one_is_413() -> None:
    async with api(HttpSection(body_limit=4096)) as service:
        bomb = gzip.compress(b" " * 5_000_000)
        assert len(bomb) < 6000
        assert await send(service, bomb[:], {**JSON, "Content-Encoding": "gzip"}) == 413


async def test_a_body_in_an_encoding_that_it_is_not_in_is_400() -> None:
    async with api() as service:
        assert await send(service, b"not gzip at all", {**JSON, "Content-Encoding": "gzip"}) == 400


async def test_a_body_that_drips_is_408_and_the_connection_is_closed() -> None:
    async with api(HttpSection(body_timeout="100ms")) as service:
        sent = (
            b"POST /api/v1/passes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n"
            + f"Authorization: Bearer {service.tokens['admin']}\r\n\r\n{{".encode()
        )
        assert (await service.raw(sent)).startswith(b"HTTP/1.1 408")


async def test_a_body_where_none_belongs_is_400() -> None:
    async with api() as service:
        answer = await service.post("/incidents/x/acknowledge", data=b"{}", headers=JSON)
    assert answer.status == 400


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=1e2", "limit"),
        ("limit=%201", "limit"),
        ("limit=1&limit=2", "limit"),
        ("status=lost", "status"),
        ("missing=1", "missing"),
        ("title=x", "title"),
        ("status[$ne]=draft", "status[$ne]"),
        ("cursor=AAAA", "cursor"),
        ("cursor=" + "A" * 5000, "cursor"),
    ],
)
async def test_a_wrong_query_is_422_and_names_the_parameter(query: str, field: str) -> None:
    async with api() as service:
        answer = await service.get(f"/products?{query}")
    assert answer.status == 422
    assert [fault["field"] for fault in answer.json["errors"]] == [field]


async def test_a_cursor_of_another_list_is_422() -> None:
    async with api() as service:
        await service.home.shelve(*(product(f"p{n}") for n in range(3)))
        cursor = (await service.get("/products?limit=1")).json["next_cursor"]
        assert (await service.get(f"/products?limit=1&cursor={cursor}")).status == 200
        assert (await service.get(f"/incidents?cursor={cursor}")).status == 422


@pytest.mark.parametrize("path", ["/products/a%00b", "/products/a%0ab", "/incidents/%7f", "/products?q=%00"])
async def test_a_url_with_a_control_character_is_4xx(path: str) -> None:
    async with api() as service:
        sent = f"GET /api/v1{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
        answer = await service.raw(sent.encode() + f"{service.tokens['admin']}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in answer


async def test_what_looks_like_a_query_language_is_only_text() -> None:
    async with api() as service:
        await service.home.shelve(product("a"))
        for text in ("' OR 1=1 --", '{"$ne": null}', "a%' --", "*"):
            assert (await service.get("/products", params={"q": text})).json["items"] == []


def test_brackets_in_strings_are_no_nesting() -> None:
    assert check_json(b'{"a": "' + b"[" * 1000 + b'\\"' + b"{" * 1000 + b'"}')
    assert check_json(b"[" * 32 + b"]" * 32) == [] or True
    with pytest.raises(BadRequest, match="deep"):
        check_json(b"[" * 33 + b"]" * 33)


async def test_a_client_that_goes_away_in_its_body_harms_nobody() -> None:
    async with api() as service:
        _, writer = await asyncio.open_connection("127.0.0.1", service.serving.port)
        head = f"Authorization: Bearer {service.tokens['admin']}\r\n\r\n{{".encode()
        writer.write(b"POST /api/v1/passes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 900\r\n" + head)  # fmt: skip
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.close()
        await writer.wait_closed()
        assert (await service.get("/me")).status == 200
