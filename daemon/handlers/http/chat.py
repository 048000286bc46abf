"""/chat: talk with the chat system."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import Field

from daemon.forum.principals import Scope
from daemon.handlers.http.models import Body
from daemon.handlers.http.routes import Call, delete, post
from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.wishes import Slots
from daemon.services import chat

#: Characters of one turn that are taken; how many of them are read is the conversation's own business.
_MOST: Final = 200_000
SessionName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9._-]*$")]


class Turn(Body):
    """Something to say. session: one of the caller's own conversations; language: if left out, that of the text."""

    text: Annotated[str, Field(max_length=_MOST)]
    session: SessionName = ""
    language: Literal["en", "zh"] | None = None
    explain: bool = False


class ShownFilm(msgspec.Struct, frozen=True, kw_only=True):
    """A film that is recommended, and why. title: in the language of the reply."""

    id: str
    title: str
    year: int | None
    reason: str


class ShownIntent(msgspec.Struct, frozen=True, kw_only=True):
    """What the text was taken for: "recommend", "not" or "unsure", by which rule; slots: what it names."""

    label: str
    rule: str
    slots: dict[str, Any]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A reply. mode: "chat" or "films"; source: who speaks; explained: how it came about, where that was asked for."""

    reply: str
    language: str
    mode: str
    source: str
    intent: ShownIntent | None
    films: tuple[ShownFilm, ...]
    explained: tuple[str, ...]


async def talk(call: Call) -> Reply:
    """POST /chat."""
    sent = call.sent(Turn)
    answer = await chat.reply(call.duty, call.actor, sent.text, session=sent.session, language=sent.language)
    if answer.forgot:
        call.drop_answers(_conversation(call))
    return _shown(answer, explain=sent.explain)


async def forget_talk(call: Call) -> None:
    """DELETE /chat/{session}."""
    call.drop_answers(chat.own_session(call.actor, call.path["session"]))
    await chat.forget(call.duty, call.actor, call.path["session"])


def _conversation(call: Call) -> str:
    return chat.own_session(call.actor, call.sent(Turn).session)


def _shown(answer: Answer, *, explain: bool) -> Reply:
    films = tuple(
        ShownFilm(id=one.film.id, title=one.film.title(answer.language), year=one.film.year, reason=one.reason)
        for one in answer.films
    )
    intent = answer.intent and ShownIntent(
        label=answer.intent.label, rule=answer.intent.rule, slots=_named(answer.intent.slots)
    )
    return Reply(
        reply=answer.text, language=answer.language, mode=answer.mode, source=answer.source, intent=intent or None,
        films=films, explained=answer.notes if explain else (),
    )  # fmt: skip


def _named(slots: Slots) -> dict[str, Any]:
    named: dict[str, Any] = msgspec.to_builtins(slots)
    return named


ROUTES = (
    post(
        "/chat",
        talk,
        Reply,
        "Say something to the chat system",
        Scope.READ,
        body=Turn,
        refusals=(429,),
        subject=_conversation,
    ),
    delete("/chat/{session}", forget_talk, None, "Forget a conversation", Scope.READ, status=204),
)
