"""What the whole chat system answers to what people said in held-out dialogues, and who of its speakers it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from daemon.inference.chat.dialogue.conversation import Conversation
from daemon.inference.chat.dialogue.sessions import Sessions
from daemon.inference.chat.training.pairs import Pair
from daemon.products.phrases import Language


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """An answer. said: the turns before it, oldest first; source: who spoke; human: what somebody answered.

    network: what the network alone would have answered, whoever spoke.
    """

    said: tuple[str, ...]
    reply: str
    source: str
    human: str
    language: Language
    network: str = ""


def by_hash(pairs: Iterable[Pair], language: Language, most: int) -> list[Pair]:
    """Return so many pairs of a language as nobody selected them: the first ones by a hash of their words."""
    return sorted((pair for pair in pairs if pair.language == language), key=lambda pair: pair.key)[:most]


async def talked(conversation: Conversation, sessions: Sessions, pairs: Sequence[Pair]) -> list[Spoken]:
    """Return the answer to each pair's last turn, in a conversation of its own in which the others were said before."""
    answers = []
    for number, pair in enumerate(pairs):
        key = f"held out/{number}"
        session = sessions.of(key, key)
        *before, last = pair.context
        for place, turn in enumerate(before):
            bots = (len(before) - place) % 2 == 1  # they took turns, and the last of these was not the person's
            (session.say if bots else session.hear)(turn)
        answer = await conversation.reply(key, key, last, pair.language)
        answers.append(
            Spoken(said=pair.context, reply=answer.text, source=answer.source, human=pair.reply, language=pair.language)
        )
        sessions.forget(key)
    return answers
