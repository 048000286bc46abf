"""What each resource answers, and what its writes do."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from daemon.config import ChannelSection, Config, SourceSection
from daemon.handlers.http.products import Correction
from daemon.handlers.http.sources import without_secrets
from daemon.products.passes import PassKind
from daemon.products.product import Unparsed
from daemon.services import passes
from daemon.services.products import CORRECTABLE
from tests.house import product
from tests.unit.handlers.http.api import Api, an_hour_later, api


async def with_incident(service: Api, *ids: str) -> list[str]:
    """Shelve products without a price and take a pass; return the incidents."""
    await service.home.shelve(*(product(product_id, None) for product_id in ids or ("bad",)))
    await passes.tick(service.home.duty)
    return [item["id"] for item in (await service.get("/incidents")).json["items"]]


async def test_products_are_listed_in_pages_in_the_order_of_their_ids() -> None:
    async with api() as service:
        await service.home.shelve(*(product(f"p{n}") for n in range(5)))
        seen, cursor = [], ""
        while True:
            answer = await service.get(f"/products?limit=2{cursor}")
            seen += [item["id"] for item in answer.json["items"]]
            if answer.json["next_cursor"] is None:
                break
            cursor = f"&cursor={answer.json['next_cursor']}"
    assert seen == ["p0", "p1", "p2", "p3", "p4"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("status=draft", []),
        ("status=listed", ["a", "b"]),
        ("brand=Ming", ["b"]),
        ("category=tea", ["a"]),
        ("sku=x-1", ["a"]),
        ("gtin=0036000291452", ["b"]),
        ("q=TEA%20B", ["b"]),
        ("missing=true", []),
        ("missing=false&source=shop", ["a", "b"]),
        ("source=other", []),
    ],
)
async def test_products_are_filtered(query: str, ids: list[str]) -> None:
    async with api() as service:
        await service.home.shelve(
            product("a", sku="X-1", category="tea"), product("b", brand="Ming", gtin="036000291452")
        )
        found = (await service.get(f"/products?{query}")).json["items"]
    assert [item["id"] for item in found] == ids


async def test_a_product_names_all_its_fields_and_its_revision_is_its_etag() -> None:
    async with api() as service:
        await service.home.shelve(product("a/b 50% ü", stock=Unparsed("1.234", ambiguous=True)))
        answer = await service.get("/products/a%2Fb%2050%25%20%C3%BC")
    assert answer.headers["ETag"] == '"1"'
    assert (answer.json["status"], answer.json["price"], answer.json["revision"]) == ("listed", "10", 1)
    assert answer.json["stock"] == {"text": "1.234", "ambiguous": True}


async def test_text_that_is_no_unicode_is_answered_as_json_all_the_same() -> None:
    async with api() as service:
        await service.home.shelve(product("a", brand="bro\ud800ken"))
        assert (await service.get("/products/a")).json["brand"] == "bro\ud800ken"


async def test_a_status_is_set_only_against_the_revision_that_was_seen() -> None:
    async with api() as service:
        await service.home.shelve(product("a"))
        ask: dict[str, Any] = {"who": "operator", "json": {"status": "unlisted"}}
        path = "/api/v1/products/a/status"
        assert (await service.ask("PATCH", path, **ask)).status == 428
        assert (await service.ask("PATCH", path, headers={"If-Match": '"7"'}, **ask)).status == 412
        assert (await service.ask("PATCH", path, headers={"If-Match": 'W/"1"'}, **ask)).status == 412
        assert (await service.ask("PATCH", path, headers={"If-Match": "1"}, **ask)).status == 400
        assert await service.home.status("a") == "listed"

        changed = await service.ask("PATCH", path, headers={"If-Match": '"9", "1"'}, **ask)
        assert (changed.status, changed.headers["ETag"], changed.json["status"]) == (200, '"2"', "unlisted")
        assert (await service.ask("PATCH", path, headers={"If-Match": '"1"'}, **ask)).status == 412
        again = {**ask, "json": {"status": "listed"}}
        assert (await service.ask("PATCH", path, headers={"If-Match": "*"}, **again)).status == 200


async def test_a_person_corrects_fields_and_the_history_tells_of_it() -> None:
    async with api() as service:
        await service.home.shelve(product("a", None))
        sent = {"price": "12.50", "currency": "CNY", "expires_at": "2027-01-01T08:00:00+08:00", "images": []}
        answer = await service.ask("PATCH", "/api/v1/products/a", json=sent, headers={"If-Match": '"1"'})
        assert (answer.status, answer.json["price"], answer.json["currency"]) == (200, "12.50", "CNY")
        assert (await service.home.stores.catalogue.get("a")).price == Decimal("12.50")
        history = (await service.get("/products/a/history")).json
    assert history["edits"][0]["changes"]["price"] == ["null", '"12.50"']
    assert history["prices"] == [{"day": "2026-11-25", "price": "12.50", "currency": "CNY"}]


async def test_fields_and_status_are_set_in_one_step() -> None:
    async with api() as service:
        await service.home.shelve(product("a", None))
        sent = {"status": "draft", "price": "12.50"}
        answer = await service.ask("PATCH", "/api/v1/products/a", json=sent, headers={"If-Match": '"1"'})
        assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
        assert (answer.json["status"], answer.json["price"]) == ("draft", "12.50")
        alone = await service.ask("PATCH", "/api/v1/products/a", json={"status": "listed"}, headers={"If-Match": '"2"'})
        assert (alone.status, alone.json["status"], alone.json["price"]) == (200, "listed", "12.50")
        edits = (await service.get("/products/a/history")).json["edits"]
    assert [set(edit["changes"]) for edit in edits[:2]] == [{"status"}, {"status", "price"}]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"id": "b"},
        {"revision": 9},
        {"source": "mine"},
        {"status": None},
        {"status": "sold"},
        {"status": "draft", "price": "NaN"},
        {"soldout_since": None, "missing_since": None},
        {"price": 12.5},
        {"price": "12,50"},
        {"price": "NaN"},
        {"currency": "yuan"},
        {"images": ["a b"]},
        {"expires_at": "2027-01-01"},
        {"expires_at": "2027-01-01T00:00:00"},
        {"expires_at": 1_800_000_000},
        {"title": "x" * 501},
    ],
)
async def test_what_a_person_cannot_correct_so_is_422_and_changes_nothing(sent: dict[str, object]) -> None:
    async with api() as service:
        await service.home.shelve(product("a"))
        answer = await service.ask("PATCH", "/api/v1/products/a", json=sent, headers={"If-Match": '"1"'})
        assert answer.status == 422, answer.json
        assert answer.json["errors"]
        assert (await service.home.stores.catalogue.get("a")).revision == 1


def test_every_field_that_can_be_corrected_can_be_sent() -> None:
    assert set(Correction.model_fields) == CORRECTABLE | {"status"}


async def test_an_incident_lives_through_what_people_do_to_it() -> None:
    async with api() as service:
        (incident,) = await with_incident(service)
        one = f"/incidents/{incident}"
        assert (await service.get(one)).json["remedies"][0]["state"] == "applied"
        assert (await service.post(f"{one}/acknowledge")).json["state"] == "acknowledged"
        assert (await service.post(f"{one}/acknowledge")).status == 409
        assert (await service.post(f"{one}/silence", json={"duration": "4h"})).json["state"] == "silenced"
        assert (await service.post(f"{one}/close", json={"reason": " "})).status == 422
        closed = await service.post(f"{one}/close", json={"reason": "it is a gift"})
        assert (closed.json["state"], closed.json["closed_by"]) == ("closed", "the admin")
        assert (await service.post(f"{one}/reopen")).json["state"] == "open"
        assert (await service.post("/incidents/none/acknowledge")).status == 404
        assert (await service.post(f"{one}/decide", json={"apply": True})).status == 409
        actions = [entry["action"] for entry in (await service.get(f"/audit?target=incident:{incident}")).json["items"]]
    assert actions == [f"incident.{what}" for what in ("reopened", "closed", "silenced", "acknowledged")]


async def test_incidents_are_filtered_by_several_states() -> None:
    async with api() as service:
        first, _ = await with_incident(service, "bad", "worse")
        await service.post(f"/incidents/{first}/acknowledge")
        both = await service.get("/incidents?state=open&state=acknowledged")
        one = await service.get("/incidents?state=acknowledged&rule=price_missing&severity=major&kind=product")
        none = await service.get("/incidents?product=nothing")
    assert [len(answer.json["items"]) for answer in (both, one, none)] == [2, 1, 0]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"until": "2026-11-25T01:00:00Z", "duration": "1h"},
        {"until": "2026-11-24T00:00:00Z"},
        {"until": "2099-01-01T00:00:00Z"},
        {"until": "0001-01-01T00:00:00+14:00"},
        {"duration": "0s"},
        {"duration": "99999999d"},
        {"duration": "an hour"},
        {"until": "2026-11-25 01:00:00Z"},
    ],
)
async def test_a_silence_without_an_end_that_can_be_used_is_422(sent: dict[str, str]) -> None:
    async with api() as service:
        (incident,) = await with_incident(service)
        assert (await service.post(f"/incidents/{incident}/silence", json=sent)).status == 422


async def test_a_mass_incident_is_decided() -> None:
    async with api() as service:
        await with_incident(service, *(f"p{n:02}" for n in range(30)))
        (mass,) = (await service.get("/incidents?kind=mass")).json["items"]
        assert (await service.post(f"/incidents/{mass['id']}/decide", json={"apply": True})).json["state"] == "closed"
        applied = (await service.get("/remedies?state=applied&limit=100")).json["items"]
    assert len(applied) == 30


async def test_a_remedy_is_undone_once() -> None:
    async with api() as service:
        await with_incident(service)
        (remedy,) = (await service.get("/remedies")).json["items"]
        assert (await service.get(f"/remedies/{remedy['id']}")).json == remedy
        undone = await service.post(f"/remedies/{remedy['id']}/undo", who="operator")
        assert undone.json["state"] != "applied"
        assert await service.home.status("bad") == "listed"
        assert (await service.post(f"/remedies/{remedy['id']}/undo")).status == 409
        assert (await service.get("/remedies?rule=other")).json["items"] == []


async def test_a_silence_comes_into_force_and_is_ended() -> None:
    async with api() as service:
        (incident,) = await with_incident(service)
        until = an_hour_later(service.home)
        assert (await service.post("/silences", json={"until": until})).status == 422
        made = await service.post("/silences", json={"rule": "price_missing", "until": until, "reason": "sale"})
        assert made.status == 201
        assert (await service.get(f"/incidents/{incident}")).json["state"] == "silenced"
        assert [s["id"] for s in (await service.get("/silences")).json["items"]] == [made.json["id"]]
        assert (await service.ask("DELETE", f"/api/v1/silences/{made.json['id']}")).json["ended_at"]
        assert (await service.get(f"/incidents/{incident}")).json["state"] == "open"
        assert (await service.get("/silences")).json["items"] == []


async def test_a_pass_is_asked_for_and_listed() -> None:
    async with api() as service:
        sent = {"kind": "single", "product_ids": ["a"]}
        answer = await service.post("/passes", json=sent, who="operator")
        assert (answer.status, answer.json["state"]) == (202, "queued")
        assert service.home.duty.requested[0].kind is PassKind.SINGLE
        assert [p["id"] for p in (await service.get("/passes")).json["items"]] == [answer.json["id"]]


@pytest.mark.parametrize(
    "sent",
    [{}, {"json": {}}, {"data": b"", "headers": {"Content-Type": "application/json"}}, {"json": {"kind": "full"}}],
)
async def test_a_pass_that_nothing_is_said_of_is_a_full_one(sent: dict[str, Any]) -> None:
    async with api() as service:
        answer = await service.post("/passes", who="operator", **sent)
        assert (answer.status, answer.json["kind"]) == (202, "full")
        assert service.home.duty.requested[0].kind is PassKind.FULL


async def test_a_pass_without_a_body_is_not_done_twice_under_one_key() -> None:
    async with api() as service:
        key = {"headers": {"Idempotency-Key": "k1"}}
        first, second = [await service.post("/passes", **key) for _ in range(2)]
        assert first.json["id"] == second.json["id"]
        assert (await service.post("/passes", json={}, **key)).status == 409


async def test_a_body_that_may_be_left_out_is_still_checked() -> None:
    async with api() as service:
        assert (await service.post("/passes", json={"product_ids": ["a"]})).status == 422
        assert (await service.post("/passes", data=b"kind=full")).status == 415
        document = (await service.ask("GET", "/api/v1/openapi.json")).json
        body = document["paths"]["/api/v1/passes"]["post"]["requestBody"]
        assert body["required"] is False
        assert not service.home.duty.requested


async def test_rules_and_notices_are_listed() -> None:
    async with api() as service:
        await with_incident(service)
        rules = (await service.get("/rules")).json["items"]
        queued = (await service.get("/notices?state=queued")).json["items"]
        assert (await service.get("/notices?state=sent")).json["items"] == []
    assert {rule["id"]: rule["remedy_mode"] for rule in rules}["price_missing"] == "on"
    assert "opened" in {entry["news"] for entry in queued}


async def test_an_upload_of_no_source_is_of_the_one_that_the_command_line_takes() -> None:
    async with api() as service:
        answer = await service.post(
            "/products:import", data=b"id,title,price\n1,Mug,5\n", headers={"Content-Type": "text/csv"}
        )
    assert (answer.status, answer.json["source"], answer.json["created"]) == (200, "import", 1)


async def test_a_file_is_imported_as_its_content_type_says() -> None:
    async with api() as service:
        csv = b"id,title,price,currency\na,Tea,10,CNY\nb,Pot,20,CNY\n"
        path = "/products:import?source=hand"
        report = await service.post(path, data=csv, headers={"Content-Type": "text/csv"}, who="operator")
        assert (report.status, report.json["created"]) == (200, 2)
        lines = b'{"id": "c", "title": "Cup", "price": "5"}\n'
        report = await service.post(path, data=lines, headers={"Content-Type": "application/x-ndjson"})
        assert report.json["created"] == 1
        assert (await service.get("/products?source=hand&missing=true")).json["items"] == []
        whole = await service.post(f"{path}&partial=false", data=csv, headers={"Content-Type": "text/csv"})
        assert (whole.json["unchanged"], whole.json["missing"]) == (2, 1)
        sources = (await service.get("/sources")).json["items"]
    assert [(s["name"], s["configured"]) for s in sources] == [("hand", False)]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "text/html"}, b"<p>", 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x", 415),
        ({"Content-Type": "text/csv"}, b"", 422),
        ({"Content-Type": "application/json"}, b"\xff\xff", 422),
        ({"Content-Type": "text/csv"}, b"x" * 5000, 413),
    ],
)
async def test_a_file_that_cannot_be_imported_is_refused(headers: dict[str, str], body: bytes, status: int) -> None:
    http = Config().http.model_copy(update={"import_limit": 4096})
    async with api(http) as service:
        answer = await service.post("/products:import?source=hand", data=body, headers=headers)
        assert answer.status == status
        assert (await service.get("/products")).json["items"] == []


async def test_an_import_that_stops_arriving_is_408_and_nothing_of_it_is_kept() -> None:
    async with api(Config().http.model_copy(update={"body_timeout": 0.1})) as service:
        head = f"Authorization: Bearer {service.tokens['admin']}\r\n\r\nid,title\na,b\n"
        answer = await service.raw(
            b"POST /api/v1/products:import?source=hand HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n"
            b"Content-Length: 9000\r\n" + head.encode()
        )
        assert answer.startswith(b"HTTP/1.1 408")
        assert (await service.get("/products")).json["items"] == []


async def test_an_import_whose_sender_goes_away_is_no_fault_of_ours_and_nothing_of_it_is_kept() -> None:
    async with api() as service:
        head = f"Authorization: Bearer {service.tokens['admin']}\r\n\r\nid,title\na,b\n"
        sent = (
            b"POST /api/v1/products:import?source=hand HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n"
            b"Content-Length: 9000\r\n" + head.encode()
        )
        with capture_logs() as logs:
            with pytest.raises(TimeoutError):
                await service.raw(sent, patience_s=0.05)
            async with asyncio.timeout(5):
                while not any(entry["event"] == "request.finished" for entry in logs):  # noqa: ASYNC110 no event tells
                    await asyncio.sleep(0.005)
        assert [entry for entry in logs if entry["log_level"] == "error"] == []
        assert (await service.get("/products")).json["items"] == []


async def test_a_configured_source_is_read_now(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,title,price\na,Tea,10\n", encoding="utf-8")
    config = Config(
        channels=(ChannelSection(name="box"),),
        sources=(
            SourceSection(name="file", path=str(tmp_path / "a.csv")),
            SourceSection(name="web", url="https://user:pass@shop.example/feed.csv?key=1"),
        ),
    )
    async with api(config=config) as service:
        assert (await service.post("/sources/file/read")).json["created"] == 1
        assert (await service.post("/sources/web/read")).status == 503
        assert (await service.post("/sources/none/read")).status == 404
        listed = {source["name"]: source for source in (await service.get("/sources")).json["items"]}
    assert listed["file"]["state"]["products"] == 1
    assert listed["web"]["location"] == "https://shop.example/feed.csv"
    assert listed["web"]["state"]["error"]


def test_a_shown_url_holds_no_secret() -> None:
    assert without_secrets("https://u:p@h:8443/a/b?token=1#x") == "https://h:8443/a/b"


async def test_a_token_is_shown_once_and_listed_without_its_secret() -> None:
    async with api() as service:
        made = await service.post("/tokens", json={"name": "Shop 店", "role": "viewer", "scopes": ["read"]})
        assert made.status == 201
        listed = await service.get("/tokens")
        assert made.json["token"].encode() not in listed.raw
        assert made.json["id"] in {token["id"] for token in listed.json["items"]}
        beyond = {"name": "Shop 店", "role": "viewer", "scopes": ["admin"]}
        assert (await service.post("/tokens", json=beyond)).status == 422
        assert (await service.post("/tokens", json={"name": "Shop 店", "role": "admin"})).status == 409
        assert (await service.ask("DELETE", "/api/v1/tokens/none")).status == 404
