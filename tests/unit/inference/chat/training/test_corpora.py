"""Corpora: what is read, and what becomes of records that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.errors import InvalidInput, NotFound, UnreadableFile
from daemon.inference.chat.training import corpus_files
from daemon.inference.chat.training.corpora import Corpus, corpus_named, known
from daemon.inference.chat.training.dialogues import TOLD, Dialogue, Rejections, key_of

SHARED = Path(__file__).parents[6] / "shared" / "data" / "chat"


def read(path: Path) -> tuple[list[Dialogue], Rejections]:
    rejections = Rejections()
    return list(corpus_named(str(path)).dialogues(None, rejections)), rejections


def test_json_lines_hold_turns_or_context_and_reply(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(
        '{"turns": ["hello", "hi", "bye"], "source": 7}\n\n'
        '{"context": "你好吗", "reply": "很好"}\n'
        '{"context": ["one", "two"], "reply": "three"}\n',
        encoding="utf-8",
    )
    dialogues, rejections = read(path)
    assert [(one.turns, one.language) for one in dialogues] == [
        (("hello", "hi", "bye"), "en"),
        (("你好吗", "很好"), "zh"),
        (("one", "two", "three"), "en"),
    ]
    assert rejections.count == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not a record"),
        (b"[]", "not a record"),
        (b"17", "not a record"),
        (b'{"turns": "hello"}', "not a record"),
        (b'{"turns": ["hello", 3]}', "not a record"),
        (b'{"reply": "hello"}', "not a record"),
        (b'{"turns": []}', "fewer than two turns"),
        (b'{"turns": ["alone"]}', "fewer than two turns"),
        (b'{"turns": ["hello", "  "]}', "a turn is blank"),
        (b'{"turns": ["hello", "\\ud83d"]}', "not a record"),
        (b'{"turns": ["hello", "\xff\xfe"]}', "not UTF-8"),
        (b"[" * 200_000, "not a record"),
        (b"\0" * 50, "not a record"),
    ],
)
def test_a_bad_line_is_rejected_with_its_place_and_the_others_are_read(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes(b'{"turns": ["a", "b"]}\n' + line + b'\n{"turns": ["c", "d"]}')
    dialogues, rejections = read(path)
    assert [one.turns for one in dialogues] == [("a", "b"), ("c", "d")]
    (rejected,) = rejections.first
    assert (rejected.file, rejected.place) == ("own.jsonl", "line 2")
    assert rejected.reason.startswith(reason)


def test_a_line_that_is_too_long_is_left_out_without_being_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus_files, "MOST_CHARACTERS", 64)
    path = tmp_path / "own.txt"
    path.write_text("a\tb\n" + "x" * 1000 + "\ty\nc\td\n")
    dialogues, rejections = read(path)
    assert [one.turns for one in dialogues] == [("a", "b"), ("c", "d")]
    assert [one.place for one in rejections.first] == ["line 2"]


def test_text_is_pairs_parted_by_tabs(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("\ufeffhow are you\tfine\r\n\nalone\nalso alone\t\na\tb\tc\n", encoding="utf-8")
    dialogues, rejections = read(path)
    assert [one.turns for one in dialogues] == [("how are you", "fine"), ("a", "b", "c")]
    assert [one.place for one in rejections.first] == ["line 3", "line 4"]


def test_text_is_dialogues_with_blank_lines_between(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("\n\nhello\nhi\nbye\n\n\nalone\n\n一\n二", encoding="utf-16")
    dialogues, rejections = read(path)
    assert [one.turns for one in dialogues] == [("hello", "hi", "bye"), ("一", "二")]
    assert [(one.place, one.reason) for one in rejections.first] == [("line 8", "fewer than two turns")]


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    for name in ("own.txt", "own.jsonl"):
        (tmp_path / name).touch()
        assert read(tmp_path / name)[0] == []


def test_of_many_rejected_records_the_first_are_told_and_all_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("a\tb\n" + "alone\n" * 500)
    _, rejections = read(path)
    assert len(rejections.first) == TOLD
    assert rejections.reasons == {"fewer than two turns": 500}


def test_a_name_of_nothing_and_a_file_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="chitchat"):
        corpus_named("chitchet")
    (tmp_path / "own.docx").touch()
    with pytest.raises(InvalidInput, match=r"\.jsonl"):
        corpus_named(str(tmp_path / "own.docx"))


def test_a_file_that_is_absent_or_another_one_is_refused_with_where_it_is_published(tmp_path: Path) -> None:
    corpus = known()["kdconv"]
    with pytest.raises(UnreadableFile, match="thu-coai/KdConv"):
        corpus.paths(tmp_path)
    folder = tmp_path / corpus.folder
    folder.mkdir(parents=True)
    for name in corpus.files:
        (folder / name).write_text("[]")
    with pytest.raises(UnreadableFile, match="sha256"):
        corpus.paths(tmp_path)
    with pytest.raises(InvalidInput, match="folder"):
        corpus.paths(None)


def test_a_corpus_that_may_not_be_passed_on_is_marked() -> None:
    assert {name for name, one in known().items() if not one.redistributable} == {
        "topical-chat",
        "xdailydialog-en",
        "xdailydialog-zh",
    }


@pytest.mark.parametrize("form", ["chitchat", "kdconv", "topical_chat", "cdial_dialogues", "synthetic_persona_chat"])
@pytest.mark.parametrize(
    "content", ["[]", "{}", "null", "7", '["x", null, {"messages": 3}]', '{"a": {"content": [1, {"message": 2}]}}']
)
def test_a_document_of_something_else_ends_in_no_dialogues(tmp_path: Path, form: str, content: str) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    corpus = Corpus(name="x", form=form, licence="", source="", redistributable=False, folder="", files={path.name: ""})
    assert list(corpus.dialogues(tmp_path, Rejections())) == []


def test_a_document_that_is_not_json_is_refused_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b'{"half": ["')
    with pytest.raises(UnreadableFile, match=r"file\.json"):
        list(corpus_files.kdconv(path, Rejections()))


def test_forms_of_published_corpora(tmp_path: Path) -> None:
    path, rejections = tmp_path / "file", Rejections()
    path.write_text(json.dumps({"1": {"messages": [[{"text": "Hello"}, {"text": "there"}], [{"text": "hi"}]]}}))
    assert list(corpus_files.chitchat(path, rejections)) == [("Hello there", "hi")]
    path.write_text(json.dumps([{"messages": [{"message": "看过吗"}, {"message": "看过", "attrs": []}]}]))
    assert list(corpus_files.kdconv(path, rejections)) == [("看过吗", "看过")]
    path.write_text("打 包 2 0 斤 C D\t谢 谢 。\n")
    assert list(corpus_files.cdial_pairs(path, rejections)) == [("打包20斤CD", "谢谢。")]
    path.write_text("I don ’ t know , you ? __eou__ Me too . __eou__\t1\t3 4\n")
    assert list(corpus_files.x_daily_dialog(path, rejections)) == [("I don’t know, you?", "Me too.")]
    path.write_text(
        'a,b,c\n"x","y","User 1: I am [User 1\'s name].\nUser 2: Hi!\nUser 1: How are you?\nUser 2: Fine."\n'
    )
    assert list(corpus_files.synthetic_persona_chat(path, rejections)) == [("Hi!", "How are you?", "Fine.")]
    assert rejections.count == 0


def test_words_of_yaml_stay_words(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    path = tmp_path / "file.yml"
    path.write_text("conversations:\n- - Is it so?\n  - Yes\n- - When?\n  - 1984\n- alone\n- - [1]\n  - {a: b}\n")
    rejections = Rejections()
    assert list(corpus_files.chatterbot(path, rejections)) == [("Is it so?", "Yes"), ("When?", "1984")]
    assert rejections.count == 2


@pytest.mark.parametrize(
    ("name", "dialogues", "rejected"),
    [
        ("kdconv", 900, 0),
        ("cdial-pairs", 12_000, 0),
        ("cdial-dialogues", 1_400, 0),
        ("synthetic-persona-chat", 1_929, 39),
        ("topical-chat", 2_156, 0),
        ("xdailydialog-en", 2_991, 0),
        ("xdailydialog-zh", 2_991, 0),
    ],
)
def test_published_corpora_are_read_whole(name: str, dialogues: int, rejected: int) -> None:
    if not SHARED.is_dir():
        pytest.skip("the shared folder of corpora is not here")
    rejections = Rejections()
    assert sum(1 for _ in known()[name].dialogues(SHARED, rejections)) == dialogues
    assert rejections.count == rejected


def test_packaged_corpora_are_read_whole() -> None:
    pytest.importorskip("yaml")
    for package in ("chitchat_dataset", "chatterbot_corpus"):
        pytest.importorskip(package)
    rejections = Rejections()
    names = ("chitchat", "chatterbot-english", "chatterbot-chinese", "chatterbot-traditional-chinese")
    assert [sum(1 for _ in known()[name].dialogues(None, rejections)) for name in names] == [4_008, 2_025, 467, 456]


def test_a_key_is_the_same_on_every_machine_and_knows_where_turns_end() -> None:
    assert key_of(["a", "b"]) == 0xAD2FBBF2E07B42C7
    assert key_of(["ab", ""]) != key_of(["a", "b"])
