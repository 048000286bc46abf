from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numpy")
pytest.importorskip("opencc")

import numpy as np

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat import retrieval_file
from daemon.inference.chat.replies import Candidate
from daemon.inference.chat.retrieval import Retrieval
from daemon.inference.chat.retrieval_file import Contents, gathered, packed, spread, unpacked
from daemon.inference.chat.retrieval_terms import MOST_TERMS, ROWS, key_of, rows_of
from daemon.inference.chat.training.retrieval_index import LONGEST_REPLY, Pair, build_index

PAIRS: list[Pair] = [
    (["hello there"], "hi, how are you?"),
    (["hello there", "hi, how are you?"], "fine, and you?"),
    (["what is your dog called"], "Rex, and very old"),
    (["my dog ate my shoe", "what should I do"], "hide the other shoe"),
    (["my car broke down", "what should I do"], "call a mechanic"),
    (["你好"], "你好，很高兴见到你！"),
    (["你喜欢看电影吗"], "喜欢，我常看老电影。"),
    (["今天天气怎么样"], "今天晴，不冷。"),
    (["hello 你好"], "hi"),
    (["hello"], "hey"),
    (["hello"], "hey you"),
    (["hello"], "leave me alone today"),
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@pytest.fixture(scope="module")
def data() -> bytes:
    return build_index(PAIRS)


@pytest.fixture(scope="module")
def retrieval(data: bytes) -> Retrieval:
    return Retrieval(data)


def texts(found: Sequence[Candidate]) -> list[str]:
    return [one.text for one in found]


def test_what_was_said_before_word_for_word_scores_one(retrieval: Retrieval) -> None:
    best = retrieval.candidates(["What is your dog called?!"], "en")[0]
    assert (best.text, best.score, best.speaker) == ("Rex, and very old", 1.0, "retrieval")


def test_the_turn_before_decides_between_two_answers_to_one_question(retrieval: Retrieval) -> None:
    asked = "what should I do"
    assert texts(retrieval.candidates(["my dog ate my shoe", asked], "en", k=1)) == ["hide the other shoe"]
    assert texts(retrieval.candidates(["the car broke down again", asked], "en", k=1)) == ["call a mechanic"]


def test_the_last_turn_weighs_more_than_those_before(retrieval: Retrieval) -> None:
    found = retrieval.candidates(["my car broke down", "what is your dog called"], "en")
    assert found[0].text == "Rex, and very old"
    assert found[0].score == 0.75  # all of the last turn, nothing of the one before
    assert retrieval.candidates(["what is your dog called", "qqq"], "en") == []


@pytest.mark.parametrize("said", ["你喜歡看電影嗎？", "你 喜 欢 看 电 影 吗", "你喜欢看电影吗\u200b!!"])
def test_script_spaces_and_marks_make_no_difference(retrieval: Retrieval, said: str) -> None:
    best = retrieval.candidates([said], "zh")[0]
    assert (best.text, best.score) == ("喜欢，我常看老电影。", 1.0)


def test_replies_are_in_the_language_asked_for(retrieval: Retrieval) -> None:
    assert texts(retrieval.candidates(["hello 你好"], "en"))[0] == "hi"
    assert texts(retrieval.candidates(["hello 你好"], "zh"))[0] == "你好，很高兴见到你！"
    assert not any(text.isascii() for text in texts(retrieval.candidates(["hello 你好"], "zh")))


def test_of_equally_good_replies_that_comes_first_which_most_agree_with(retrieval: Retrieval) -> None:
    said = texts(retrieval.candidates(["hello"], "en"))
    assert said.index("hey") < said.index("leave me alone today")
    assert said.index("hey you") < said.index("leave me alone today")


def test_a_part_scores_less_than_the_whole_and_strange_words_lower_it(retrieval: Retrieval) -> None:
    whole, part, strange = (
        retrieval.candidates([said], "en")[0].score
        for said in ("what is your dog called", "your dog called", "your dog called xylophone quartz")
    )
    assert 1.0 == whole > part > strange > 0.0


def test_a_reply_never_repeats_what_was_just_said(retrieval: Retrieval) -> None:
    assert "hey" not in texts(retrieval.candidates(["hey", "hello"], "en"))
    replies = texts(retrieval.candidates(["hello"], "en", k=10))
    assert len(replies) == len(set(map(key_of, replies)))


@pytest.mark.parametrize("turns", [[], [""], ["\u200b"], ["?!…"], ["qqq zzz"], ["👍"], ["hello", ""]])
def test_where_nothing_is_alike_there_is_no_reply(retrieval: Retrieval, turns: list[str]) -> None:
    assert retrieval.candidates(turns, "en") == []
    assert retrieval.candidates(["hello"], "en", k=0) == []


@given(turns=st.lists(ANY_TEXT | st.sampled_from(["hello", "你好", "dog"]), max_size=5), k=st.integers(-1, 20))
def test_any_turns_have_bounded_scores_best_first(retrieval: Retrieval, turns: list[str], k: int) -> None:
    for language in ("en", "zh"):
        scores = [one.score for one in retrieval.candidates(turns, language, k)]
        assert scores == sorted(scores, reverse=True)
        assert all(0.0 <= score <= 1.0 for score in scores)
        assert len(scores) <= max(0, k)


def test_a_huge_turn_costs_what_its_last_terms_cost() -> None:
    assert len(rows_of("dog " + " ".join(f"word{n}" for n in range(100_000)))) <= MOST_TERMS
    assert rows_of("ab " * 50_000) == rows_of("ab")
    assert all(0 <= row < ROWS for row in rows_of("电影 hello 👍"))


def test_many_threads_get_the_answers_of_one(retrieval: Retrieval) -> None:
    asked = [["hello"], ["what is your dog called"], ["my dog ate my shoe", "what should I do"]] * 30
    alone = [retrieval.candidates(turns, "en") for turns in asked]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda turns: retrieval.candidates(turns, "en"), asked)) == alone


def test_the_same_pairs_give_the_same_bytes_and_pairs_told_twice_count_once(data: bytes) -> None:
    assert build_index(iter(PAIRS)) == build_index([*PAIRS, *PAIRS]) == data
    assert len(Retrieval(data)) == len(PAIRS)


def test_pairs_that_are_none_are_left_out() -> None:
    bad: list[Pair] = [([], "a"), ([""], "b"), (["?!"], "c"), (["hi"], ""), (["hi"], "x" * (LONGEST_REPLY + 1)),
                       (["hi"], "\u200b\ud800"), (["", "good one"], "kept")]  # fmt: skip
    assert texts(Retrieval(build_index(bad)).candidates(["good one"], "en")) == ["kept"]
    with pytest.raises(InvalidInput, match="there are none"):
        build_index(bad[:-1])


@pytest.mark.parametrize("place", [0, 9, 12, 20, 60, 200, -1])
def test_any_changed_byte_is_noticed(data: bytes, place: int) -> None:
    broken = bytearray(data)
    broken[place] ^= 0x41
    with pytest.raises(UnreadableFile, match="retrieval index"):
        Retrieval(bytes(broken))


@given(cut=st.integers(0, 400))
def test_a_file_cut_short_is_refused(data: bytes, cut: int) -> None:
    with pytest.raises(UnreadableFile, match="retrieval index"):
        Retrieval(data[: len(data) * cut // 401])


def test_a_newer_file_says_so(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="version 2; this program reads version 1"):
        Retrieval(data[:8] + b"\x02\x00" + data[10:])


@pytest.mark.parametrize("foreign", [b"", b"PK\x03\x04" + b"\0" * 100, b"\x80\x04K\x01.", b"ZBANSWER"])
def test_a_foreign_file_is_refused(foreign: bytes) -> None:
    with pytest.raises(UnreadableFile, match="not a retrieval index"):
        Retrieval(foreign)


@pytest.mark.parametrize(
    ("block", "content"),
    [
        ("last", spread(np.array([0, 1, 99]))),
        ("last", spread(np.full(len(PAIRS), 99))),
        ("reply", spread(np.full(len(PAIRS), -1))),
        ("earlier", spread(np.full(len(PAIRS), 99))),
        ("counts", spread(np.zeros(5, np.int64))),
        ("counts", spread(np.zeros(ROWS, np.int64))),
        ("columns", spread(np.array([-5]))),
        ("columns", b"abc"),
        ("text", b"\xff\xfe"),
        ("chinese", b""),
    ],
)
def test_a_sound_checksum_over_parts_that_do_not_fit_is_no_way_in(data: bytes, block: str, content: bytes) -> None:
    contents = unpacked(data)
    with pytest.raises(UnreadableFile, match="does not hold together"):
        Retrieval(packed(Contents({**contents.blocks, block: content}, contents.facts)))


@pytest.mark.parametrize(
    "facts", [{}, {"rows": 3}, {"said": -1}, {"said": "x"}, {"replies": 10**30}, {"replies": None}]
)
def test_facts_that_do_not_fit_are_refused(data: bytes, facts: dict[str, object]) -> None:
    contents = unpacked(data)
    with pytest.raises(UnreadableFile, match="does not hold together"):
        Retrieval(packed(Contents(contents.blocks, {**contents.facts, **facts} if facts else {})))


def test_a_block_never_unpacks_to_more_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(Contents({"text": b"\0" * 5_000_000}, {}))
    assert len(bomb) < 5000
    monkeypatch.setattr(retrieval_file, "_MOST_BYTES", 1_000_000)
    with pytest.raises(UnreadableFile, match="block text of 5000000 bytes"):
        unpacked(bomb)


@given(numbers=st.lists(st.integers(-(2**29), 2**29), max_size=60))
def test_numbers_come_back_from_their_bytes(numbers: list[int]) -> None:
    assert gathered(spread(np.array(numbers, np.int64))).tolist() == numbers


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_every_pair_is_found_by_its_own_context(seed: int) -> None:
    rng = random.Random(seed)
    word = [f"w{n}" for n in range(40)]
    pairs: list[Pair] = [([" ".join(rng.sample(word, 6))], f"reply {n}") for n in range(60)]
    retrieval = Retrieval(build_index(pairs))
    for context, reply in pairs:
        assert reply in [one.text for one in retrieval.candidates(context, "en", 10) if one.score == 1.0]


def test_pairs_take_little_room_beside_their_text() -> None:
    rng = random.Random(1)
    weights = [1 / rank for rank in range(1, 3001)]  # as words are, by Zipf's law
    words = [f"{rank:x}q" for rank in range(3000)]
    talk = [" ".join(rng.choices(words, weights, k=rng.randint(3, 14))) for _ in range(10_001)]
    built = build_index((talk[max(0, place - 1) : place + 1], talk[place + 1]) for place in range(10_000))
    text = len(packed(Contents({"text": "\n".join(talk).encode()}, {})))
    terms_list = ROWS * 4 // 16  # the list of how many each term has does not grow with the pairs
    assert (len(built) - text - terms_list) / 10_000 < 40


def test_importing_loads_no_torch_scipy_or_sentencepiece() -> None:
    import subprocess

    code = "import sys, daemon.inference.chat.retrieval; print({'torch', 'scipy', 'sentencepiece'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
