"""Who may do what: every route by every role, really asked."""

from __future__ import annotations

import re
from typing import Any

import pytest

from daemon.forum.principals import Role, Scope
from daemon.handlers.http.server import ROUTES
from tests.house import product
from tests.unit.handlers.http.api import Api, api, token_of

ROLES = ("viewer", "operator", "admin")
#: The least role that each operation is for, said a second time so that a slip in the table shows.
LEAST = {
    "list_products": "viewer",
    "get_product": "viewer",
    "get_history": "viewer",
    "set_status": "operator",
    "correct_product": "operator",
    "import_products": "operator",
    "export_products": "viewer",
    "list_incidents": "viewer",
    "get_incident": "viewer",
    "acknowledge_incident": "operator",
    "silence_incident": "operator",
    "close_incident": "operator",
    "reopen_incident": "operator",
    "decide_incident": "operator",
    "list_remedies": "viewer",
    "get_remedy": "viewer",
    "undo_remedy": "operator",
    "list_silences": "viewer",
    "add_silence": "operator",
    "end_silence": "operator",
    "list_passes": "viewer",
    "start_pass": "operator",
    "list_rules": "viewer",
    "list_notices": "viewer",
    "list_sources": "viewer",
    "read_source_now": "operator",
    "list_audit": "admin",
    "get_me": "viewer",
    "list_tokens": "admin",
    "create_token": "admin",
    "revoke_token": "admin",
    "list_contacts": "admin",
    "create_code": "admin",
    "unbind_contact": "admin",
    "say_in_room": "viewer",
    "list_room": "viewer",
    "stream_room": "viewer",
    "talk": "viewer",
    "forget_talk": "viewer",
    "get_openapi": "viewer",
}
ANY_OF_THEM = (Scope.ASSOCIATION_SEARCH, Scope.ASSOCIATION_APPROVE, Scope.ASSOCIATION_ADMIN)
#: Those that no role brings: who may use them was named with the token.
NAMED: dict[str, Scope | tuple[Scope, ...]] = {
    "list_cases": ANY_OF_THEM,
    "get_case": ANY_OF_THEM,
    "list_approvals": ANY_OF_THEM,
    "open_case": Scope.ASSOCIATION_ADMIN,
    "change_case": Scope.ASSOCIATION_ADMIN,
    "ask_approval": Scope.ASSOCIATION_SEARCH,
    "decide_approval": Scope.ASSOCIATION_APPROVE,
    "begin_search": Scope.ASSOCIATION_SEARCH,
    "list_searches": Scope.ASSOCIATION_SEARCH,
    "get_search": Scope.ASSOCIATION_SEARCH,
    "follow_search": Scope.ASSOCIATION_SEARCH,
    "cancel_search": Scope.ASSOCIATION_SEARCH,
    "search_again": Scope.ASSOCIATION_SEARCH,
    "get_network": Scope.ASSOCIATION_SEARCH,
    "get_detection": Scope.ASSOCIATION_SEARCH,
    "get_models": Scope.ASSOCIATION_SEARCH,
    "import_network": Scope.ASSOCIATION_ADMIN,
    "put_camera": Scope.ASSOCIATION_ADMIN,
    "remove_camera": Scope.ASSOCIATION_ADMIN,
    "ingest_detections": Scope.ASSOCIATION_ADMIN,
    "ingest_picture": Scope.ASSOCIATION_ADMIN,
    "learn_passages": Scope.ASSOCIATION_ADMIN,
}
OPEN_HERE = {"healthz", "readyz", "metrics"}


async def asked(service: Api, who: str | None, headers: dict[str, str] | None = None) -> dict[str, int]:
    """Return the status that each operation answers a role with."""
    found: dict[str, int] = {}
    for route in service.app[ROUTES]:
        path = re.sub(r"\{\w+\}", "nobody-made-this", route.path)
        more: dict[str, Any] = {"json": {}} if route.body else {}
        found[route.operation] = (
            await service.ask(route.method, path, who=who, headers={"If-Match": "*", **(headers or {})}, **more)
        ).status
    return found


async def test_every_route_is_in_the_list_of_who_may_use_it() -> None:
    async with api() as service:
        assert {route.operation for route in service.app[ROUTES]} == LEAST.keys() | NAMED.keys() | OPEN_HERE


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_reaches_what_is_for_it_and_nothing_else(role: str) -> None:
    async with api() as service:
        statuses = await asked(service, role)
    reached = {name for name, status in statuses.items() if status not in {401, 403}}
    allowed = {name for name, least in LEAST.items() if ROLES.index(least) <= ROLES.index(role)}
    assert reached == allowed | OPEN_HERE
    assert {statuses[name] for name in (LEAST.keys() | NAMED.keys()) - allowed} <= {403}
    assert max(statuses.values()) < 500


async def test_what_no_role_brings_is_reached_by_a_token_that_names_its_scope_and_by_no_other() -> None:
    async with api() as service:
        for scope in ANY_OF_THEM:
            service.tokens["named"] = await token_of(service.home, Role.VIEWER, scopes=frozenset({scope}))
            statuses = await asked(service, "named")
            reached = {name for name, status in statuses.items() if status != 403}
            allowed = {name for name, needed in NAMED.items() if scope == needed or scope in needed}
            assert reached == allowed | OPEN_HERE | {"get_me"}


async def test_without_a_token_only_what_is_open_on_this_machine_answers() -> None:
    async with api() as service:
        statuses = await asked(service, None)
    assert {name for name, status in statuses.items() if status != 401} == OPEN_HERE


async def test_what_is_open_on_this_machine_is_closed_to_others_without_a_token_that_reads() -> None:
    async with api() as service:
        far = {"X-Forwarded-For": "203.0.113.9"}
        assert {(await asked(service, None, far))[name] for name in OPEN_HERE} == {401}
        assert {(await asked(service, "viewer", far))[name] for name in OPEN_HERE} == {200}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer zhb_short",
        "Bearer zhb_" + "A" * 43,
        "Basic {}",
        "Token {}",
        "{}",
        "Bearer {}x",
        "Bearer {} {}",
    ],
)
async def test_what_is_not_exactly_a_good_token_is_refused(header: str) -> None:
    async with api() as service:
        given = {"Authorization": header.replace("{}", service.tokens["admin"])}
        answer = await service.get("/me", who=None, headers=given)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json["type"].endswith(":unauthorized")


async def test_a_token_does_no_more_than_its_own_scopes() -> None:
    async with api() as service:
        service.tokens["narrow"] = await token_of(service.home, Role.ADMIN, scopes=frozenset({Scope.PASSES_WRITE}))
        assert (await service.get("/products", who="narrow")).status == 403
        assert (await service.post("/passes", who="narrow", json={"kind": "full"})).status == 202
        assert (await service.get("/me", who="narrow")).json["scopes"] == ["passes:write"]


async def test_a_revoked_and_an_expired_token_end_at_once() -> None:
    async with api() as service:
        made = await service.post("/tokens", json={"name": "shop", "role": "viewer"})
        service.tokens["shop"] = made.json["token"]
        assert (await service.get("/me", who="shop")).status == 200
        assert (await service.ask("DELETE", f"/api/v1/tokens/{made.json['id']}")).status == 204
        assert (await service.get("/me", who="shop")).status == 401

        until = {"name": "till", "role": "viewer", "expires_at": "2026-11-25T01:00:00Z"}
        service.tokens["till"] = (await service.post("/tokens", json=until)).json["token"]
        assert (await service.get("/me", who="till")).status == 200
        service.home.clock.advance(3601)
        assert (await service.get("/me", who="till")).status == 401


async def test_a_missing_product_and_a_forbidden_one_look_the_same_to_who_may_not_write() -> None:
    async with api() as service:
        await service.home.shelve(product("there"))
        for product_id in ("there", "not-there"):
            answer = await service.ask(
                "PATCH", f"/api/v1/products/{product_id}/status", who="viewer", json={"status": "draft"}
            )
            assert answer.status == 403
        assert await service.home.status("there") == "listed"
