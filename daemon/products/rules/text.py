"""title_bad, title_shouting, text_encoding, banned_words: texts that cannot be meant, or shown, as they are.

They look at every product of every pass, so each asks first what costs nothing: a search for one byte is a hundred
times cheaper than one for a pattern, and one for many words at once is no dearer than for one.
"""

from __future__ import annotations

import html.entities
import re
import string
from collections.abc import Iterator
from typing import Any, Final

from daemon.products.product import Product
from daemon.products.verdicts import (
    NOT_APPLICABLE,
    OK,
    PassContext,
    RemedyKind,
    RuleSpec,
    Severity,
    Verdict,
    absent,
    bad,
)
from daemon.products.word_list import lowered, word_list

#: White space in the wide sense: spaces, and what shows nothing (U+200B and its like).
_BLANK: Final = (
    string.whitespace
    + "\x1c\x1d\x1e\x1f\x85\u00a0\u00ad\u034f\u061c\u1680\u180e\u3000\u3164\ufeff"
    + "".join(map(chr, (*range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070))))
)
#: What systems call a product that nobody named yet, and what people call one that they try things with.
_DEFAULT_NAMES: Final = frozenset({
    "test", "test product", "test item", "test title", "testing", "product test", "dummy", "dummy product",
    "sample product", "demo product", "example", "example product", "new product", "new item", "new", "untitled",
    "untitled product", "default title", "product", "product name", "product title", "item", "item name", "title",
    "my product", "lorem ipsum", "asdf", "qwerty", "xxx", "abc", "tbd", "todo", "n/a", "null", "none", "nan",
    "undefined", "测试", "测试商品", "测试产品", "测试标题", "未命名", "未命名商品", "新商品", "新产品", "新建商品",
    "商品", "商品名称", "商品标题", "产品", "产品名称", "示例商品", "測試", "測試商品", "テスト", "テスト商品",
    "商品名", "테스트", "테스트 상품",
})  # fmt: skip
_COUNTERS: Final = string.digits + " #-_()"
_COPY_STARTS: Final = ("copy of ", "复制 - ", "复制-", "副本 - ")
_COPY_ENDS: Final = ("(copy)", " - copy", "- 副本", "(副本)", "（副本）", "のコピー")

_CAPITALS: Final = bytes(chr(code) in string.ascii_uppercase for code in range(0x100))

#: What no text holds, as bytes.
CONTROLS: Final = bytes(set(range(0x20)) - set(b"\t\n\r")) + b"\x7f"
_C1: Final = re.compile("[\x80-\x9f]")
C1_BYTES: Final = re.compile(rb"\xc2[\x80-\x9f]")
_TWICE: Final = re.compile(r"&amp;(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
#: The first two bytes of a UTF-8 sequence read as Latin-1 or Windows-1252.
_PAIR: Final = re.compile("[\u00c2-\u00f4][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
#: The same as UTF-8 has it, which is found sooner.
PAIR_BYTES: Final = re.compile(rb"\xc3[\x82-\xb4][\xc2\xc5\xc6\xcb\xe2]")
#: A closing quote after a word in capitals ("MAÇÃ”") is such a pair too, and ftfy takes it for one; no one can tell.
_CLOSING: Final = re.compile(r"(?<=[^\W\d_])[’”»](?!\w)")
#: The replacement character in UTF-8, read as GBK.
GBK_REPLACEMENT: Final = "锟斤拷"
_AROUND: Final = 20  # characters shown on either side of a fault


def title_bad(product: Product, context: PassContext) -> Verdict:
    """Bad for a title that is blank, too long, or what a system or a tester calls a product.

    Blanks are white space and characters that show nothing. Lengths are in code points. Reference: Merchant `title`
    (1 to 150 characters, of which about 70 are shown).
    """
    title = (product.title or "").strip(_BLANK)
    if not title:
        if not context.provides(product.source, "title"):
            return absent("title")
        return bad("title", product.title, "the title is blank", fingerprint="blank", severity=Severity.MAJOR)
    name = title.casefold()
    if name.rstrip(_COUNTERS) in _DEFAULT_NAMES or name.startswith(_COPY_STARTS) or name.endswith(_COPY_ENDS):
        return bad("title", title, "the title is a default name or says that this is a copy or a test")
    settings: Any = context.settings("title_bad")
    if len(title) > settings["max_length"]:
        return bad("title", title, f"the title has {len(title)} characters; {settings['max_length']} are allowed")
    if len(title) > settings["shown_length"]:
        message = f"the title has {len(title)} characters; about {settings['shown_length']} are shown"
        return bad("title", title, message, severity=Severity.INFO)
    return OK


def title_shouting(product: Product, context: PassContext) -> Verdict:
    """Bad for a title of which more than a share of the cased letters are capitals, if it has enough of them.

    Titles without cased letters are in a script that cannot shout. Reference: Merchant title style.
    """
    title = product.title or ""
    settings: Any = context.settings("title_shouting")
    capitals = _ascii_capitals(title) if title.isascii() else sum(map(str.isupper, title))
    share, at_least = settings["share"], settings["min_letters"]
    if capitals <= share * at_least:
        return OK if capitals else NOT_APPLICABLE
    cased = sum(letter.isupper() or letter.islower() for letter in title if letter.isalpha())
    if cased >= at_least and capitals > share * cased:
        return bad("title", title, f"{capitals} of {cased} letters of the title are capitals")
    return OK


def _ascii_capitals(title: str) -> int:
    return title.encode().translate(_CAPITALS).count(1)


def text_encoding(product: Product, context: PassContext) -> Verdict:
    """Bad for a title or description with traces of a wrong decoding or a double escaping.

    Those are U+FFFD, unpaired surrogates, control characters of C0 and C1 (tab and line ends are none), UTF-8 read
    as Latin-1 or Windows-1252, and entities escaped twice. Joiners (U+200C, U+200D) are part of Persian and of
    emoji. Reference: Unicode Standard, chapters 3.9 and 23.1; HTML Standard, section 13.5.
    """
    verdict = NOT_APPLICABLE
    for field, text in (("title", product.title), ("description", product.description)):
        if text:
            for fault, position in _encoding_faults(text):
                shown = text[max(0, position - _AROUND) : position + _AROUND]
                return bad(field, shown.encode("utf-8", "backslashreplace").decode(), f"the {field} holds {fault}")
            verdict = OK
    return verdict


def _encoding_faults(text: str) -> Iterator[tuple[str, int]]:
    """Iterate over (fault, position) pairs, what is found soonest first."""
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        yield "an unpaired surrogate", error.start
        return
    visible = data.translate(None, CONTROLS)
    if len(visible) != len(data):
        position = next(n for n, character in enumerate(text) if character.encode() not in visible)
        yield f"the control character U+{ord(text[position]):04X}", position
    if b"&amp;" in data:
        for match in _TWICE.finditer(text):
            if match[1].startswith("#") or f"{match[1]};" in html.entities.html5:
                yield f"an entity that was escaped twice, {match[0]}", match.start()
    if len(data) != len(text):
        yield from _decoding_faults(text, data)


def _decoding_faults(text: str, data: bytes) -> Iterator[tuple[str, int]]:
    if "\ufffd" in text:
        yield "U+FFFD, which stands where something could not be decoded", text.index("\ufffd")
    if GBK_REPLACEMENT in text:
        yield "U+FFFD in UTF-8 that was read as GBK", text.index(GBK_REPLACEMENT)
    if C1_BYTES.search(data) and (control := _C1.search(text)):
        yield f"the control character U+{ord(control[0]):04X}", control.start()
    if PAIR_BYTES.search(data) and (pair := _PAIR.search(text)) and _is_mojibake(_CLOSING.sub("!", text)):
        yield "UTF-8 that was read as Latin-1 or Windows-1252", pair.start()


def _is_mojibake(text: str) -> bool:
    from ftfy import fix_encoding  # noqa: PLC0415 - 30 ms that texts without a doubt never pay

    return bool(fix_encoding(text) != text)


def banned_words(product: Product, context: PassContext) -> Verdict:
    """Bad for a title or description with a word of the shop's list, outside the phrases that allow it.

    The shipped list holds superlatives and promises of cure that the Advertising Law of the People's Republic of
    China (articles 9, 16 and 28) and Merchant policy ("misrepresentation") forbid; what counts is the shop's.
    """
    settings: Any = context.settings("banned_words")
    words = word_list(tuple(settings["words"]), tuple(settings["allow"]))
    for field, text in (("title", product.title), ("description", product.description)):
        if text and words.may_be_in(text, lowered(text)) and (found := words.found_in(text)):
            return bad(field, ", ".join(found), f"the {field} holds words of list {settings['version']}")
    return OK


_WORDS: Final = (
    "国家级", "世界级", "最高级", "最佳", "全网最低", "史上最低", "全网第一", "全国第一", "销量第一", "绝无仅有",
    "包治百病", "根治", "药到病除", "无效退款",
    "world's best", "best in the world", "lowest price guaranteed", "miracle cure", "cures cancer", "no side effects",
)  # fmt: skip
_ALLOWED: Final = ("最佳赏味", "最佳食用", "最佳搭档", "世界级自然保护区")

SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="title_bad",
        title="Title is blank, too long or a default name",
        title_zh="标题为空、过长或为默认名称",
        fields=("title",),
        severity=Severity.MINOR,
        check=title_bad,
        reference="Merchant title",
        settings={"max_length": 150, "shown_length": 70},
    ),
    RuleSpec(
        id="title_shouting",
        title="Title is written in capitals",
        title_zh="标题大量使用大写字母",
        fields=("title",),
        severity=Severity.INFO,
        check=title_shouting,
        reference="Merchant title style",
        settings={"share": 0.7, "min_letters": 12},
    ),
    RuleSpec(
        id="text_encoding",
        title="Text was decoded or escaped wrongly",
        title_zh="文字编码错误（乱码）",
        fields=("title", "description"),
        severity=Severity.MINOR,
        check=text_encoding,
        reference="Unicode Standard",
    ),
    RuleSpec(
        id="banned_words",
        title="Text holds banned words",
        title_zh="含有违禁词",
        fields=("title", "description"),
        severity=Severity.MAJOR,
        check=banned_words,
        reference="Advertising Law of China, articles 9, 16, 28; Merchant policy",
        remedy=RemedyKind.REVIEW,
        settings={"words": _WORDS, "allow": _ALLOWED, "version": "2026-11"},
    ),
)
