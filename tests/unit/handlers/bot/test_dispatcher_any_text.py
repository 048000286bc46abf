"""Whatever people, services and commands say, the dispatcher goes on, and what it sends can be sent."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.forum.rooms import Incoming, MessageKind, Quote
from daemon.forum.splitting import size_of
from daemon.handlers.bot.asking import Asked, Reply
from daemon.services.duty import Duty
from tests.bot_kit import ROOM, SELF, bot

ANY = st.text(st.characters(exclude_categories=()))
WORDS = st.sampled_from(
    ["@ShopBot ", "@ShopBot\u2005", "@所有人 ", "ack", "确认", "「", "」", "\n", "- " * 9, "<msg>", "@"]
)
TEXTS = ANY | st.lists(WORDS | ANY, max_size=12).map("".join) | ANY.map(lambda text: f"@ShopBot {text}")
MESSAGES = st.fixed_dictionaries(
    {
        "text": TEXTS | TEXTS.map(lambda text: text * 300),
        "room_id": st.sampled_from([ROOM, "", "r2@chatroom"]),
        "sender_id": st.sampled_from(["alice", "bob", "", SELF]) | ANY,
        "sender_name": ANY,
        "kind": st.sampled_from([*[MessageKind.TEXT] * 6, MessageKind.OTHER, MessageKind.RECALLED]),
        "mentions": st.sampled_from([(), (SELF,), ("bob",), (SELF, "bob", "carol")]),
        "quote": st.none() | st.builds(Quote, ANY, TEXTS),
        "names": st.lists(ANY, max_size=3).map(tuple),
        "is_own": st.booleans(),
    }
)
ANSWERS = st.none() | st.builds(Reply, text=TEXTS, mention=st.booleans(), more=st.lists(st.tuples(ANY, ANY)).map(tuple))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(MESSAGES, min_size=1, max_size=8), ANSWERS | st.just(KeyError("x")), st.integers(100, 300))
async def test_any_messages_get_any_answers(
    messages: list[dict[str, Any]], answer: Reply | Exception | None, limit: int
) -> None:
    async def answering(_: Duty, asked: Asked) -> Reply | None:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with bot(answering, message_bytes=limit) as b:
        said: list[Incoming] = [b.messenger.say(**fields) for fields in messages]
        await b.settle(3600)
        counted = [sample.value for metric in b.metrics.bot_messages.collect() for sample in metric.samples
                   if sample.name.endswith("_total")]  # fmt: skip
        assert sum(counted) == len(said)
        for message in b.messenger.sent:
            assert message.text.encode().strip()
            assert size_of(message.text) <= limit
        b.messenger.say("@ShopBot still there?", room_id="r3@chatroom", sender_id="zoe")
        await b.settle(3600)
        after = sum(sample.value for metric in b.metrics.bot_messages.collect() for sample in metric.samples
                    if sample.name.endswith("_total"))  # fmt: skip
        assert after == len(said) + 1
        assert await b.stores.bot.interrupted() == []
