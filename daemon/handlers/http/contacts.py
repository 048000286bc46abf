"""/contacts: which contacts of the chat are whom."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from pydantic import Field

from daemon.forum.principals import Role, Scope
from daemon.handlers.http.answers import Listed
from daemon.handlers.http.models import Body, NonBlankLine
from daemon.handlers.http.routes import Call, get, post
from daemon.services import contacts


class NewCode(Body):
    """For whom; a name that nobody has is added with this role."""

    name: NonBlankLine
    role: Role


class UnboundContact(Body):
    """Who shall be a stranger."""

    contact_id: Annotated[str, Field(min_length=1, max_length=500)]


class MadeCode(msgspec.Struct, frozen=True, kw_only=True):
    """A new code, which is shown only this once, and for how many seconds it is good."""

    code: str
    principal: str
    role: Role
    good_for_s: float


class ShownContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact and whom it is bound to. disabled: so that it is nobody after all."""

    id: str
    principal: str
    role: Role
    bound_at: datetime
    disabled: bool


async def list_contacts(call: Call) -> Listed[ShownContact]:
    """GET /contacts."""
    found = await contacts.list_contacts(call.duty)
    shown = (
        ShownContact(
            id=contact.contact_id,
            principal=owner.name,
            role=owner.role,
            bound_at=contact.bound_at,
            disabled=owner.disabled_at is not None,
        )
        for contact, owner in found
    )
    return Listed(tuple(shown), None)


async def create_code(call: Call) -> MadeCode:
    """POST /contacts/codes."""
    sent = call.sent(NewCode)
    name = sent.name.strip()
    code = await contacts.make_code(call.duty, call.actor, name, sent.role)
    return MadeCode(code=code, principal=name, role=sent.role, good_for_s=call.duty.config.bot.code_lifetime)


async def unbind_contact(call: Call) -> None:
    """POST /contacts:unbind. The id, which the messenger chooses, may be anything: so it stands in no path."""
    await contacts.unbind(call.duty, call.actor, call.sent(UnboundContact).contact_id)


ROUTES = (
    get("/contacts", list_contacts, Listed[ShownContact], "List bound contacts", access=Scope.ADMIN),
    # Not repeatable: an answer that holds a secret is not kept.
    post("/contacts/codes", create_code, MadeCode, "Make a code that binds a contact; it is shown only now",
         Scope.ADMIN, body=NewCode, status=201, repeatable=False),
    post("/contacts:unbind", unbind_contact, None, "Make a contact a stranger", Scope.ADMIN, body=UnboundContact,
         status=204),
)  # fmt: skip
