"""Contacts: bound by a code, known again, unbound."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from daemon.adapters.memory.bot import KEPT
from daemon.errors import Conflict, InvalidInput, NotFound, Unavailable
from daemon.forum.principals import Principal, Role
from daemon.forum.rooms import Handled, Handling
from daemon.services import contacts, retention
from tests.house import PERSON, House, house

WRONG = "bbbbbbbb"


async def code_of(home: House, name: str = "Mei", role: Role = Role.OPERATOR) -> str:
    return await contacts.make_code(home.duty, PERSON, name, role)


async def audited(home: House) -> list[tuple[str, str]]:
    """Return (actor, action) of what was done, oldest first."""
    return [(entry.actor, entry.action) for entry in reversed((await home.stores.audit.entries(100)).items)]


async def test_a_code_makes_a_contact_a_principal_and_is_kept_nowhere() -> None:
    home = house()
    code = await code_of(home)
    assert code not in repr(vars(home.stores.bot)) + repr(await home.stores.audit.entries(100))
    assert await contacts.contact_principal(home.duty, "c1") is None

    mei = await contacts.bind(home.duty, code, "c1")

    assert (mei.name, mei.role) == ("Mei", Role.OPERATOR)
    assert await contacts.contact_principal(home.duty, "c1") == mei
    assert await audited(home) == [
        (PERSON.id, "principal.created"), (PERSON.id, "contact.code_created"), (mei.id, "contact.bound"),
    ]  # fmt: skip
    assert code not in repr(await home.stores.audit.entries(100))


async def test_codes_are_easy_to_type_and_no_two_are_alike() -> None:
    home = house()
    codes = {await code_of(home) for _ in range(200)}
    assert len(codes) == 200
    assert {len(code) for code in codes} == {8}
    assert set("".join(codes)) <= set("bcdfghjkmnpqrstvwxyz")
    assert len(await home.stores.principals.all()) == 1


@pytest.mark.parametrize("written", ["{upper}", " {code}\n", "{code:.4} {code:.4s}", "{wide}", "{grouped}", "{spread}"])
async def test_a_code_is_known_however_a_phone_writes_it(written: str) -> None:
    home = house()
    code = await code_of(home)
    forms = {
        "{upper}": code.upper(),
        " {code}\n": f" {code}\n",
        "{code:.4} {code:.4s}": f"{code[:4]} {code[4:]}",
        "{wide}": "".join(chr(ord(sign) + 0xFEE0) for sign in code),
        "{grouped}": f"{code[:4]}-{code[4:]}",
        "{spread}": "\u2005".join(code),
    }
    assert (await contacts.bind(home.duty, forms[written], "c1")).name == "Mei"


async def test_every_code_that_is_not_good_is_answered_alike() -> None:
    home = house()
    used, old = await code_of(home), await code_of(home)
    await contacts.bind(home.duty, used, "c0")
    home.clock.advance(600)
    answers = set()
    for n, code in enumerate((WRONG, "", used, old, "\ud800", "x" * 100_000)):
        with pytest.raises(NotFound) as caught:
            await contacts.bind(home.duty, code, f"c{n + 1}")
        answers.add(str(caught.value))
    assert len(answers) == 1


async def test_a_code_is_good_for_as_long_as_is_configured() -> None:
    home = house()
    code = await code_of(home)
    home.clock.advance(599)
    assert await contacts.bind(home.duty, code, "c1")


async def test_a_good_code_used_twice_at_once_binds_one_contact() -> None:
    home = house()
    code = await code_of(home)
    tries = (contacts.bind(home.duty, code, contact) for contact in ("c1", "c2"))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert {type(result) for result in results} == {Principal, NotFound}


async def test_after_five_wrong_codes_not_even_a_good_one_counts_for_ten_minutes() -> None:
    home = house()
    home.duty.config = home.duty.config.model_copy(
        update={"bot": home.duty.config.bot.model_copy(update={"code_lifetime": 3600.0})}
    )
    code = await code_of(home)
    for _ in range(5):
        with pytest.raises(NotFound):
            await contacts.bind(home.duty, WRONG, "c1")
    for _ in range(2):
        with pytest.raises(Conflict):
            await contacts.bind(home.duty, code, "c1")
    assert (await audited(home))[-1] == ("daemon", "contact.refused")
    assert [action for _, action in await audited(home)].count("contact.refused") == 1
    home.clock.advance(599)
    with pytest.raises(Conflict):
        await contacts.bind(home.duty, code, "c1")
    home.clock.advance(1)
    assert (await contacts.bind(home.duty, code, "c1")).name == "Mei"


async def test_wrong_codes_side_by_side_are_no_more_than_five() -> None:
    home = house()
    tries = (contacts.bind(home.duty, WRONG, "c1") for _ in range(50))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results].count(NotFound) == 5
    assert [type(result) for result in results].count(Conflict) == 45


async def test_the_wrong_codes_of_one_contact_keep_no_other_out_and_are_forgotten() -> None:
    home = house()
    for n in range(8):
        with pytest.raises((NotFound, Conflict)):
            await contacts.bind(home.duty, WRONG, "c1" if n < 6 else f"c{n}")
    assert (await contacts.bind(home.duty, await code_of(home), "c2")).name == "Mei"
    home.clock.advance(601)
    await contacts.bind(home.duty, await code_of(home), "c3")
    assert set(home.duty.code_tries) <= {"c3"}


async def test_good_codes_are_no_wrong_tries() -> None:
    home = house()
    for _ in range(12):
        await contacts.bind(home.duty, await code_of(home), "c1")


async def test_a_new_code_makes_a_contact_somebody_else_and_the_record_says_who_it_was() -> None:
    home = house()
    await contacts.bind(home.duty, await code_of(home), "c1")
    bound = await contacts.bind(home.duty, await code_of(home, "An", Role.VIEWER), "c1")
    assert (bound.name, bound.role) == ("An", Role.VIEWER)
    latest = (await home.stores.audit.entries(1)).items[0]
    assert (latest.target, latest.detail) == ("contact:c1", {"principal": "An", "before": "Mei"})


async def test_an_unbound_contact_is_a_stranger() -> None:
    home = house()
    await contacts.bind(home.duty, await code_of(home), "c1")
    assert [(bound.contact_id, owner.name) for bound, owner in await contacts.list_contacts(home.duty)] == [
        ("c1", "Mei")
    ]
    await contacts.unbind(home.duty, PERSON, "c1")
    assert await contacts.contact_principal(home.duty, "c1") is None
    assert (await audited(home))[-1] == (PERSON.id, "contact.unbound")
    with pytest.raises(NotFound):
        await contacts.unbind(home.duty, PERSON, "c1")


async def test_a_code_does_not_change_somebodys_role() -> None:
    home = house()
    await code_of(home, role=Role.VIEWER)
    with pytest.raises(Conflict, match="Mei is viewer, not admin"):
        await code_of(home, role=Role.ADMIN)


async def test_there_is_no_code_for_who_is_disabled() -> None:
    home = house()
    now = home.clock.now()
    await home.stores.principals.create(
        Principal(id="u1", name="Mei", role=Role.OPERATOR, created_at=now, disabled_at=now)
    )
    with pytest.raises(Conflict, match="disabled"):
        await code_of(home)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0", "\ud800", "x" * 501])
async def test_what_is_no_name_is_refused(name: str) -> None:
    home = house()
    with pytest.raises(InvalidInput) as caught:
        await code_of(home, name)
    assert caught.value.faults[0][0] == "name"
    assert not await home.stores.principals.all()


async def test_without_a_store_for_the_bot_that_is_told() -> None:
    home = house()
    home.duty.ports = replace(home.duty.ports, bot=None)
    with pytest.raises(Unavailable):
        await contacts.bind(home.duty, WRONG, "c1")
    assert await retention.forget(home.duty) == 0


async def test_messages_are_known_again_for_thirty_days() -> None:
    home = house()
    message = Handled(
        id="m1", conversation_id="r1", sender_id="c1", sender_name="Mei", state=Handling.BEGUN, seen_at=home.clock.now()
    )
    await home.stores.bot.begin(message)
    home.clock.advance(timedelta(days=30).total_seconds())
    assert await retention.forget(home.duty) == 0
    assert not await home.stores.bot.begin(message)
    home.clock.advance(1)
    assert await retention.forget(home.duty) == 1
    assert await home.stores.bot.begin(message)


async def test_the_memory_of_messages_does_not_grow_for_ever() -> None:
    store, now = house().stores.bot, house().clock.now()
    for n in range(KEPT + 1):
        message = Handled(
            id=str(n), conversation_id="r", sender_id="c", sender_name="", state=Handling.BEGUN, seen_at=now
        )
        assert await store.begin(message)
    assert len(await store.interrupted()) == KEPT
