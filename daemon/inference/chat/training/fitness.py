"""What must not be learned, because a network may say it again: rudeness, and what tells who somebody is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

#: Ways to reach or to find somebody, and names by which people present themselves.
_PERSONAL: Final = re.compile(
    r"[\w.+-]+@[\w-]+\.\w|"  # mail
    r"(?:\+?\d[\s().-]?){7,}|"  # telephones, and numbers of accounts and passports
    r"(?<!\w)@\w{2,}|"  # names on a platform
    r"(?:微信|加微|wechat|qq|扣扣|企鹅|电话|手机|身份证|邮箱)号?(?:是|:|：)?\s?\w{5,}|"
    r"\b(?:my|his|her) (?:full |last |real )?name(?: is|'s|’s) [a-z]|"
    r"\b(?:i am|i'm|i’m) (?:called|named) \w|\bcall me (?-i:[A-Z])|"
    r"\b(?:snapchat|instagram|insta|facebook|twitter|venmo|skype|discord|whatsapp|kik)\b|"
    r"\b\d{1,5} [A-Z]\w+ (?:st|street|ave|avenue|rd|road|blvd|lane|drive)\b|"
    r"(?:我叫|我的名字是|我名字叫|本名|真名)[\u4e00-\u9fff]{2,4}(?![\u4e00-\u9fff])|"
    r"[\u4e00-\u9fff]{2,}(?:路|街|巷|弄)\d+号",
    re.IGNORECASE,
)


def unfit(text: str) -> str:
    """Return why a turn must not be learned, "" where it may."""
    if _PERSONAL.search(text):
        return "personal data"
    return "profanity" if _profane().search(text) else ""


@cache
def _profane() -> re.Pattern[str]:
    table: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
        files(__package__).joinpath("unfit.toml").read_text(encoding="utf-8")
    )
    english = "|".join(re.escape(word).replace(r"\*", "[a-z]*") for word in table["profanity"]["en"])
    chinese = "|".join(map(re.escape, table["profanity"]["zh"]))
    # Chinese characters stand beside Latin words without a boundary between them
    return re.compile(rf"(?i:(?<![a-z])(?:{english})(?![a-z]))|{chinese}")
