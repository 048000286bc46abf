"""Tokens: made, recognised, ended."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from daemon.errors import Conflict, InvalidInput, NotFound, Unauthorized
from daemon.forum.principals import ROLE_SCOPES, Role, Scope
from daemon.ports import Actor
from daemon.services import access
from tests.house import PERSON, house


async def test_a_secret_is_recognised_and_only_its_hash_is_kept() -> None:
    home = house()
    token, secret = await access.create_token(home.duty.ports, PERSON, name="Mei", role=Role.OPERATOR, label="laptop")

    actor = await access.authenticate(home.duty.ports, secret)

    assert (actor.name, actor.scopes) == ("Mei", ROLE_SCOPES[Role.OPERATOR])
    assert secret.startswith("zhb_")
    assert len(secret) >= 4 + 22
    assert secret not in repr(vars(home.stores.principals))
    assert [t for t, _ in await access.list_tokens(home.duty.ports)] == [(await home.stores.principals.tokens())[0][0]]
    assert token.label == "laptop"


async def test_no_two_secrets_are_alike() -> None:
    home = house()
    made = [await access.create_token(home.duty.ports, PERSON, name="Mei", role=Role.VIEWER) for _ in range(50)]
    assert len({secret for _, secret in made}) == 50
    assert len(await home.stores.principals.all()) == 1


@pytest.mark.parametrize("secret", ["", "zhb_", "zhb_" + "a" * 21, "a" * 47, "zhb_" + "é" * 43, "zhb_" + "a" * 43])
async def test_an_unknown_secret_is_refused(secret: str) -> None:
    with pytest.raises(Unauthorized):
        await access.authenticate(house().duty.ports, secret)


async def test_a_token_ends_when_it_is_revoked_and_when_its_time_has_come() -> None:
    home = house()
    ports = home.duty.ports
    end = home.clock.now() + timedelta(hours=1)
    token, secret = await access.create_token(ports, PERSON, name="Mei", role=Role.VIEWER, expires_at=end)
    _, other = await access.create_token(ports, PERSON, name="Mei", role=Role.VIEWER)
    home.clock.advance(3599)
    await access.authenticate(ports, secret)
    home.clock.advance(1)
    with pytest.raises(Unauthorized, match="expired"):
        await access.authenticate(ports, secret)
    await access.revoke_token(ports, PERSON, token.id)
    await access.authenticate(ports, other)
    with pytest.raises(NotFound):
        await access.revoke_token(ports, PERSON, "none")


async def test_a_token_never_goes_beyond_its_role() -> None:
    home = house()
    with pytest.raises(InvalidInput) as caught:
        await access.create_token(
            home.duty.ports, PERSON, name="Mei", role=Role.VIEWER, scopes=frozenset({Scope.ADMIN})
        )
    assert caught.value.faults[0][0] == "scopes"
    with pytest.raises(InvalidInput):
        await access.create_token(home.duty.ports, PERSON, name="Mei", role=Role.VIEWER, scopes=frozenset())
    past = home.clock.now()
    with pytest.raises(InvalidInput):
        await access.create_token(home.duty.ports, PERSON, name="Mei", role=Role.VIEWER, expires_at=past)
    assert not await home.stores.principals.all()


async def test_a_token_does_not_change_somebodys_role() -> None:
    home = house()
    await access.create_token(home.duty.ports, PERSON, name="Mei", role=Role.VIEWER)
    with pytest.raises(Conflict, match="Mei is viewer, not admin"):
        await access.create_token(home.duty.ports, PERSON, name="Mei", role=Role.ADMIN)


async def test_two_tokens_for_a_new_name_at_once_make_one_principal() -> None:
    home = house()
    make = access.create_token
    await asyncio.gather(*(make(home.duty.ports, PERSON, name="Mei", role=Role.VIEWER) for _ in range(5)))
    assert len(await home.stores.principals.all()) == 1


async def test_making_and_ending_tokens_is_audited_without_the_secret() -> None:
    home = house()
    token, secret = await access.create_token(home.duty.ports, Actor.daemon(), name="Mei", role=Role.VIEWER)
    await access.revoke_token(home.duty.ports, PERSON, token.id)
    page = await home.stores.audit.entries(10)
    assert [entry.action for entry in page.items] == ["token.revoked", "token.created", "principal.created"]
    assert secret not in repr(page.items)
