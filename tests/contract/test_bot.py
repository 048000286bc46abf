"""What the bot must not forget."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from daemon.errors import Conflict, NotFound
from daemon.forum.principals import Principal, Role
from daemon.forum.rooms import BindingCode, Contact, Handling, RoomSetting, SentNotice
from tests.contract.adapters import Stores
from tests.contract.makers import NOW, later, message
from tests.contract.test_values import ODD_TEXTS

ANN = Principal(id="u1", name="ann", role=Role.OPERATOR, created_at=NOW)
BOB = Principal(id="u2", name="bob", role=Role.VIEWER, created_at=NOW)


def digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def code(word: str, owner: Principal = ANN, expires_at: datetime | None = None) -> BindingCode:
    return BindingCode(code_sha256=digest(word), principal_id=owner.id, expires_at=expires_at or later(minutes=10))


def notice(message_id: str = "n1", **fields: Any) -> SentNotice:
    given: dict[str, Any] = {"conversation_id": "r1", "incident_ids": ("i1", "i2"), "sent_at": NOW}
    return SentNotice(message_id=message_id, **(given | fields))


class TestMessages:
    async def test_a_message_is_begun_once(self, stores: Stores) -> None:
        assert await stores.bot.begin(message())
        assert not await stores.bot.begin(message())
        assert not await stores.bot.begin(message(conversation_id="r2", seen_at=later(days=1)))
        await stores.bot.done("m1")
        assert not await stores.bot.begin(message())
        assert await stores.bot.begin(message("m2"))

    async def test_of_many_who_begin_at_once_one_may_go_on(self, stores: Stores) -> None:
        answers = await asyncio.gather(*(stores.bot.begin(message(f"m{n % 5}")) for n in range(50)))
        assert answers[:5] == [True] * 5
        assert not any(answers[5:])

    async def test_what_was_begun_and_not_done_is_told_until_it_is_done(self, stores: Stores) -> None:
        for name in ("b", "a", "done", "c"):
            await stores.bot.begin(message(name))
        await stores.bot.done("done")
        await stores.bot.done("never begun")

        found = await stores.bot.interrupted()

        assert found == [message(name, state=Handling.INTERRUPTED) for name in ("b", "a", "c")]
        assert not await stores.bot.begin(message("a"))
        for name in ("b", "a"):
            await stores.bot.done(name)
        assert await stores.bot.interrupted() == [message("c", state=Handling.INTERRUPTED)]

    @pytest.mark.parametrize("text", ODD_TEXTS)
    async def test_odd_text_comes_back(self, stores: Stores, text: str) -> None:
        odd = message(f"m{text}", sender_name=text, sender_id=text, conversation_id=text)
        assert await stores.bot.begin(odd)
        assert not await stores.bot.begin(odd)
        assert ascii(await stores.bot.interrupted()) == ascii([replace(odd, state=Handling.INTERRUPTED)])


class TestContacts:
    async def test_a_code_binds_a_contact_once(self, stores: Stores) -> None:
        await stores.principals.create(ANN)
        await stores.bot.add_code(code("one"))
        assert await stores.bot.contact("c1") is None

        bound = await stores.bot.bind(digest("one"), "c1", later(minutes=1))

        assert bound == Contact(contact_id="c1", principal_id="u1", bound_at=later(minutes=1))
        assert await stores.bot.contact("c1") == ANN
        for contact in ("c1", "c2"):
            with pytest.raises(NotFound):
                await stores.bot.bind(digest("one"), contact, later(minutes=1))
        assert await stores.bot.contact("c2") is None

    async def test_a_code_that_two_use_at_once_binds_one_of_them(self, stores: Stores) -> None:
        await stores.principals.create(ANN)
        await stores.bot.add_code(code("one"))
        tries = (stores.bot.bind(digest("one"), f"c{n}", NOW) for n in range(20))
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(r) for r in results].count(Contact) == 1
        assert [type(r) for r in results].count(NotFound) == 19
        assert len(await stores.bot.contacts()) == 1

    async def test_a_code_ends_at_its_time(self, stores: Stores) -> None:
        await stores.principals.create(ANN)
        await stores.bot.add_code(code("one"))
        await stores.bot.add_code(code("two"))
        await stores.bot.bind(digest("one"), "c1", later(minutes=10, microseconds=-1))
        with pytest.raises(NotFound):
            await stores.bot.bind(digest("two"), "c2", later(minutes=10))

    @pytest.mark.parametrize("word", ["", "another", "' OR 1=1 --", "\ud800"])
    async def test_a_code_that_nobody_made_binds_nobody(self, stores: Stores, word: str) -> None:
        await stores.principals.create(ANN)
        await stores.bot.add_code(code("one"))
        with pytest.raises(NotFound):
            await stores.bot.bind(word, "c1", NOW)
        assert await stores.bot.contacts() == []
        await stores.bot.bind(digest("one"), "c1", NOW)

    async def test_a_new_code_moves_a_contact_to_another_principal(self, stores: Stores) -> None:
        await stores.principals.create(ANN)
        await stores.principals.create(BOB)
        for word, owner in (("one", ANN), ("two", ANN), ("three", BOB)):
            await stores.bot.add_code(code(word, owner))
        await stores.bot.bind(digest("one"), "c1", NOW)
        await stores.bot.bind(digest("two"), "c2", NOW)
        await stores.bot.bind(digest("three"), "c1", later(minutes=1))
        assert await stores.bot.contact("c1") == BOB
        assert await stores.bot.contact("c2") == ANN
        assert await stores.bot.contacts() == [
            (Contact(contact_id="c1", principal_id="u2", bound_at=later(minutes=1)), BOB),
            (Contact(contact_id="c2", principal_id="u1", bound_at=NOW), ANN),
        ]

    async def test_a_disabled_principal_is_nobody(self, stores: Stores) -> None:
        gone = replace(ANN, disabled_at=NOW)
        await stores.principals.create(gone)
        await stores.bot.add_code(code("one"))
        with pytest.raises(NotFound):
            await stores.bot.bind(digest("one"), "c1", NOW)
        assert await stores.bot.contact("c1") is None

    async def test_a_code_needs_its_principal_and_a_hash_of_its_own(self, stores: Stores) -> None:
        with pytest.raises(NotFound):
            await stores.bot.add_code(code("one"))
        await stores.principals.create(ANN)
        await stores.principals.create(BOB)
        await stores.bot.add_code(code("one"))
        with pytest.raises(Conflict):
            await stores.bot.add_code(code("one", BOB))
        assert (await stores.bot.bind(digest("one"), "c1", NOW)).principal_id == "u1"

    async def test_an_unbound_contact_is_a_stranger_until_a_new_code(self, stores: Stores) -> None:
        await stores.principals.create(ANN)
        await stores.bot.add_code(code("one"))
        await stores.bot.add_code(code("two"))
        await stores.bot.bind(digest("one"), "c1", NOW)
        await stores.bot.unbind("c1")
        assert await stores.bot.contact("c1") is None
        with pytest.raises(NotFound):
            await stores.bot.unbind("c1")
        await stores.bot.bind(digest("two"), "c1", NOW)
        assert await stores.bot.contact("c1") == ANN


class TestRooms:
    async def test_a_room_that_never_said_wants_to_hear_everything(self, stores: Stores) -> None:
        assert await stores.bot.room("r1") == RoomSetting(room_id="r1")

    async def test_a_room_has_what_it_last_said(self, stores: Stores) -> None:
        setting = RoomSetting(
            room_id="r1", muted_until=later(hours=1), rules=("price_zero",), categories=("茶", "a\0b"),
            min_severity="major", on_call="c1",
        )  # fmt: skip
        await stores.bot.save_room(setting)
        assert await stores.bot.room("r1") == setting
        await stores.bot.save_room(replace(setting, muted_until=None, rules=()))
        assert await stores.bot.room("r1") == replace(setting, muted_until=None, rules=())
        assert await stores.bot.room("R1") == RoomSetting(room_id="R1")


class TestNotices:
    async def test_notices_of_a_conversation_come_newest_first(self, stores: Stores) -> None:
        for n in (2, 0, 1):
            await stores.bot.remember_notice(notice(f"n{n}", sent_at=later(minutes=n), text="三件商品"))
        await stores.bot.remember_notice(notice("other", conversation_id="r2"))
        for untold in ("i1", "i2"):  # a service that tells no ids
            await stores.bot.remember_notice(notice("", incident_ids=(untold,), sent_at=later(minutes=3)))

        found = await stores.bot.notices("r1", later(minutes=1))

        assert [(n.message_id, n.incident_ids) for n in found] == [
            ("", ("i2",)), ("", ("i1",)), ("n2", ("i1", "i2")), ("n1", ("i1", "i2")),
        ]  # fmt: skip
        assert found[-1] == notice("n1", sent_at=later(minutes=1), text="三件商品")
        assert await stores.bot.notices("r1", later(minutes=3, microseconds=1)) == []


class TestRoomsTold:
    async def test_pairs_are_remembered_once_and_asked_by_entry(self, stores: Stores) -> None:
        assert await stores.bot.told(["e1"]) == set()
        await stores.bot.remember_told({("e1", "a"), ("e2", "a")}, NOW)
        await stores.bot.remember_told([("e1", "a"), ("e1", "b"), ("e3", "b")], later(days=1))
        await stores.bot.remember_told([], NOW)

        assert await stores.bot.told(["e1", "e2", "e9"]) == {("e1", "a"), ("e1", "b"), ("e2", "a")}
        assert await stores.bot.told([]) == set()

    async def test_what_is_not_so_after_all_is_forgotten(self, stores: Stores) -> None:
        await stores.bot.remember_told([("e1", "a"), ("e1", "b"), ("e2", "a")], NOW)
        await stores.bot.forget_told([("e1", "a"), ("e9", "a")])
        await stores.bot.forget_told([])

        assert await stores.bot.told(["e1", "e2"]) == {("e1", "b"), ("e2", "a")}

    async def test_what_is_told_again_is_no_younger(self, stores: Stores) -> None:
        await stores.bot.remember_told([("e1", "a")], NOW)
        await stores.bot.remember_told([("e1", "a"), ("e1", "b")], later(days=2))
        assert await stores.bot.forget_messages(later(days=1)) == 1
        assert await stores.bot.told(["e1"]) == {("e1", "b")}

    @pytest.mark.parametrize("text", ODD_TEXTS)
    async def test_odd_names_come_back(self, stores: Stores, text: str) -> None:
        await stores.bot.remember_told([(text, text)], NOW)
        assert ascii(await stores.bot.told([text])) == ascii({(text, text)})


class TestForgetting:
    async def test_what_is_older_is_forgotten_and_nothing_else(self, stores: Stores) -> None:
        await stores.principals.create(ANN)
        for days in (0, 1, 2):
            await stores.bot.begin(message(f"m{days}", seen_at=later(days=days)))
            await stores.bot.add_code(code(f"c{days}", expires_at=later(days=days)))
            await stores.bot.remember_notice(notice(f"n{days}", sent_at=later(days=days)))
        await stores.bot.add_code(code("bind", expires_at=later(days=3)))
        await stores.bot.bind(digest("bind"), "c1", NOW)
        await stores.bot.save_room(RoomSetting(room_id="r1", on_call="c1"))

        assert await stores.bot.forget_messages(later(days=1)) == 3
        assert await stores.bot.forget_messages(later(days=1)) == 0

        assert await stores.bot.begin(message("m0"))
        assert not await stores.bot.begin(message("m1"))
        assert [n.message_id for n in await stores.bot.notices("r1", NOW)] == ["n2", "n1"]
        assert (await stores.bot.bind(digest("c1"), "c2", NOW)).principal_id == "u1"
        with pytest.raises(NotFound):
            await stores.bot.bind(digest("c0"), "c2", later(days=-1))
        assert await stores.bot.contact("c1") == ANN
        assert (await stores.bot.room("r1")).on_call == "c1"
