from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.personal_data import LABEL, deidentified, masked

pytest.importorskip("opencc")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("call 555-123-4567 or (808) 782-1557", "call [phone] or [phone]"),
        ("我的手机是138 0013 8000", "我的手机是[电话]"),
        ("一三八零零一三八零零零", "[电话]"),
        ("１３８００１３８０００", "[phone]"),
        ("id 110101199003078515", "id [id number]"),
        ("id 110101199003078516", "id 110101199003078516"),  # its check digit is wrong: some other number
        ("card 4111-1111-1111-1111", "card [card number]"),
        ("order 4111111111111112", "order 4111111111111112"),
        ("my passport number is E12345678", "my passport number is [id number]"),
        ("ssn 123-45-6789", "ssn [id number]"),
        ("mail john.doe@example.co.uk!", "mail [e-mail]!"),
        ("我住在北京市朝阳区建国路88号3栋502室", "我住在[地址]"),
        ("at 42 Green Hill Road, Apt 5.", "at [address]."),
        ("watch 21 Jump Street", "watch 21 Jump Street"),
        ("GTIN 6901234567892, 2004-05-06, 1,234,567.89", "GTIN 6901234567892, 2004-05-06, 1,234,567.89"),
        ("my name is John, @bob https://x.org", "my name is John, @bob https://x.org"),
    ],
)
def test_in_chats_only_what_reaches_somebody_is_masked(text: str, left: str) -> None:
    assert masked(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hi John, how are you?", "Hi, how are you?"),
        ("Thanks Peter!", "Thanks!"),
        ("Hi there, Hello World", "Hi there, Hello World"),
        ("my name is sarah and I'm 20", "my name is [name] and I'm 20"),
        ("I'm Peter. I'm Chinese. I'm Tired of it", "I'm [name]. I'm Chinese. I'm Tired of it"),
        ("Call me Ishmael, or call me back", "Call me [name], or call me back"),
        ("Mr. Smith and Dr Jane Doe", "Mr. [name] and Dr [name]"),
        ("我叫小明,今年20岁", "我叫[名字],今年20岁"),
        ("我叫他回家", "我叫他回家"),
        ("你好,小明!", "你好!"),
        ("谢谢老师", "谢谢老师"),
        ("王先生在吗", "某先生在吗"),
        ("@bob see https://x.y/z?q=1 or foo.com", "[contact] see [link] or [link]"),
        ("10.0.0.1 and 1234567, not 2004", "[number] and [number], not 2004"),
        ("call 555-123-4567", "call [phone]"),
    ],
)
def test_from_corpora_goes_what_tells_who_it_was(text: str, left: str) -> None:
    assert deidentified(text) == left


@given(st.text(st.characters(exclude_categories=()), max_size=80) | st.text("0123456789-+ @.路号市区ax", max_size=80))
def test_any_text_is_left_in_its_one_form_and_nothing_more_is_found_in_it(text: str) -> None:
    left = deidentified(text)
    assert normalised(left) == left
    if not LABEL.search(masked(text)):
        assert masked(text) == normalised(text)


@pytest.mark.parametrize("piece", ["1", "1-", "a@", "a.", "市区", "路1", "1 Green ", "我叫", "http://", "(", "+1 "])
def test_long_rows_end(piece: str) -> None:
    assert len(deidentified(piece * 2000)) <= 40_000
    assert len(masked(piece * 50_000)) <= 40_000
