"""Rows for the rules about titles and descriptions."""

from __future__ import annotations

from daemon.products.product import Status
from daemon.products.verdicts import Outcome, Severity
from tests.unit.products.rules.case import BAD, NOT_APPLICABLE, OK, UNKNOWN, Case, context, listed


def _title(name: str, title: str | None, outcome: Outcome, severity: Severity | None = None) -> Case:
    return Case("title_bad", name, listed(title=title), outcome, says={"severity": severity})


def _shout(name: str, title: str | None, outcome: Outcome) -> Case:
    return Case("title_shouting", name, listed(title=title), outcome)


def _code(name: str, title: str, outcome: Outcome, message: str = "") -> Case:
    return Case("text_encoding", name, listed(title=title), outcome, says={"message": message})


def _word(name: str, title: str, outcome: Outcome, value: str = "") -> Case:
    return Case("banned_words", name, listed(title=title), outcome, says={"value": value})


_OWN = context(settings={"banned_words": {"words": ("best", "étoile", "no.1", "最"), "allow": ("best man", "最近")}})


def _own(name: str, description: str, outcome: Outcome, value: str = "") -> Case:
    return Case("banned_words", name, listed(description=description), outcome, _OWN, says={"value": value})


CASES = (
    _title("a plain title", "Walnut serving board", OK),
    _title("none at all", None, BAD, Severity.MAJOR),
    _title("white space", " \t\u3000\n", BAD, Severity.MAJOR),
    _title("characters that show nothing", "\u200b\ufeff\u00ad\u2060", BAD, Severity.MAJOR),
    Case("title_bad", "a draft without a title is blank too", listed(title="", status=Status.DRAFT), BAD,
         says={"fingerprint": "blank"}),
    Case("title_bad", "a source without titles", listed(title=None, source="s"), UNKNOWN,
         context(fields={"s": frozenset({"price"})}), says={"absent": True}),
    _title("70 characters are shown", "x" * 70, OK),
    _title("71 are not", "x" * 71, BAD, Severity.INFO),
    _title("150 are allowed", "x" * 150, BAD, Severity.INFO),
    _title("151 are not", "x" * 151, BAD),
    _title("code points are counted", "棉" * 70, OK),
    _title("blanks around do not count", "  " + "x" * 70 + "\u200b ", OK),
    _title("test", "Test", BAD),
    _title("numbered test", "test product #2", BAD),
    _title("test in Chinese", "测试商品 3", BAD),
    _title("the word null", "NULL", BAD),
    _title("copy of", "Copy of Pasta Machine", BAD),
    _title("copy by another system", "Pasta Machine (Copy)", BAD),
    _title("copy in Chinese", "面条机 - 副本", BAD),
    _title("a contest is no test", "Contest Winner's Jersey", OK),
    _title("a test tube is one", "Test Tube Rack 12", OK),
    _title("copy paper", "Copy paper A4", OK),
    _title("new balance", "New Balance 990", OK),
    _shout("capitals", "STAINLESS STEEL VACUUM FLASK", BAD),
    _shout("mostly capitals", "WATERPROOF HIKING GAITERS Pro", BAD),
    _shout("capitals with marks", "ÉLÉGANTE ÉCHARPE D'ÉTÉ", BAD),
    _shout("capitals of another script", "ТЕРМОС ИЗ НЕРЖАВЕЮЩЕЙ СТАЛИ", BAD),
    _shout("exactly 70 % is allowed", "ABCDEFGHIJKLMN opqrst", OK),
    _shout("one more is not", "ABCDEFGHIJKLMNO pqrst", BAD),
    _shout("eleven letters are too few", "ABCDE FGHIJK 65", OK),
    _shout("twelve are enough", "ABCDE FGHIJKL", BAD),
    _shout("abbreviations beside Chinese", "USB-C PD 65W GaN 充电器", OK),
    _shout("small letters", "walnut serving board", NOT_APPLICABLE),
    _shout("a script without case", "手工陶花盆 大号", NOT_APPLICABLE),
    _shout("no title", None, NOT_APPLICABLE),
    _shout("ten capitals among many letters", "ABCDEFGHIJ klmnopqrstuvw", OK),
    _shout("letters without case do not count", "ABCDEFGHIJKL 充电器充电器充电器充电器", BAD),
    _code("plain", "Walnut board", OK),
    _code("accents", "Maçã Apple Corer, São Paulo, naïve…", OK),
    _code("an emoji family", "Family 👨\u200d👩\u200d👧 Card Game", OK),
    _code("Persian with joiners", "می\u200cخواهم", OK),
    _code("tab and line ends", "one\ttwo\r\nthree", OK),
    _code("capitals before a closing quote", "“MAÇÔ", OK),
    _code("a trade mark after an accent", "CAFÉ™", OK),
    _code("one level of escaping", "Tom &amp; Jerry &lt;3", OK),
    _code("something that only looks escaped", "a &amp;nothing; b", OK),
    _code("replacement character", "手工陶\ufffd花盆", BAD, "U+FFFD"),
    _code("replacement character read as GBK", "花盆锟斤拷", BAD, "read as GBK"),
    _code("UTF-8 read as Latin-1", "CafÃ© Blend", BAD, "read as Latin-1"),
    _code("Chinese read as Windows-1252", "ä¸\xadæ–‡å•†å“\x81", BAD),
    _code("a pound sign twice encoded", "Â£20 voucher", BAD, "read as Latin-1"),
    _code("C1 control", "a\x93quoted\x94", BAD, "U+0093"),
    _code("control character", "a\x0bb", BAD, "U+000B"),
    _code("DEL", "a\x7fb", BAD, "U+007F"),
    _code("half of a surrogate pair", "cup \ud83c", BAD, "surrogate"),
    _code("escaped twice", "Trousers &amp;amp; Belt", BAD, "&amp;amp;"),
    _code("escaped twice as a number", "Trousers &amp;#39;x", BAD, "&amp;#39;"),
    Case("text_encoding", "the description too", listed(description="x" * 50 + "\ufffd"), BAD,
         says={"field": "description", "value": "x" * 20 + "\ufffd"}),
    Case("text_encoding", "no text at all", listed(title=None), NOT_APPLICABLE),
    _word("nothing listed", "Walnut board", OK),
    _word("state level", "国家级 灵芝孢子粉", BAD, "国家级"),
    _word("lowest of the net", "全网最低价 大红袍", BAD, "全网最低"),
    _word("at once is no rank", "第一时间发货 棉被", OK),
    _word("allowed before a date", "最佳赏味期 180天", OK),
    _word("in English", "The World's Best Mug", BAD, "world's best"),
    _word("with a curled apostrophe", "The World’s BEST Mug", BAD, "world's best"),
    _word("in full-width letters", "ＷＯＲＬＤ'Ｓ ＢＥＳＴ", BAD, "world's best"),
    _word("the best man", "Best Man Waistcoat", OK),
    _own("a word of its own", "Simply the BEST!", BAD, "best"),
    _own("inside another word", "bestow, asbestos", OK),
    _own("beside a script without spaces", "这是best的", BAD, "best"),
    _own("within an allowed phrase", "for the best man", OK),
    _own("listed outside the allowed phrase", "best man, best price", BAD, "best"),
    _own("with a combining mark", "e\u0301toile", BAD, "étoile"),
    _own("with a dot, and no longer number", "No.1 but not no.10", BAD, "no.1"),
    _own("longer number", "no.10", OK),
    _own("one character of Chinese", "最大", BAD, "最"),
    _own("one character in an allowed phrase", "最近", OK),
    Case("banned_words", "the description is named", listed(description="a miracle cure"), BAD,
         says={"field": "description", "message": "2026-11"}),
    Case("banned_words", "the title goes first", listed(title="国家级", description="a miracle cure"), BAD,
         says={"field": "title"}),
    Case("banned_words", "listed None is not no title", listed(title=None), OK,
         context(settings={"banned_words": {"words": ("none",)}})),
    Case("banned_words", "no text at all", listed(title=None), OK),
)  # fmt: skip
