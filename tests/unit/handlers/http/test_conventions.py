"""What holds for every answer: problems, ids, headers, the log line, keys, health."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from daemon.adapters.sql import SqlStores, open_stores
from daemon.config import HttpSection
from daemon.errors import StoreFull, Unavailable
from daemon.handlers.http.callers import Proxies
from daemon.handlers.http.repeats import KEPT_S
from daemon.handlers.http.server import ROUTES
from tests.contract.makers import batch, incident
from tests.house import House, house, product
from tests.unit.handlers.http.api import Api, api

HARDENED = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "zhiban",
}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not-found"),
        ("GET", "/api/v1/none", 404, "not-found"),
        ("GET", "/api/v1/products/", 404, "not-found"),
        ("PUT", "/api/v1/products", 405, "method-not-allowed"),
        ("OPTIONS", "/api/v1/products", 405, "method-not-allowed"),
        ("GET", "/api/v1/incidents/none", 404, "not-found"),
        ("GET", "/api/v1/products?limit=x", 422, "invalid-input"),
    ],
)
async def test_every_refusal_is_a_problem(method: str, path: str, status: int, code: str) -> None:
    async with api() as service:
        answer = await service.ask(method, path)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["type"] == f"urn:zhiban:problem:{code}"
    assert answer.json["status"] == status
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert {name: answer.headers[name] for name in HARDENED} == HARDENED
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert ("Allow" in answer.headers) == (status == 405)


async def test_a_good_answer_carries_the_same_headers() -> None:
    async with api() as service:
        answer = await service.get("/products", headers={"Origin": "https://evil.example"})
    assert {name: answer.headers[name] for name in HARDENED} == HARDENED
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(("given", "kept"), [("abc-1.2_3", True), ("", False), ("a b", False), ("x" * 65, False)])
async def test_a_request_id_is_taken_over_when_it_is_harmless(given: str, kept: bool) -> None:
    async with api() as service:
        answer = await service.get("/me", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) == kept
    assert len(answer.headers["X-Request-ID"]) >= 8


async def test_one_line_is_logged_of_a_request_with_neither_token_nor_query() -> None:
    async with api() as service:
        await service.home.shelve(product("secret-product"))
        with capture_logs() as lines:
            await service.get("/products?q=canary", headers={"X-Request-ID": "r-1"})
            await service.get("/products/secret-product", who=None, headers={"Authorization": "Bearer zhb_canary"})
        token = service.tokens["admin"]
    assert [line["event"] for line in lines] == ["request.finished"] * 2
    assert lines[0]["route"] == "/api/v1/products"
    assert (lines[0]["method"], lines[0]["status"], lines[0]["request_id"]) == ("GET", 200, "r-1")
    assert lines[0]["actor"]
    assert lines[0]["duration_ms"] >= 0
    assert (lines[1]["status"], lines[1]["problem"], lines[1]["actor"]) == (401, "unauthorized", "")
    assert not any(word in str(lines) for word in ("canary", "secret-product", token))


async def test_a_fault_of_ours_is_a_bare_500_and_its_trace_is_in_the_log_alone() -> None:
    async def broken(_: web.Request) -> web.Response:
        raise ZeroDivisionError("canary")

    async with api(extra_routes=[web.get("/broken", broken)]) as service:
        with capture_logs() as lines:
            answer = await service.ask("GET", "/broken")
        assert (await service.get("/me")).status == 200
    assert answer.status == 500
    assert b"canary" not in answer.raw
    assert b"Zero" not in answer.raw
    assert [line["event"] for line in lines] == ["request.failed", "request.finished"]


async def test_routes_that_others_add_are_served_to_everyone() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<p>", content_type="text/html", headers={"Cache-Control": "max-age=60"})

    async with api(extra_routes=[web.get("/demo/", page)]) as service:
        answer = await service.ask("GET", "/demo/", who=None)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "max-age=60")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_store_that_cannot_be_reached_is_503_and_readyz_says_so_while_healthz_does_not_care() -> None:
    async with api() as service:
        await break_store(service.home)
        assert (await service.ask("GET", "/healthz", who=None)).json == {"status": "ok"}
        ready = await service.ask("GET", "/readyz", who=None)
        assert (ready.status, ready.json) == (
            503,
            {"ready": False, "parts": {"daemon": True, "store": False}, "problems": {"store": "the disk is gone"}},
        )
        answer = await service.get("/incidents")
        assert (answer.status, answer.json["type"]) == (503, "urn:zhiban:problem:unavailable")
        assert answer.headers["Retry-After"]
        assert (await service.ask("GET", "/metrics", who=None)).status == 200


async def break_store(home: House) -> None:
    async def unreachable(*_: Any, **__: Any) -> Any:
        raise Unavailable("the disk is gone")

    incidents = home.stores.incidents
    incidents.check = incidents.counts = incidents.find = unreachable  # type: ignore[method-assign]


async def test_a_full_disk_is_503_at_readyz_until_a_write_finds_room(tmp_path: Path) -> None:
    home = house()
    async with open_stores(tmp_path / "state" / "x.db") as stores:
        home.duty.ports = replace(home.duty.ports, incidents=stores.incidents)
        async with api(home=home) as service:
            await fill(stores)
            ready = await service.ask("GET", "/readyz", who=None)
            assert (ready.status, ready.json["parts"]["store"]) == (503, False)
            assert "the disk is full" in ready.json["problems"]["store"]
            assert (await service.get("/incidents")).status == 200

            await limit(stores, 1_000_000)
            await stores.incidents.commit(batch(incidents=[incident()]))
            ready = await service.ask("GET", "/readyz", who=None)
            assert (ready.status, ready.json) == (200, {"ready": True, "parts": {"daemon": True, "store": True}})


async def limit(stores: SqlStores, pages: int) -> None:
    writer = stores.incidents._database._writer
    await writer.run(lambda connection: connection.execute(f"PRAGMA max_page_count={pages}").fetchone())


async def fill(stores: SqlStores) -> None:
    await limit(stores, 1)
    with pytest.raises(StoreFull):
        await stores.incidents.commit(batch(incidents=[incident(message="x" * 200_000)]))


async def test_readyz_is_503_until_the_daemon_is_ready() -> None:
    async with api() as service:
        assert (await service.ask("GET", "/readyz", who=None)).status == 200
        service.ready = False
        assert (await service.ask("GET", "/readyz", who=None)).status == 503
        assert (await service.ask("GET", "/healthz", who=None)).status == 200


async def test_metrics_tell_of_incidents_and_requests() -> None:
    async with api() as service:
        await service.get("/me")
        answer = await service.ask("GET", "/metrics", who=None)
    assert b'zhiban_incidents{state="open"} 0.0' in answer.raw
    assert b'zhiban_http_requests_total{method="GET",route="/api/v1/me",status="200"} 1.0' in answer.raw


async def test_a_request_that_takes_too_long_is_503() -> None:
    async with api(HttpSection(request_timeout="50ms")) as service:

        async def never(*_: Any, **__: Any) -> Any:
            await asyncio.Event().wait()

        service.home.stores.incidents.find = never  # type: ignore[method-assign]
        answer = await service.get("/incidents")
    assert (answer.status, answer.json["type"]) == (503, "urn:zhiban:problem:unavailable")


async def test_a_repeated_request_with_the_same_key_is_done_once() -> None:
    async with api() as service:
        sent = {"json": {"kind": "full"}, "headers": {"Idempotency-Key": "k-1"}}
        first, second = [await service.post("/passes", **sent) for _ in range(2)]
        assert (second.status, second.json) == (first.status, first.json)
        assert second.headers["Idempotency-Replayed"] == "true"
        assert len(service.home.duty.requested) == 1

        other = {"json": {"kind": "changed"}, "headers": {"Idempotency-Key": "k-1"}}
        assert (await service.post("/passes", **other)).status == 409
        assert (await service.post("/passes", who="operator", **other)).status == 202
        service.home.clock.advance(KEPT_S + 1)
        assert (await service.post("/passes", **other)).status == 202


async def test_a_failed_request_may_be_repeated_with_its_key() -> None:
    async with api() as service:
        key = {"Idempotency-Key": "k"}
        assert (await service.post("/incidents/none/acknowledge", headers=key)).status == 404
        assert (await service.post("/incidents/none/acknowledge", headers=key)).status == 404
        for wrong in ("", " ", "ü", "x" * 256):
            answer = await service.post("/incidents/none/acknowledge", headers={"Idempotency-Key": wrong})
            assert answer.status in {400, 404}
            assert answer.status == 400 or not wrong.strip()


async def test_while_a_request_is_worked_on_its_key_is_taken() -> None:
    async with api() as service:
        arrived, leave = asyncio.Event(), asyncio.Event()
        original: Callable[..., Awaitable[None]] = service.home.stores.incidents.add_pass

        async def slow(record: Any) -> None:
            arrived.set()
            await leave.wait()
            await original(record)

        service.home.stores.incidents.add_pass = slow  # type: ignore[method-assign]
        sent = {"json": {"kind": "full"}, "headers": {"Idempotency-Key": "k"}}
        first = asyncio.create_task(service.post("/passes", **sent))
        await arrived.wait()
        assert (await service.post("/passes", **sent)).status == 409
        leave.set()
        assert (await first).status == 202
        assert len(service.home.duty.requested) == 1


async def test_closing_waits_for_requests_and_takes_no_new_ones() -> None:
    async with api() as service:
        first, leave = await held(service)
        closing = asyncio.create_task(service.serving.close())
        await asyncio.sleep(0.02)
        assert not closing.done()
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", service.serving.port)
        leave.set()
        assert (await first).status == 200
        await asyncio.wait_for(closing, 1)


async def test_ending_cancels_a_request_that_does_not_end() -> None:
    async with api() as service:
        first, _ = await held(service)
        closing = asyncio.create_task(service.serving.close())
        await asyncio.sleep(0.02)
        closing.cancel()
        async with asyncio.timeout(1.5):
            await service.serving.end()
        outcome = (await asyncio.gather(first, return_exceptions=True))[0]
    assert isinstance(outcome, Exception)


async def held(service: Api) -> tuple[asyncio.Task[Any], asyncio.Event]:
    """Return a request that has arrived and is answered when the event is set."""
    arrived, leave = asyncio.Event(), asyncio.Event()
    original = service.home.stores.incidents.find

    async def slow(*args: Any, **more: Any) -> Any:
        arrived.set()
        await leave.wait()
        return await original(*args, **more)

    service.home.stores.incidents.find = slow  # type: ignore[method-assign]
    first = asyncio.create_task(service.get("/incidents"))
    await arrived.wait()
    return first, leave


async def test_an_address_that_is_taken_is_a_clear_error() -> None:
    async with api() as service:
        from daemon.handlers.http.server import serve

        section = HttpSection(port=service.serving.port)
        with pytest.raises(Unavailable, match=f"cannot listen on 127.0.0.1:{section.port}"):
            async with serve(service.app, section):
                pass


class FakeRequest:
    def __init__(self, remote: str, *forwarded: str, other: str = "") -> None:
        from multidict import CIMultiDict

        self.remote = remote
        self.headers = CIMultiDict([("X-Forwarded-For", value) for value in forwarded])
        if other:
            self.headers["Forwarded"] = other


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("127.0.0.1, 203.0.113.9",), "203.0.113.9"),
        ("10.0.0.1", ("203.0.113.9, 10.0.0.2",), "203.0.113.9"),
        ("10.0.0.1", ("127.0.0.1", "203.0.113.9"), "203.0.113.9"),
        ("10.0.0.1", ("evil",), ""),
        ("10.0.0.1", (), "10.0.0.1"),
        ("::ffff:10.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("198.51.100.7", ("127.0.0.1",), ""),
        ("127.0.0.1", ("127.0.0.1",), ""),
        ("127.0.0.1", (), "127.0.0.1"),
    ],
)
def test_only_our_proxies_are_believed(remote: str, forwarded: tuple[str, ...], client: str) -> None:
    proxies = Proxies.of(("10.0.0.0/8",))
    assert proxies.client(FakeRequest(remote, *forwarded)) == client  # type: ignore[arg-type]


def test_a_forwarded_header_of_a_stranger_makes_nobody_local() -> None:
    assert Proxies.of(()).client(FakeRequest("127.0.0.1", other="for=127.0.0.1")) == ""  # type: ignore[arg-type]


async def test_the_table_names_every_operation_once() -> None:
    home = house()
    async with api(home=home) as service:
        names = [route.operation for route in service.app[ROUTES]]
        places = [(route.method, route.path) for route in service.app[ROUTES]]
    assert len(set(names)) == len(names)
    assert len(set(places)) == len(places)
