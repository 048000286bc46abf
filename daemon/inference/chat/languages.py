"""Which language somebody speaks."""

from __future__ import annotations

import re
from typing import Final

from daemon.products.phrases import Language

#: Han characters, the extensions that are in use and the two signs that count as such.
HAN: Final = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"

_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile("[\u3041-\u30fa\u30fc-\u30ff\uff66-\uff9d]")
_WORD = re.compile("[A-Za-z\u00c0-\u024f]+(?:['’][a-z]+)?")
_QUOTED = re.compile('《[^《》]{0,80}》|〈[^〈〉]{0,80}〉|「[^「」]{0,80}」|“[^“”]{0,80}”|"[^"]{0,80}"')
#: Names and titles, told by their capitals: they are the same in either language.
_NAME = re.compile(
    "[A-Z][A-Za-z'’-]*(?: (?:of|the|and|in|to|on|for|a|an|[A-Z0-9][A-Za-z0-9'’-]*))* [A-Z0-9][A-Za-z0-9'’-]*"
)
#: Characters and words that carry the grammar of a sentence, and so tell whose sentence it is.
_CHINESE = re.compile("[的了吗呢吧啊么是我你他她它们这那哪想看要有没不和跟很都也就给请把被谁让会能可推荐部说]")
_ENGLISH = frozenset(
    (
        "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did",
        "do", "does", "don't", "for", "from", "give", "had", "has", "have", "he", "hello", "hi", "how", "i", "i'd",
        "i'm", "i've", "if", "in", "is", "it", "it's", "like", "me", "my", "no", "not", "of", "on", "or", "please",
        "recommend", "she", "show", "so", "some", "something", "tell", "thanks", "that", "the", "them", "there", "they",
        "this", "to", "us", "want", "was", "watch", "we", "were", "what", "what's", "when", "where", "which", "who",
        "who's", "why", "will", "with", "would", "yes", "you", "your",
    )
)  # fmt: skip


def language_of(text: str, otherwise: Language = "en") -> Language:
    """Return the language of a text, `otherwise` where neither Chinese nor Latin letters tell.

    Names inside a sentence do not count ("想看 Inception" is Chinese, "I like 霸王别姬" English): what carries the
    grammar decides, then the greater number of Han characters or of words. Japanese is neither.
    """
    if len(_KANA.findall(text)) > len(_HAN.findall(text)) // 3:
        return otherwise
    said = _QUOTED.sub(" ", text)
    said = said if _HAN.search(said) or _WORD.search(said) else text
    han = len(_HAN.findall(said))
    words = _WORD.findall(_NAME.sub(" ", said) if han else said)
    if not han:
        return "en" if words else otherwise
    chinese = len(_CHINESE.findall(said))
    english = sum(word.lower().replace("’", "'") in _ENGLISH for word in words)
    if chinese != english:
        return "zh" if chinese > english else "en"
    return "zh" if han >= len(words) else "en"
