"""What somebody said, said back to them: "my lift is stuck" becomes "your lift is stuck"."""

from __future__ import annotations

import re
from typing import Final

from daemon.inference.chat.tokenizer import written
from daemon.products.phrases import Language

#: Characters that are said back; of more than that nothing is.
LONGEST: Final = {"en": 60, "zh": 18}
_ENDS: Final = re.compile(r"(?<=[.!?。！？…])\s*")
_LEFT_OUT: Final = re.compile(
    r"^(?:(?:hi|hey|hello|oh no|oh|well|so|and|but|ugh|wow|man|god|guess what|you know|look|sorry|excuse me)[,.!:]* )+"
    r"|^(?:唉|哎呀|哎|啊|哦|嗯|天哪|那个|其实|话说|你好|嗨)[，,！!～~]*",
    re.IGNORECASE,
)
_MARKS: Final = " .,!?:;~。，！？：；、～…"
_PARTICLES: Final = re.compile("[啊呀呢吧哦啦嘛哈哎]+$")
_TURNED: Final = {
    "i am": "you are", "i'm": "you're", "i was": "you were", "i've": "you've", "i'll": "you'll", "i'd": "you'd",
    "am i": "are you", "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "we": "you",
    "we're": "you're", "we've": "you've", "we'll": "you'll", "us": "you", "our": "your", "ours": "yours",
    "ourselves": "yourselves",
}  # fmt: skip
_WORD: Final = re.compile(
    r"\b(?:" + "|".join(map(re.escape, sorted(_TURNED, key=len, reverse=True))) + r")(?![\w'])", re.IGNORECASE
)
_YOU: Final = re.compile(r"\b(?:you|your|yours|you're|yourself)\b|[你您]", re.IGNORECASE)


def echo(text: str, language: Language) -> str:
    """Return the last sentence of a text as the other side says it, "" where it is too long, or about the other side.

    What is said to us cannot be turned round safely: "you like me" is left alone.
    """
    sentences = [one for one in _ENDS.split(text.replace("’", "'")) if one.strip(_MARKS)]
    said = _LEFT_OUT.sub("", sentences[-1].strip()).strip(_MARKS) if sentences else ""
    if language == "zh":
        said = _PARTICLES.sub("", said)
    if not said or len(said) > LONGEST[language] or _YOU.search(said):
        return ""
    if language == "zh":
        return written(said.replace("我们", "你们").replace("我", "你").replace("咱", "你"))
    return _WORD.sub(lambda found: _TURNED[found[0].lower()], said)


def taken_up(reply: str, text: str, thing: str, language: Language) -> str:
    """Return a reply with what it takes up of a text in its places, "" where there is nothing to take up."""
    if "{echo}" in reply:
        said = echo(text, language)
        if not said:
            return ""
        inside = not reply.startswith("{echo}") and not said[:2].isupper()
        reply = reply.replace("{echo}", said[:1].lower() + said[1:] if inside else said)
    reply = reply.replace("{thing}", thing)
    return reply[:1].upper() + reply[1:]
