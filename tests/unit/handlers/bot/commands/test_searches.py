"""The group asks how a search stands: state and figures to those who may see it, and to the others nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from daemon.config import AssociationSection
from daemon.forum.principals import Principal, Role, Scope
from daemon.ports import SearchState
from daemon.services import access
from tests.association_kit import Site, site, world
from tests.unit.handlers.bot.commands.team import OPERATOR, STRANGER, VIEWER, Team, team

FOUND = {"rounds": 31, "tasks": 31, "compared": 50, "found": 6, "unexplored": 0.0823, "cpu_s": 0.1, "ended": ""}


async def investigators(language: str = "en") -> tuple[Team, Site, str]:
    """A team whose operator is the owner of a case with a search; the insides are those of a site."""
    here = await site(AssociationSection(kind="on"), passages=False)
    group = team(language)
    group.house.duty.ports = replace(
        here.home.duty.ports, bot=here.home.stores.bot, principals=here.home.stores.principals
    )
    group.house.duty.association = here.system
    mei = here.searcher
    group.people[OPERATOR] = Principal(id=mei.id, name=mei.name, role=Role.OPERATOR, created_at=here.home.clock.now())
    return group, here, (await here.begin()).id


async def grant(here: Site, name: str, scopes: Sequence[Scope], role: Role = Role.OPERATOR, **more: object) -> str:
    token, _ = await access.create_token(
        here.home.duty.ports,
        here.searcher,
        name=name,
        role=role,
        scopes=frozenset(scopes),
        **more,  # type: ignore[arg-type]
    )
    return token.id


async def progressed(here: Site, search_id: str, state: SearchState) -> None:
    kept = await here.home.stores.cases.search(search_id)
    await here.home.stores.cases.change_search(msgspec.structs.replace(kept, state=state, progress=FOUND))


@pytest.mark.parametrize(
    ("language", "command", "waiting", "done"),
    [
        ("en", "track", "waiting", "done\n31 rounds, 6 sightings found, 8.2% not looked at"),
        ("zh", "追踪", "等待中", "已完成\n31 轮，找到 6 次目击，8.2% 未搜索"),
    ],
)
async def test_state_and_figures_are_told_and_no_place_and_no_time(
    language: str, command: str, waiting: str, done: str
) -> None:
    group, here, search_id = await investigators(language)
    await grant(here, "mei", [Scope.ASSOCIATION_SEARCH])
    assert (await group.say(f"{command} {search_id}")).endswith(waiting)
    await progressed(here, search_id, SearchState.DONE)
    told = await group.say(f"{command} {search_id}")
    assert told.endswith(done)
    assert not any(camera.id in told.replace(search_id, "") for camera in world().cameras)
    assert ("search.viewed", "") in await here.audited()


async def test_whoever_may_not_see_it_is_told_the_same_as_of_one_that_is_not_there() -> None:
    group, here, search_id = await investigators()
    nobodys = "01a213f0-0000-7000-8000-000000000000"
    unknown = "There is no search '{}' that you may see."
    assert await group.say(f"track {search_id}") == unknown.format(search_id), "no token names the scope"
    assert await group.say(f"track {nobodys}") == unknown.format(nobodys)
    await grant(here, "mei", [Scope.READ, Scope.ASSOCIATION_ADMIN])
    assert await group.say(f"track {search_id}") == unknown.format(search_id), "another scope"
    await grant(here, "mei", [Scope.ASSOCIATION_SEARCH])
    assert await group.say(f"track {search_id}") != unknown.format(search_id)
    assert await group.say(f"track {search_id}", VIEWER) == unknown.format(search_id), "somebody else"
    assert "I don't know you yet" in await group.say(f"track {search_id}", STRANGER)
    refused = [reason for action, reason in await here.audited() if action == "search.refused"]
    assert refused == ["scope", "scope", "scope", "scope"]


async def test_a_token_that_has_ended_gives_nothing() -> None:
    group, here, search_id = await investigators()
    token = await grant(here, "mei", [Scope.ASSOCIATION_SEARCH])
    await access.revoke_token(here.home.duty.ports, here.searcher, token)
    assert "There is no search" in await group.say(f"track {search_id}")
    soon = here.home.clock.now() + timedelta(minutes=5)
    await grant(here, "mei", [Scope.ASSOCIATION_SEARCH], expires_at=soon)
    assert "waiting" in await group.say(f"track {search_id}")
    here.home.clock.advance(301)
    assert "There is no search" in await group.say(f"track {search_id}")


async def test_it_needs_one_id_and_a_daemon_that_searches() -> None:
    group, _, search_id = await investigators()
    assert "Usage: track ID" in await group.say("track")
    assert "'y' is too much" in await group.say("track x y")
    group.house.duty.association = None
    assert "There is no search" in await group.say(f"track {search_id}")
    assert "There is no search" in await team().say(f"track {search_id}")
