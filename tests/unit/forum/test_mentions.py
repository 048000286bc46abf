from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.forum.mentions import Heard, hear
from daemon.forum.rooms import Incoming
from tests.contract.makers import NOW

SELF = "bot-id"
ODD_NAMES = ("Shop(Bot", "A.B", "[值班]", "Bot*+?", "Shop Bot", "^$", "\\d", "机器人🤖", "Bot|All")


def heard(text: str, *names: str, mentions: tuple[str, ...] = (), room: str = "r1@chatroom", **fields: Any) -> Heard:
    message = Incoming(
        id="m1", room_id=room, sender_id="alice", sender_name="Alice", text=text, sent_at=NOW, mentions=mentions,
        names=names or ("Bot",), **fields,
    )  # fmt: skip
    return hear(message, SELF, "ShopBot")


@pytest.mark.parametrize(
    "between", ["\u2005", " ", "", "\u3000", "：", "，", ":", ",", " ： ", "\u00a0", "\n", "\u200b"]
)
@pytest.mark.parametrize("mentions", [(), (SELF,)])
def test_whatever_parts_the_mention_from_the_text_is_no_text(between: str, mentions: tuple[str, ...]) -> None:
    assert heard(f"@Bot{between}hi", mentions=mentions) == Heard(True, "hi")
    assert heard(f"@Bot{between}状态", mentions=mentions) == Heard(True, "状态")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_are_no_patterns(name: str) -> None:
    assert heard(f"@{name}\u2005hi", name) == Heard(True, "hi")
    assert heard(f"status @{name}", name) == Heard(True, "status")
    assert heard("@AXB hi", "A.B") == Heard(False, "@AXB hi")


def test_the_longest_name_that_fits_is_taken() -> None:
    assert heard("@Shop Bot hi", "Shop", "Shop Bot", "Bot") == Heard(True, "hi")
    assert heard("@Shop  Bot hi", "Shop", "Shop Bot") == Heard(True, "hi")


def test_own_name_and_alias_of_the_room_are_both_known() -> None:
    assert heard("@ShopBot hi", "值班") == Heard(True, "hi")
    assert heard("@值班 hi", "值班") == Heard(True, "hi")
    assert heard("＠SHOPBOT hi", "值班") == Heard(True, "hi")


def test_an_id_decides_though_the_name_is_not_known() -> None:
    assert heard("@New Nick\u2005status", mentions=(SELF,)) == Heard(True, "status")
    assert heard("status @NewNick", mentions=(SELF,)) == Heard(True, "status")


def test_several_mentions_before_a_command_are_taken_off_and_those_within_stay() -> None:
    assert heard("@Bob Lee\u2005@Bot\u2005status", mentions=("bob", SELF)) == Heard(True, "status")
    assert heard("@Bot @Bob ack 3") == Heard(True, "ack 3")
    assert heard("@Bot on-call @Bob") == Heard(True, "on-call @Bob")
    assert heard("@Bot @Bot\u2005hi") == Heard(True, "hi")
    assert heard("please @Bot status") == Heard(True, "please status")


@pytest.mark.parametrize("everyone", ["@所有人", "@all", "@All", "@全体成员", "@everyone", "＠所有人"])
def test_everybody_is_nobody_in_particular(everyone: str) -> None:
    assert not heard(f"{everyone} hi").addressed
    assert not heard(f"{everyone}\u2005status", mentions=(SELF, "alice", "bob")).addressed
    assert heard(f"{everyone} @Bot\u2005status", mentions=(SELF, "alice", "bob")) == Heard(True, "status")
    assert heard(f"{everyone} @NewNick\u2005status", mentions=(SELF,)) == Heard(True, "status")


def test_a_word_that_only_begins_like_everybody_is_a_name() -> None:
    assert heard("@alliance\u2005status", mentions=(SELF,)) == Heard(True, "status")


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("hello", ()),
        ("Bot status", ()),
        ("team@Bot.example", ()),
        ("@Botany\u2005hi", ()),  # a client's mention of somebody else
        ("@Bot Two\u2005hi", ()),
        ("@Botany hi", ("botany",)),
        ("@Bot-two hi", ("two",)),
        ("hi @Bob", ("bob",)),
    ],
)
def test_what_is_meant_for_others_is_not_meant_for_the_bot(text: str, mentions: tuple[str, ...]) -> None:
    assert heard(text, mentions=mentions) == Heard(False, text)


def test_a_name_typed_by_hand_counts_beside_mentions_of_others() -> None:
    assert heard("@Bot tell @Bob\u2005hi", mentions=("bob",)) == Heard(True, "tell @Bob\u2005hi")


def test_a_private_chat_needs_no_mention() -> None:
    assert heard("status", room="") == Heard(True, "status")
    assert heard("@Bot status", room="") == Heard(True, "status")


def test_nothing_but_a_mention_leaves_nothing() -> None:
    for text in ("@Bot", "@Bot\u2005", " @Bot \u200b\n", "@Bot @Bot", "@所有人 @Bot"):
        assert heard(text) == Heard(True, "")


def test_an_unknown_bot_is_addressed_by_nobody() -> None:
    message = Incoming(id="m", room_id="r", sender_id="a", sender_name="A", text="@ hi", sent_at=NOW, mentions=("",))
    assert not hear(message, "", "").addressed


TEXTS = st.text() | st.text("@＠Bot所有人al \u2005\u3000:：，\n「」-") | st.text("@ \u2005").map(lambda t: t * 50)


@given(TEXTS, st.lists(st.text(), max_size=3), st.sampled_from([(), (SELF,), ("x",), (SELF, "x", "y")]))
def test_any_text_under_any_name_is_read(text: str, names: list[str], mentions: tuple[str, ...]) -> None:
    found = heard(text, *names, mentions=mentions)
    assert len(found.text) <= len(text)
    if not found.addressed:
        assert found.text == text.strip(" \t\r\n\f\v\u2005\u3000\u200b\u2060\ufeff\u00a0")


@given(st.text(min_size=1).filter(lambda t: t.split()), st.sampled_from(["\u2005", " ", "\u3000"]))
def test_any_name_is_found_before_a_command(name: str, between: str) -> None:
    assert heard(f"@{' '.join(name.split())}{between}status", name).addressed


@pytest.mark.parametrize("piece", ["@", "@a ", "@Bot", "@Bot ", "@所有人", " ", "@\u2005", "\u2005", "@Bot,"])
def test_long_texts_are_read_in_a_time_that_grows_with_them(piece: str) -> None:
    assert len(heard(piece * (400_000 // len(piece)), mentions=(SELF,)).text) <= 400_000
