from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.tokenizer import BOS, EOS, PAD, SPECIAL, UNK, Tokenizer, prepared
from daemon.inference.chat.training.vocabulary import FEWEST, MOST, train_vocabulary

pytest.importorskip("sentencepiece")
pytest.importorskip("opencc")

LINES = [
    "你好，你是谁？", "我 是 小 班 ， 很 高 兴 认 识 你", "今天想看电影吗", "想看科幻片，不想看恐怖片",
    "我也喜欢看电影",
    "推薦一部電影給我", "hello, who are you?", "I like watching films at night.", "what film do you recommend?",
    "have you seen Inception", "我看过 Inception 了", "that was a good film, thanks!", "晚安，明天见", "2004年的电影",
]  # fmt: skip
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.fixture(scope="module")
def data() -> bytes:
    return train_vocabulary(LINES * 5, 420)


@pytest.fixture(scope="module")
def tokenizer(data: bytes) -> Tokenizer:
    return Tokenizer(data)


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_the_same_lines_give_the_same_bytes(kind: str, data: bytes) -> None:
    first, second = (train_vocabulary(iter(LINES), 400, seed=7, kind=kind) for _ in "ab")  # type: ignore[arg-type]  # a word of the parameters
    assert first == second
    assert first != data


def test_the_special_pieces_stand_where_they_are_expected(tokenizer: Tokenizer) -> None:
    assert tokenizer.pieces([PAD, BOS, EOS, UNK]) == list(SPECIAL)
    assert tokenizer.size <= 420


@given(text=ANY_TEXT)
def test_any_text_comes_back_whole_and_has_the_same_pieces_again(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert all(UNK < id_ < tokenizer.size for id_ in ids)
    said = tokenizer.decode(ids)
    assert "".join(prepared(said).split()) == "".join(prepared(text).split())  # nothing is lost
    assert tokenizer.encode(said) == tokenizer.encode(tokenizer.decode(tokenizer.encode(said)))


@given(ids=st.lists(st.integers(-(10**20), 10**20) | st.integers(-5, 500), max_size=40))
def test_any_ids_have_a_text(tokenizer: Tokenizer, ids: list[int]) -> None:
    tokenizer.decode(ids).encode()
    assert len(tokenizer.pieces(ids)) == len(ids)


@pytest.mark.parametrize(
    ("said", "trained"),
    [
        ("是谁", "是 谁"),  # as a corpus parts its characters
        ("你是誰？", "你是谁?"),
        ("ｈｅｌｌｏ", "hello"),
        ("看过Inception", "看过 Inception"),
        ("电影\u200b\0", "电影"),
        ("  what   film ", "what film"),
    ],
)
def test_a_text_has_the_same_pieces_in_a_chat_as_in_training(tokenizer: Tokenizer, said: str, trained: str) -> None:
    assert tokenizer.encode(said) == tokenizer.encode(trained)


def test_a_word_has_the_same_pieces_in_either_language(tokenizer: Tokenizer) -> None:
    alone, inside = tokenizer.encode("Inception"), tokenizer.encode("我看过Inception了")
    assert any(inside[place : place + len(alone)] == alone for place in range(len(inside)))


@pytest.mark.parametrize("text", ["龘靐齉", "👨\u200d👩\u200d👧", "🦄", "Žluťoučký", "ᚠᛇᚻ", "<s></s><unk><pad>", "▁▁"])
def test_what_the_vocabulary_lacks_is_spelled_in_bytes(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert ids
    assert not {PAD, BOS, EOS, UNK} & set(ids)
    assert tokenizer.decode(ids) == normalised(text).replace("\u2581", "_")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("你好 , 我 是 小班 !", "你好，我是小班！"),
        ("想看Inception吗？", "想看 Inception 吗？"),
        ("我 有 2 斤（牛肉）", "我有2斤（牛肉）"),
        ("hello, who are you?", "hello, who are you?"),
        ("2004 年 的 电影", "2004年的电影"),
        ("《盗梦空间》，好看", "《盗梦空间》，好看"),
        ("I like 电影 a lot, really", "I like 电影 a lot, really"),
    ],
)
def test_text_is_written_as_people_write_it(tokenizer: Tokenizer, text: str, written: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == written


def test_special_ids_and_those_of_no_piece_are_left_out(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("who are you")
    assert tokenizer.decode([BOS, *ids, EOS, PAD, PAD, -1, tokenizer.size, 10**12]) == "who are you"
    assert tokenizer.decode([]) == tokenizer.decode([EOS]) == ""
    assert tokenizer.encode("") == tokenizer.encode("\u200b \0") == []


def test_bytes_cut_in_the_middle_of_a_character_have_a_text(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("🦄")
    assert "\ufffd" in tokenizer.decode(ids[:-1])


def test_a_long_text_is_cut_as_everywhere(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("电影" * 50_000) == tokenizer.encode(normalised("电影" * 50_000))


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"no model", b"PK\x03\x04" + b"x" * 900])
def test_bytes_that_are_no_model_are_told_apart(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="vocabulary"):
        Tokenizer(data)


def test_a_model_cut_short_or_with_other_special_pieces_is_refused(data: bytes) -> None:
    import io

    from sentencepiece import SentencePieceTrainer

    with pytest.raises(UnreadableFile, match="vocabulary"):
        Tokenizer(data[: len(data) // 2])
    foreign = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=foreign, vocab_size=120, hard_vocab_limit=False, minloglevel=2
    )
    with pytest.raises(UnreadableFile, match="first pieces"):
        Tokenizer(foreign.getvalue())


@pytest.mark.parametrize("size", [-1, 0, FEWEST, MOST + 1])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(InvalidInput, match="vocabulary size"):
        train_vocabulary(LINES, size)


@pytest.mark.parametrize("lines", [[], ["", " "], ["\u200b", "\0"]])
def test_lines_without_text_make_no_vocabulary(lines: list[str]) -> None:
    with pytest.raises(InvalidInput, match="there are none"):
        train_vocabulary(lines, 400)


def test_long_lines_are_read_as_well() -> None:
    characters = [chr(0x4E00 + n) for n in range(660)]
    trained = Tokenizer(train_vocabulary(["".join(characters) * 3] * 3, 1000))  # 5,940 bytes, above the usual limit
    assert "<0xE4>" not in trained.pieces(trained.encode(characters[300]))


def test_more_characters_than_pieces_are_too_many() -> None:
    with pytest.raises(InvalidInput, match="too few pieces"):
        train_vocabulary(["".join(chr(0x4E00 + n) for n in range(1900))], 800)


def test_importing_loads_no_sentencepiece() -> None:
    import subprocess

    code = (
        "import sys, daemon.inference.chat.tokenizer, daemon.inference.chat.training.vocabulary;"
        "print({'sentencepiece', 'opencc', 'numpy', 'torch'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
