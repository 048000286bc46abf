"""Principals, tokens and the audit log."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from msgspec.structs import replace

from daemon.errors import Conflict, NotFound, Unauthorized
from daemon.forum.principals import Principal, Role, Scope, Token
from tests.contract.adapters import Stores
from tests.contract.makers import NOW, all_pages, audit, later

ANN = Principal(id="u1", name="ann", role=Role.OPERATOR, created_at=NOW)
SECRET = hashlib.sha256(b"secret").hexdigest()


def token(token_id: str = "t1", **fields: Any) -> Token:
    given: dict[str, Any] = {
        "principal_id": "u1",
        "label": "laptop",
        "scopes": frozenset({Scope.READ}),
        "created_at": NOW,
    }
    return Token(id=token_id, **(given | fields))


async def test_principals_have_unique_names(stores: Stores) -> None:
    await stores.principals.create(ANN)
    with pytest.raises(Conflict):
        await stores.principals.create(replace(ANN, id="u2"))
    with pytest.raises(Conflict):
        await stores.principals.create(replace(ANN, name="other"))
    assert await stores.principals.by_name("ann") == ANN
    assert await stores.principals.all() == [ANN]
    with pytest.raises(NotFound):
        await stores.principals.by_name("Ann")


async def test_a_token_tells_whose_it_is(stores: Stores) -> None:
    await stores.principals.create(ANN)
    await stores.principals.add_token(token(), SECRET)
    principal, found = await stores.principals.by_token(SECRET, later(hours=1))
    assert (principal, replace(found, last_used_at=None)) == (ANN, token())
    assert found.last_used_at == later(hours=1)
    assert await stores.principals.tokens() == [(found, ANN)]


async def test_the_use_of_a_token_is_noted_once_a_minute(stores: Stores) -> None:
    await stores.principals.create(ANN)
    await stores.principals.add_token(token(), SECRET)
    for at, noted in ((NOW, NOW), (later(seconds=59), NOW), (later(seconds=60), later(seconds=60))):
        await stores.principals.by_token(SECRET, at)
        assert (await stores.principals.tokens())[0][0].last_used_at == noted


@pytest.mark.parametrize(
    ("fields", "secret"),
    [
        ({}, hashlib.sha256(b"another").hexdigest()),
        ({}, ""),
        ({"expires_at": later(hours=1)}, SECRET),
        ({"revoked_at": NOW}, SECRET),
    ],
)
async def test_a_token_that_is_not_good_is_unauthorized(stores: Stores, fields: dict[str, Any], secret: str) -> None:
    await stores.principals.create(ANN)
    await stores.principals.add_token(token(**fields), SECRET)
    with pytest.raises(Unauthorized):
        await stores.principals.by_token(secret, later(hours=1))


async def test_a_disabled_principals_token_is_unauthorized(stores: Stores) -> None:
    await stores.principals.create(replace(ANN, disabled_at=NOW))
    await stores.principals.add_token(token(), SECRET)
    with pytest.raises(Unauthorized):
        await stores.principals.by_token(SECRET, NOW)


async def test_a_revoked_token_is_of_no_more_use(stores: Stores) -> None:
    await stores.principals.create(ANN)
    await stores.principals.add_token(token(), SECRET)
    for _ in range(3):  # asked for again and again, it may be remembered
        await stores.principals.by_token(SECRET, NOW)
    await stores.principals.revoke("t1", NOW)
    with pytest.raises(Unauthorized):
        await stores.principals.by_token(SECRET, NOW)
    await stores.principals.revoke("t1", later(hours=1))
    assert (await stores.principals.tokens())[0][0].revoked_at == NOW
    with pytest.raises(NotFound):
        await stores.principals.revoke("ghost", NOW)


async def test_a_token_needs_its_principal_and_a_secret_of_its_own(stores: Stores) -> None:
    with pytest.raises(NotFound):
        await stores.principals.add_token(token(), SECRET)
    await stores.principals.create(ANN)
    await stores.principals.add_token(token(), SECRET)
    for known in (token("t2"), token("t1")):
        with pytest.raises(Conflict):
            await stores.principals.add_token(known, SECRET)
    assert len(await stores.principals.tokens()) == 1


async def test_the_audit_log_is_read_newest_first(stores: Stores) -> None:
    made = [audit(target=f"product:p{n % 2}", detail={"n": str(n)}) for n in range(7)]
    for entry in made:
        await stores.audit.append(entry)
    assert await all_pages(lambda cursor: stores.audit.entries(3, cursor)) == made[::-1]
    of_one = await all_pages(lambda cursor: stores.audit.entries(1, cursor, target="product:p1"))
    assert of_one == made[5::-2]
    with pytest.raises(Conflict):
        await stores.audit.append(made[0])
