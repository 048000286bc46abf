from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.forum.quoting import is_quotation, quoted_notices, whole_notices
from daemon.forum.rooms import Quote, SentNotice
from tests.contract.makers import NOW


def notice(message_id: str, text: str = "") -> SentNotice:
    return SentNotice(message_id=message_id, conversation_id="r", incident_ids=("i",), sent_at=NOW, text=text)


def test_an_id_decides_alone() -> None:
    notices = [notice("n1", "Price is zero: Mug"), notice("n2")]
    assert quoted_notices(Quote("n2", "Price is zero: Mug"), notices) == [notices[1]]
    assert quoted_notices(Quote("other", "Price is zero: Mug"), notices) == []


def test_without_an_id_the_text_decides() -> None:
    notices = [notice("n1", "Price is zero: Mug\nack or undo"), notice("n2", "Stock is negative: Lamp")]
    for quoted in (
        "Price is zero: Mug\nack or undo",
        "Price is zero: Mug…",
        "ShopBot：Price is zero: Mug  ack",
        "Price is zero",
    ):
        assert quoted_notices(Quote("", quoted), notices) == [notices[0]]


def test_a_scrap_is_no_quotation() -> None:
    for quoted in ("", "Price", "ack", "Bob：Pri", "We should look at the price of the mug"):
        assert not is_quotation(quoted, "Price is zero: Mug")


@given(st.text(), st.text())
def test_any_two_texts_can_be_compared(quoted: str, told: str) -> None:
    assert is_quotation(quoted, told) in {True, False}


def test_the_parts_of_one_notice_are_one_notice() -> None:
    split = [
        replace(notice("n2"), notice_id="x", incident_ids=("i2", "i3")),
        notice("n9"),
        replace(notice("n1"), notice_id="x", incident_ids=("i1", "i2")),
    ]
    assert whole_notices(split) == [replace(split[0], incident_ids=("i2", "i3", "i1")), split[1]]
    assert len(whole_notices([notice("n1"), notice("n2")])) == 2
