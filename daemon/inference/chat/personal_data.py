"""What tells who somebody is or how to reach them: masked in chats, taken out of corpora."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from stdnum import luhn
from stdnum.cn import ric

from daemon.inference.chat.languages import HAN, language_of
from daemon.inference.chat.normalisation import LIMIT, normalised

#: What stands for what was taken out, in each language.
LABELS: Final = {
    "address": {"en": "[address]", "zh": "[地址]"},
    "card": {"en": "[card number]", "zh": "[卡号]"},
    "contact": {"en": "[contact]", "zh": "[联系方式]"},
    "e-mail": {"en": "[e-mail]", "zh": "[邮箱]"},
    "id": {"en": "[id number]", "zh": "[证件号]"},
    "link": {"en": "[link]", "zh": "[链接]"},
    "name": {"en": "[name]", "zh": "[名字]"},
    "number": {"en": "[number]", "zh": "[号码]"},
    "phone": {"en": "[phone]", "zh": "[电话]"},
}
#: Finds what stands for something; a sentence with one is not one to learn to say.
LABEL: Final = re.compile("|".join(re.escape(label) for both in LABELS.values() for label in both.values()))

_PLACE = f"(?:(?![我你他她住在是到去来从了的])[{HAN}])"
_SURNAME = (
    "[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易武乔贺赖龚文]"
)
_CALLED = f"(?![他她你它您我了到住不这那什谁大])[{HAN}]{{1,4}}"
_END = r"(?=[\s,.。!?;:~、]|$)"


class _Trait(msgspec.Struct, frozen=True):
    """One kind of thing to find. group: the number of the part that is taken out, 0 for the whole."""

    label: str
    pattern: re.Pattern[str]
    group: int = 0
    sound: Callable[[str], bool] = bool


def _trait(label: str, pattern: str, *, group: int = 0, sound: Callable[[str], bool] = bool) -> _Trait:
    return _Trait(label, re.compile(pattern, re.IGNORECASE), group, sound)


def _cased(label: str, pattern: str, *, group: int = 0) -> _Trait:
    return _Trait(label, re.compile(pattern), group)


def _digits(text: str) -> str:
    return "".join(char for char in text if char in "0123456789Xx")


#: Titles that look like addresses.
_TITLES = re.compile(
    r"\b(?:21|22) jump street|\b10 cloverfield lane|\b84 charing cross road|\b221b? baker street", re.IGNORECASE
)

_PRIVATE = (
    _trait(
        "e-mail",
        r"[a-z0-9._%+-]{1,64}(?:@| ?[\[(]at[\])] ?)[a-z0-9-]{1,63}(?:(?:\.| ?[\[(]dot[\])] ?)[a-z0-9-]{2,63}){1,4}",
    ),
    _trait("id", r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dx](?![\da-z])",
           sound=lambda found: ric.is_valid(_digits(found))),
    _trait("id", r"(?<![\d-])(?!000|666)\d{3}-\d{2}-\d{4}(?![\d-])"),
    _trait("id", r"(?:护照|passport)(?: ?(?:号码?|number|no\.?))?(?:是|为|is|:| ){0,3}"
           r"([a-z]{1,2}\d{7,8})(?!\d)", group=1),
    _trait("card", r"(?<!\d)\d(?:[ -]?\d){14,18}(?!\d)", sound=lambda found: luhn.is_valid(_digits(found))),
    _trait("phone", r"(?<![\d.])(?:(?:\+|00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"),
    _trait("phone", r"(?<!\d)\(?0[1-9]\d{1,2}\)?[ -]\d{7,8}(?!\d)"),
    _trait("phone", r"(?<![\d-])\(?[2-9]\d{2}\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?![\d-])"),
    _trait(
        "phone",
        r"(?<![\d+])\+\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,5}(?!\d)",
        sound=lambda found: 8 <= len(_digits(found)) <= 15,
    ),
    _trait("phone", "[一幺][三四五六七八九][零〇一二三四五六七八九幺]{9}"),
    _trait(
        "contact",
        r"(?:微信号?|wechat(?: id)?|\bvx|\bqq号?|\b(?:instagram|insta|snapchat|skype|telegram|discord)(?: id| name)?)"
        r"(?:是|为|is|:| ){0,3}@?((?=[a-z_.-]*\d)[a-z0-9_.-]{5,30})(?![a-z0-9])",
        group=1,
    ),
    _trait(
        "address",
        f"{_PLACE}{{1,20}}(?:路|街|大道|巷|胡同|弄)\\d{{1,5}}(?:号|弄)"
        f"(?:[{HAN}\\d-]{{0,12}}(?:室|栋|楼|单元|号))?",
    ),
    _cased(
        "address",
        r"\b\d{1,5}[A-Za-z]? (?:[A-Z][a-z]+ ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Boulevard|Blvd|Court)\b"
        r"(?:,? (?:[Aa]pt|[Uu]nit|[Ss]uite|#)\.? ?\w{1,5})?",
    ),
)  # fmt: skip

_TITLE = "(?:先生|女士|小姐|老师|经理|医生|同学|阿姨|叔叔)"
_NOT_GREETED = (
    "There|Everyone|Everybody|All|Guys|Friend|Friends|Mom|Mum|Dad|Sir|Madam|World|You|Your|It|Is|Are|What|How|Who|Why|"
    "Where|When|Do|Did|Can|Could|My|The|This|That|So|For|To|And|But|Again|Yes|No|God|Good|Nice|Have|Has|Not|We|They|Kitty"
)
_OF_A_PLACE = r"(?!\w*(?:ese|ish|ian|ean|can|ench|ch)\b)"

_CORPUS = (
    _trait("link", r"(?:https?://|www\.)[^\s<>\"'，。]{1,2000}"
           r"|\b[a-z0-9-]{1,60}\.(?:com|net|org|cn|io|co|edu|gov)(?:/\S{0,500})?\b"),
    _trait("contact", f"(?<![\\w@])@[\\w{HAN}.-]{{2,30}}"),
    _trait("number", r"(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)"),
    _trait("number", r"\d{6,}"),
    _trait("name", r"\b(?:my (?:full |first |last )?name(?:'s| is)|my names) "
           r"(?!not\b|the\b|on\b|a\b|in\b)([a-z][a-z'-]{1,20})", group=1),
    _cased("name", r"\b(?:[Cc]all me|[Pp]eople call me) ([A-Z][a-z]{1,15})\b", group=1),
    _cased("name",
           rf"\b(?:I'm|I am|[Tt]his is|Im) ({_OF_A_PLACE}(?!{_NOT_GREETED})[A-Z][a-z]{{2,15}})(?=[,.!?;]|$)", group=1),
    _cased("name", r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? ([A-Z][a-z]+(?: [A-Z][a-z]+)?)\b", group=1),
    _trait("name", "(?:我叫|我的名字[是叫]|我名叫|叫我|本人姓名)"
           f"({_CALLED}?)(?=[\\s,.。!?;:~、]|$|吧|就[行好])", group=1),
)  # fmt: skip

#: Names that a greeting can do without.
_GREETINGS = (
    re.compile(
        r"\b(Hi|hi|Hey|hey|Hello|hello|Dear|dear|Thanks|thanks|[Tt]hank you|Bye|bye|Goodbye|goodbye|[Gg]ood "
        rf"(?:morning|evening|night|afternoon)),? (?!(?:{_NOT_GREETED})\b)[A-Z][a-z]{{1,15}}{_END}"
    ),
    re.compile(
        f"(你好|您好|嗨|早上好|下午好|晚上好|晚安|再见|谢谢),? ?(?:[小老阿](?![板师婆公姐朋妹哥伙弟友])[{HAN}]{{1,2}}|"
        f"{_SURNAME}(?!{_TITLE})[{HAN}]{{1,2}}){_END}"
    ),
)
_TITLED = re.compile(f"(?<!谢){_SURNAME}(?={_TITLE}(?![{HAN}]{{0,1}}们))")


def masked(text: str) -> str:
    """Return a text in its one form with phone numbers, e-mail and postal addresses, accounts and ids masked.

    Numbers of identity cards and bank cards are known by their check digits; other long numbers (orders, GTINs) stay.
    """
    return _without(normalised(text), _PRIVATE)


def deidentified(text: str) -> str:
    """Return a text in its one form with nothing left that tells of whom it is, as far as patterns can see.

    Beside what `masked` masks: links, handles, IP addresses, numbers of six digits and more, names that people give as
    theirs or with a title; a name that is greeted is left out. What was taken out stands as one of LABELS. Names in
    running text are not found.
    """
    text = _without(normalised(text, limit=max(LIMIT, len(text))), (*_PRIVATE, *_CORPUS))
    for greeting in _GREETINGS:
        text = greeting.sub(r"\1", text)
    return _TITLED.sub("某", text)


def _without(text: str, traits: tuple[_Trait, ...]) -> str:
    language = language_of(text)
    for trait in traits:
        label = LABELS[trait.label][language]
        text = trait.pattern.sub(partial(_replaced, trait, label), text)
    return text


def _replaced(trait: _Trait, label: str, found: re.Match[str]) -> str:
    said = found[trait.group]
    if not trait.sound(said) or _TITLES.match(found[0]):
        return found[0]
    start, end = found.span(trait.group)
    return found[0][: start - found.start()] + label + found[0][end - found.start() :]
