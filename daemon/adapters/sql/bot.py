"""What the bot must not forget, in SQLite.

Messages are begun and done without waiting for the disk: a killed process loses none of that, and after a power cut
what the service brings again is older than the bot answers. All else is on disk when its method returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.sql import schema
from daemon.adapters.sql.conditions import any_of, constant
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.forget import dropping, forget_rows
from daemon.adapters.sql.statements import Row, Session, Statement
from daemon.adapters.sql.values import Records, instant, micros, text_list
from daemon.errors import NotFound
from daemon.forum.principals import Principal
from daemon.forum.rooms import BindingCode, Contact, Handled, Handling, RoomSetting, SentNotice
from daemon.products.documents import to_json

_PRINCIPALS: Final[Records[Principal]] = Records(Principal)
_ROOMS: Final[Records[RoomSetting]] = Records(RoomSetting)
_NOTICES: Final[Records[SentNotice]] = Records(SentNotice)

_m, _k, _b, _r, _n = (
    schema.bot_messages.c, schema.contacts.c, schema.binding_codes.c, schema.rooms.c, schema.sent_notices.c,
)  # fmt: skip
_p, _t = schema.principals.c, schema.told_rooms.c

_BEGIN: Final = Statement(insert(schema.bot_messages).values(
    {name: bindparam(name) for name in ("id", "conversation_id", "sender_id", "sender_name", "state", "seen_at")}
).on_conflict_do_nothing())  # fmt: skip
_DONE: Final = Statement(
    update(schema.bot_messages).where(_m.id == bindparam("message")).values(state=constant(str(Handling.DONE)))
)
_IS_BEGUN: Final = _m.state == constant(str(Handling.BEGUN))
_BEGUN: Final = Statement(
    select(_m.id, _m.conversation_id, _m.sender_id, _m.sender_name, _m.seen_at).where(_IS_BEGUN).order_by(_m.seq)
)
_ADD_CODE: Final = Statement(
    insert(schema.binding_codes).values({c.name: bindparam(c.name) for c in schema.binding_codes.c})
)
_PRINCIPAL: Final = Statement(select(_p.body).where(_p.id == bindparam("principal")))
_CODE: Final = Statement(
    select(_p.body)
    .select_from(schema.binding_codes.join(schema.principals, _p.id == _b.principal_id))
    .where(_b.code_sha256 == bindparam("code"), _b.expires_at > bindparam("now"))
)
_USE_CODE: Final = Statement(delete(schema.binding_codes).where(_b.code_sha256 == bindparam("code")))
_bind = insert(schema.contacts).values({c.name: bindparam(c.name) for c in schema.contacts.c})
_BIND: Final = Statement(
    _bind.on_conflict_do_update(
        index_elements=["contact_id"],
        set_={"principal_id": _bind.excluded.principal_id, "bound_at": _bind.excluded.bound_at},
    )
)
_bound = schema.contacts.join(schema.principals, _p.id == _k.principal_id)
_CONTACT: Final = Statement(select(_p.body).select_from(_bound).where(_k.contact_id == bindparam("contact")))
_CONTACTS: Final = Statement(
    select(_k.contact_id, _k.principal_id, _k.bound_at, _p.body).select_from(_bound).order_by(_k.contact_id)
)
_UNBIND: Final = Statement(delete(schema.contacts).where(_k.contact_id == bindparam("contact")))
_ROOM: Final = Statement(select(_r.body).where(_r.room_id == bindparam("room")))
_save_room = insert(schema.rooms).values({c.name: bindparam(c.name) for c in schema.rooms.c})
_SAVE_ROOM: Final = Statement(
    _save_room.on_conflict_do_update(index_elements=["room_id"], set_={"body": _save_room.excluded.body})
)
_ADD_NOTICE: Final = Statement(
    insert(schema.sent_notices).values({name: bindparam(name) for name in ("conversation_id", "sent_at", "body")})
)
_SINCE: Final = Statement(
    select(_n.body)
    .where(_n.conversation_id == bindparam("conversation"), _n.sent_at >= bindparam("since"))
    .order_by(_n.sent_at.desc(), _n.seq.desc())
)
_ADD_TOLD: Final = Statement(
    insert(schema.told_rooms).values({c.name: bindparam(c.name) for c in _t}).on_conflict_do_nothing()
)
_DROP_TOLD: Final = Statement(
    delete(schema.told_rooms).where(_t.entry_id == bindparam("of_entry"), _t.room_id == bindparam("of_room"))
)
_TOLD: Final = Statement(select(_t.entry_id, _t.room_id).where(any_of(_t.entry_id, "ids")))
_FORGET: Final = tuple(dropping(column) for column in (_m.seen_at, _b.expires_at, _n.sent_at, _t.told_at))


class SqlBotStore:
    """A ports.BotStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, message: Handled) -> bool:
        """Remember a message before it is handled; False when it was seen before."""
        row: dict[str, Any] = {name: getattr(message, name) for name in message.__struct_fields__}
        row |= {"state": str(message.state), "seen_at": micros(message.seen_at)}
        return await self._database.write(lambda session: session.run(_BEGIN, **row) == 1, durable=False)

    async def done(self, message_id: str) -> None:
        """Remember that a message was handled to its end; one that is unknown stays so."""
        await self._database.write(lambda session: session.run(_DONE, message=message_id), durable=False)

    async def interrupted(self) -> Sequence[Handled]:
        """Return what was begun and not done, as interrupted, in the order it began; again until it is done."""
        return [_interrupted(row) for row in await self._database.read(lambda session: session.all(_BEGUN))]

    async def add_code(self, code: BindingCode) -> None:
        """Keep a one-time code. Raises NotFound for an unknown principal, Conflict for a known code."""

        def unit(session: Session) -> None:
            if session.one(_PRINCIPAL, principal=code.principal_id) is None:
                raise NotFound(f"there is no principal {code.principal_id!r}")
            session.run(
                _ADD_CODE,
                code_sha256=code.code_sha256,
                principal_id=code.principal_id,
                expires_at=micros(code.expires_at),
            )

        await self._database.write(unit, durable=True)

    async def bind(self, code_sha256: str, contact_id: str, now: datetime) -> Contact:
        """Use a code up and bind the contact, whoever it was. Raises NotFound for a code that is good for nothing."""
        at = micros(now)

        def unit(session: Session) -> Contact:
            owner = _enabled(session.one(_CODE, code=code_sha256, now=at))
            if owner is None:
                raise NotFound("there is no such code")
            session.run(_USE_CODE, code=code_sha256)
            session.run(_BIND, contact_id=contact_id, principal_id=owner.id, bound_at=at)
            return Contact(contact_id=contact_id, principal_id=owner.id, bound_at=now)

        return await self._database.write(unit, durable=True)

    async def contact(self, contact_id: str) -> Principal | None:
        """Return the principal that a contact is bound to, None for a stranger or a disabled principal."""
        return _enabled(await self._database.read(lambda session: session.one(_CONTACT, contact=contact_id)))

    async def contacts(self) -> Sequence[tuple[Contact, Principal]]:
        """Return every bound contact with its principal, in the order of contact ids."""
        return [
            (Contact(contact_id=contact, principal_id=owner, bound_at=instant(at)), _PRINCIPALS.read(body))
            for contact, owner, at, body in await self._database.read(lambda session: session.all(_CONTACTS))
        ]

    async def unbind(self, contact_id: str) -> None:
        """Make a contact a stranger again. Raises NotFound when it is one."""
        if not await self._database.write(lambda session: session.run(_UNBIND, contact=contact_id), durable=True):
            raise NotFound(f"the contact {contact_id!r} is not bound")

    async def room(self, room_id: str) -> RoomSetting:
        """Return what a room wants to hear, defaults for one that never said."""
        row = await self._database.read(lambda session: session.one(_ROOM, room=room_id))
        return RoomSetting(room_id=room_id) if row is None else _ROOMS.read(row[0])

    async def save_room(self, setting: RoomSetting) -> None:
        """Remember what a room wants to hear."""
        row = {"room_id": setting.room_id, "body": to_json(setting)}
        await self._database.write(lambda session: session.run(_SAVE_ROOM, **row), durable=True)

    async def remember_notice(self, notice: SentNotice) -> None:
        """Remember which incidents a message told of."""
        row = {"conversation_id": notice.conversation_id, "sent_at": micros(notice.sent_at), "body": to_json(notice)}
        await self._database.write(lambda session: session.run(_ADD_NOTICE, **row), durable=True)

    async def notices(self, conversation_id: str, since: datetime) -> Sequence[SentNotice]:
        """Return the notices sent to a conversation since a time, newest first."""
        values = {"conversation": conversation_id, "since": micros(since)}
        rows = await self._database.read(lambda session: session.all(_SINCE, **values))
        return [_NOTICES.read(body) for (body,) in rows]

    async def remember_told(self, told: Iterable[tuple[str, str]], now: datetime) -> None:
        """Remember pairs of an entry and a room that may have had it; when, for those not known yet."""
        at = micros(now)
        rows = [{"entry_id": entry, "room_id": room, "told_at": at} for entry, room in told]
        await self._database.write(lambda session: session.run_many(_ADD_TOLD, rows), durable=True)

    async def forget_told(self, told: Iterable[tuple[str, str]]) -> None:
        """Forget pairs that are not so after all."""
        rows = [{"of_entry": entry, "of_room": room} for entry, room in told]
        await self._database.write(lambda session: session.run_many(_DROP_TOLD, rows), durable=False)

    async def told(self, entry_ids: Sequence[str]) -> set[tuple[str, str]]:
        """Return the pairs remembered of these entries."""
        ids = text_list(entry_ids)
        return {(entry, room) for entry, room in await self._database.read(lambda session: session.all(_TOLD, ids=ids))}

    async def forget_messages(self, before: datetime) -> int:
        """Delete messages seen, codes expired, notices sent and rooms told before a time; return how many."""
        return await forget_rows(self._database, _FORGET, before)


def _interrupted(row: Row) -> Handled:
    message, conversation, sender, name, seen = row
    return Handled(
        id=message, conversation_id=conversation, sender_id=sender, sender_name=name,
        state=Handling.INTERRUPTED, seen_at=instant(seen),
    )  # fmt: skip


def _enabled(row: Row | None) -> Principal | None:
    principal = None if row is None else _PRINCIPALS.read(row[0])
    return None if principal is None or principal.disabled_at is not None else principal
