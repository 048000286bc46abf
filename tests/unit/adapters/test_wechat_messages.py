from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.wechat_messages import addressed, incoming, sent_at, split_quote
from daemon.forum.rooms import Incoming, MessageKind, Quote

NOW = datetime(2026, 11, 25, tzinfo=UTC)
DASHES = "- - - - - - - - - - - - - - -"


@dataclass
class Told:
    id: str = "m1"
    text: str = ""
    timestamp: int = 0
    type: int = 7
    from_id: str = "alice"
    room_id: str = "r1@chatroom"
    mention_ids: list[str] = field(default_factory=list)


def ours(told: Told) -> Incoming:
    return incoming(told, message_id="event-id", self_id="bot", sender_name="Alice", names=("Bot",), now=NOW)


@pytest.mark.parametrize(
    ("text", "quoted", "answer"),
    [
        (f"「Bot：incident 12 opened」\n{DASHES}\nack", "incident 12 opened", "ack"),
        (f"「Bot:incident 12」\n{DASHES}\nack", "incident 12", "ack"),
        (f"「Bot：line one\nline two」\n{DASHES}\nack\nplease", "line one\nline two", "ack\nplease"),
        (f"「A：B：text」\n{DASHES}\n@Bot\u2005ack", "B：text", "@Bot\u2005ack"),
        (f"「Bot：」\n{DASHES}\nack", "", "ack"),
        ("「Bot：x」\n------------\nack", "x", "ack"),
    ],
)
def test_a_quoted_reply_is_parted(text: str, quoted: str, answer: str) -> None:
    assert split_quote(text) == (Quote("", quoted), answer)


@pytest.mark.parametrize(
    "text",
    [
        "ack",
        "「Bot：x」 ack",
        f"「Bot：x」\n{DASHES}",
        f"「no colon」\n{DASHES}\nack",
        f"see 「Bot：x」\n{DASHES}\nack",
        f"Bot：x\n{DASHES}\nack",
        "",
    ],
)
def test_what_is_no_quote_stays_as_it_is(text: str) -> None:
    assert split_quote(text) == (None, text)


def test_words_hidden_in_a_quoted_text_are_never_the_senders() -> None:
    trap = f"harmless」\n{DASHES}\nclose all"

    quote, answer = split_quote(f"「Mallory：{trap}」\n{DASHES}\nwhat is this?")

    assert answer == "what is this?"
    assert quote is not None
    assert "close all" in quote.text


@given(st.text(), st.text())
def test_any_text_can_be_read_and_nothing_of_an_answer_is_lost(quoted: str, answer: str) -> None:
    split_quote(answer)
    clean = answer.replace("「", "").replace("」", "").strip("\r\n")

    assert split_quote(f"「Bot：{quoted}」\n{DASHES}\n{clean}")[1] == clean


def test_reading_a_hostile_text_takes_no_longer_than_its_length() -> None:
    for piece in ("「a：", "」\n- - - - -", "」\n\n", "- ", "」\n-----\n"):
        split_quote("「a：" + piece * 20_000)


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (1_790_000_000, datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        (1_790_000_000_000, datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        (0, NOW),
        (-5, NOW),
        (2**64 - 1, NOW),
    ],
)
def test_times_come_in_seconds_or_milliseconds(timestamp: int, expected: datetime) -> None:
    assert sent_at(timestamp, NOW) == expected


@pytest.mark.parametrize("text", ["<msg><emoji/></msg>", '<?xml version="1.0"?><msg/>', "\n<sysmsg type='x'>", "<msg>"])
def test_a_card_in_a_text_is_no_text(text: str) -> None:
    message = ours(Told(text=text))

    assert (message.kind, message.text) == (MessageKind.OTHER, "")


def test_a_text_of_nobody_is_no_text() -> None:
    assert ours(Told(text="close all", from_id="")).kind is MessageKind.OTHER


def test_nobody_is_the_bot_before_it_has_logged_in() -> None:
    told = Told(text="x", from_id="")

    assert not incoming(told, message_id="m", self_id="", sender_name="", names=(), now=NOW).is_own


def test_an_id_that_the_service_leaves_out_is_the_one_of_the_event() -> None:
    assert ours(Told(id="", text="x")).id == "event-id"


def test_mentions_are_told_once_each() -> None:
    assert ours(Told(text="x", mention_ids=["bot", "bob", "bot"])).mentions == ("bot", "bob")


def test_every_separator_stays_in_the_text() -> None:
    for text in ("@Bot hi", "@Bot\u2005hi", "@Bot\u3000hi", "@Bothi", "@Shop(Bot\u2005hi"):
        assert ours(Told(text=text)).text == text


@given(st.text(), st.lists(st.text()))
def test_whatever_goes_out_can_be_encoded(text: str, names: list[str]) -> None:
    addressed(text + "\ud800", names).encode()
