"""People and titles in a clause: known ones, and others by how they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from daemon.inference.chat.intent.tokens import Token
from daemon.products.phrases import Language

#: The commonest Chinese surnames, with which a name begins that no list has.
_SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘蒋蔡余杜叶程苏魏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方"
    "邹熊白孟秦邱侯江尹薛闫段雷龙史陶贺毛郝顾龚邵万覃武钱戴严莫孔向汤宁古甄葛舒巩章佟"
)
_BY: Final = frozenset({"with", "by", "starring", "featuring", "from", "directed by", "made by", "feat"})
_MAKES: Final = frozenset({"演", "导演", "主演", "拍", "导", "执导", "饰演"})
_FILMS: Final = frozenset({"film", "kindfilm", "genre"})
_LIKE_ZH: Final = frozenset({"像", "类似", "跟", "和", "与", "似"})
_LIKE_ENDS: Final = frozenset(
    {
        "一样",
        "那样",
        "差不多",
        "代餐",
        "平替",
        "这样",
        "那种",
        "这种",
        "那类",
        "这类",
        "那款",
        "同款",
        "式的",
        "风格的",
        "那么",
        "这么",
    }
)
#: Words that are written small inside a title.
_SMALL: Final = frozenset({"the", "of", "and", "a", "in", "on", "to", "for", "with"})
_LONGEST_TITLE: Final = 8
#: These are no part of a title in small letters, and with those of the second line none begins.
_NO_TITLE: Final = frozenset(
    {
        "adv",
        "please",
        "urge",
        "conj",
        "or",
        "except",
        "neg",
        "i",
        "you",
        "me",
        "modal",
        "be",
        "want",
        "like",
        "rel",
        "mark",
    }
)
_POINTING: Final = frozenset({"this", "that", "these", "those", "it", "my", "your", "one", "what", "which"})


def people(clause: Sequence[Token], language: Language) -> Iterator[tuple[int, int]]:
    """Yield where people are named: first word and the one behind the last."""
    for i, token in enumerate(clause):
        if token.kind == "person":
            yield i, i + 1
    yield from _chinese_people(clause) if language == "zh" else _english_people(clause)


def likes(clause: Sequence[Token], language: Language) -> Iterator[tuple[int, int]]:
    """Yield where films are named that others are to be like: first word and the one behind the last."""
    for i, token in enumerate(clause):
        if (
            language == "zh"
            and token.kind in {"title", "person"}
            and _alike(clause, i + 1)
            and not _compared(clause, i)
        ):
            yield i, i + 1
        if token.kind == "like" or (language == "zh" and token.text in _LIKE_ZH):
            start, end = _title_behind(clause, i + 1, language)
            if end > start and (token.kind == "like" or token.text not in {"跟", "和", "与"} or _alike(clause, end)):
                yield start, end


def _compared(clause: Sequence[Token], at: int) -> bool:
    """Tell whether a word stands before a title that itself says that films are to be like it."""
    return at > 0 and clause[at - 1].text in _LIKE_ZH


def _english_people(clause: Sequence[Token]) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(clause):
        end = at
        while end < len(clause) and clause[end].kind == "name":
            end += 1
        by = at - 2 if at > 1 and clause[at - 1].text == "the" else at - 1
        behind = clause[by].text in _BY if at else False
        before_film = 0 < at < end < len(clause) and clause[end].kind in _FILMS
        if end > at and (behind or (before_film and clause[at - 1].kind != "like")):
            yield at, end
        at = max(end, at + 1)


def _chinese_people(clause: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield runs of two or three unlisted characters that begin with a surname, before 演的, 的电影 and the like."""
    for i, token in enumerate(clause):
        owns = token.kind == "de" and i + 1 < len(clause) and clause[i + 1].kind in _FILMS
        if not owns and token.text not in _MAKES:
            continue
        start = i
        while start and i - start < 3 and len(clause[start - 1].text) == 1 and not clause[start - 1].text.isascii():
            start -= 1
            if i - start >= 2 and clause[start].text in _SURNAMES:
                yield start, i
                break


def _title_behind(clause: Sequence[Token], start: int, language: Language) -> tuple[int, int]:
    """Return where a title stands that begins at `start`; an empty span where none does."""
    if start < len(clause) and clause[start].kind in {"title", "person"}:
        return start, start + 1
    if language == "en":
        end = _capitals_end(clause, start)
        return start, end if end > start else _small_end(clause, start)
    end = start
    while end < len(clause) and end - start < _LONGEST_TITLE and clause[end].kind in {"x", "num"}:
        end += 1
    return (start, end) if end - start >= 2 and (_alike(clause, end) or _owns_film(clause, end)) else (start, start)


def _small_end(clause: Sequence[Token], start: int) -> int:
    """Return where a title in small letters ends, `start` where none begins: "movies like the big short"."""
    before = clause[start - 2].kind if start > 1 else ""
    if before not in _FILMS | {"something", "alike"} or (start < len(clause) and clause[start].text in _POINTING):
        return start
    end = start
    while end < len(clause) and end - start < _LONGEST_TITLE and clause[end].kind not in _NO_TITLE:
        end += 1
    words = [token.kind for token in clause[start:end]]
    return end if words and (before in _FILMS or set(words) <= {"x", "num"}) else start


def _capitals_end(clause: Sequence[Token], start: int) -> int:
    """Return where a title in capitals ends, with the small words inside it; `start` where none begins."""
    end = last = start
    while end < len(clause) and (clause[end].kind in {"name", "num", "title"} or clause[end].text in _SMALL):
        end += 1
        last = (
            end
            if clause[end - 1].kind in {"name", "title"} or (last > start and clause[end - 1].kind == "num")
            else last
        )
    return last


def _alike(clause: Sequence[Token], at: int) -> bool:
    """Tell whether a comparison ends here: "... 一样", "... 差不多"."""
    text = "".join(token.text for token in clause[at : at + 3])
    return any(text.startswith(end) for end in _LIKE_ENDS) or any(
        token.text in {"类似", "相似"} for token in clause[at : at + 1]
    )


def _owns_film(clause: Sequence[Token], at: int) -> bool:
    return at + 1 < len(clause) and clause[at].kind == "de" and any(t.kind in _FILMS for t in clause[at + 1 : at + 4])
