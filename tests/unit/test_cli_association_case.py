"""`zhiban association case` as processes of their own, against a real server."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from daemon.forum.principals import Role, Scope
from daemon.ports import Actor
from daemon.services import access
from tests.association_kit import PURPOSE, Site, world
from tests.unit.handlers.http.api import Api
from tests.unit.handlers.http.site_api import served
from tests.unit.test_cli_association import Done, zhiban


async def case(service: Api, *arguments: str, who: str = "keeper") -> Done:
    return await zhiban(service, "case", *arguments, who=who)


async def judge(service: Api, here: Site) -> None:
    _, service.tokens["bo"] = await access.create_token(
        here.home.duty.ports, Actor.daemon(), name="bo", role=Role.VIEWER, scopes=frozenset({Scope.ASSOCIATION_APPROVE})
    )


async def test_a_case_is_opened_listed_shown_changed_and_closed() -> None:
    async with served(running=False, fill=False) as (service, here):
        here.home.clock.advance((datetime.now(UTC) - here.home.clock.now()).total_seconds())
        cameras = [word for camera in world().cameras[:8] for word in ("--camera", camera.id)]
        opened = await case(
            service, "open", "lost child", "--purpose", PURPOSE, "--owner", "mei", "--member", "wang", "--quota", "3",
            "--for", "7d", *cameras,
        )  # fmt: skip
        assert (opened.status, opened.errors, len(opened.out)) == (0, "", 37)
        case_id = opened.out.strip()
        listed = (await case(service, "list", who="mei")).out.splitlines()
        assert listed[0].startswith(f"{case_id}  live")
        assert listed[0].endswith("mei  lost child")
        shown = (await case(service, "show", case_id, who="mei")).out
        for told in ("purpose  a bag was left", "owner    mei", "members  wang", "searches 0 of 3", "and 2 more"):
            assert told in shown
        changed = await case(service, "change", case_id, "--quota", "9", "--title", "found child")
        assert "searches 0 of 9" in changed.out
        assert (await case(service, "close", case_id)).out == f"closed {case_id}\n"
        told = json.loads((await case(service, "show", case_id, "--json")).out)
        assert (told["state"], told["title"], told["approvals"]) == ("closed", "found child", [])


async def test_a_second_person_approves_of_a_search_by_face() -> None:
    async with served(running=False, fill=False) as (service, here):
        await judge(service, here)
        nothing = await case(service, "approve", here.case.id, who="bo")
        assert (nothing.status, "nothing was asked for" in nothing.errors) == (2, True)
        asked = await case(service, "ask", here.case.id, "--reason", "her clothes are not known", who="mei")
        assert (asked.status, len(asked.out)) == (0, 37)
        assert "waits; asked by mei" in (await case(service, "show", here.case.id, who="mei")).out
        assert (await case(service, "approve", here.case.id, who="mei")).status == 1
        granted = await case(service, "approve", here.case.id, who="bo")
        assert granted.out.startswith("by face  granted by bo until 2026-11-26 "), granted


async def test_what_is_wrong_is_named_and_what_is_refused_says_no_more() -> None:
    async with served(running=False, fill=False) as (service, here):
        wrong = await case(service, "open", "x", "--purpose", "x", "--owner", "ghost", "--camera", "nowhere")
        assert wrong.status == 2
        for field in ("owner: there is nobody named", "purpose: expected", "cameras: there is no camera"):
            assert field in wrong.errors
        assert (await case(service, "open", "x", "--purpose", PURPOSE, "--for", "soon")).status == 2
        assert (await case(service, "change", here.case.id)).status == 2
        for arguments in (("show", here.case.id), ("show", "none"), ("open", "x", "--purpose", PURPOSE)):
            refused = await case(service, *arguments, who="wang")
            assert (refused.status, PURPOSE in refused.errors) == (1, False)
