"""Product data in web pages: JSON-LD and microdata (schema.org), read as tolerantly as search engines read it.

extruct reads the microdata. Of JSON-LD it gives up what has a trailing semicolon, comments, &quot;, single quotes or an
empty script beside it (extruct issues 84 and 109), so that is read here: found by the parser, mended, and flattened.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

_WRAPPERS: Final = re.compile(
    r"^(?:\s|<!--[^{\[]*?-->|<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[|\ufeff)+"
)
_ENDS: Final = re.compile(r"(?:\s|;|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>|//\s*-->|-->)+$")
#: A string in either quotes, a comment, or a comma that nothing follows.
_TOKENS: Final = re.compile(
    r"""("(?:\\.|[^"\\])*")|'((?:\\.|[^'\\])*)'|(/\*.*?\*/|//[^\n]*|<!--.*?-->)|(,)(?=\s*[}\]])""", re.DOTALL
)
_JSON_LD: Final = re.compile(r"^\s*application/ld\+json\s*(?:;|$)", re.IGNORECASE)
_MENTION: Final = re.compile(r"ld\+json", re.IGNORECASE)
#: Properties that lead from a product to others, which the page merely mentions.
_ELSEWHERE: Final = frozenset({
    "isRelatedTo", "isSimilarTo", "isAccessoryOrSparePartFor", "isConsumableFor", "itemListElement", "review",
    "reviews", "hasMerchantReturnPolicy", "shippingDetails", "breadcrumb",
})  # fmt: skip
#: Nothing worth reading lies deeper.
_DEPTH: Final = 12


def things(tree: LexborHTMLParser, text: str, base_url: str) -> Iterator[Mapping[str, Any]]:
    """Iterate over every typed node of a page's structured data, outer ones before inner ones."""
    if _MENTION.search(text):
        for script in tree.css("script[type]"):
            if _JSON_LD.match(script.attributes.get("type") or ""):
                yield from _nodes(loads(script.text()))
    if "itemscope" in text:
        for item in _microdata(text, base_url):
            yield from _nodes(_from_microdata(item))


def _microdata(text: str, base_url: str) -> list[Any]:
    from extruct.w3cmicrodata import MicrodataExtractor  # noqa: PLC0415 - brings rdflib and more, for few pages
    from lxml.etree import LxmlError  # noqa: PLC0415 - as above

    try:
        found: list[Any] = MicrodataExtractor().extract(text.encode("utf-8", "replace"), base_url, "utf-8")
    except (LxmlError, ValueError, TypeError, LookupError, RecursionError, AttributeError):
        return []  # the extractor fails on broken pages in ways of its own
    return found


def loads(script: str) -> Any:
    """Return the value of a JSON-LD script, None when it cannot be read in any way."""
    bare = _ENDS.sub("", _WRAPPERS.sub("", script))
    for mend in _MENDINGS:
        try:
            return json.loads(mend(bare), strict=False, parse_constant=_no_number)
        except (ValueError, RecursionError):
            continue
    return None


def _no_number(_name: str) -> None:
    """NaN and infinities are Python's idea of JSON, and no price."""


def _plain(text: str) -> str:
    return text


def _requoted(text: str) -> str:
    return _ENDS.sub("", _TOKENS.sub(_token, text))


def _token(match: re.Match[str]) -> str:
    double, single, comment, _comma = match.groups()
    if double is not None:
        return double
    if single is not None:
        return '"' + single.replace("\\'", "'").replace('"', '\\"') + '"'
    return " " if comment is not None else ""


def _unescaped(text: str) -> str:
    return _requoted(html.unescape(text))


_MENDINGS: Final[tuple[Callable[[str], str], ...]] = (_plain, _requoted, html.unescape, _unescaped)


def _nodes(value: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item, depth + 1)
    elif isinstance(value, dict):
        if value.get("@type"):
            yield value
        for name, inner in value.items():
            if name not in _ELSEWHERE and isinstance(inner, list | dict):
                yield from _nodes(inner, depth + 1)


def _from_microdata(item: Any, depth: int = 0) -> Any:
    if isinstance(item, list):
        return [_from_microdata(one, depth) for one in item]
    if not isinstance(item, dict) or depth > _DEPTH:
        return item
    properties = item.get("properties") or {}
    inner = {name: _from_microdata(value, depth + 1) for name, value in properties.items()}
    return inner | {"@type": item.get("type"), "@id": item.get("id")}


def types(node: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of a node's types without their vocabulary ("http://schema.org/Offer" is "Offer")."""
    found = node.get("@type")
    names = found if isinstance(found, list) else [found]
    return frozenset(re.split(r"[/#:]", name)[-1] for name in names if isinstance(name, str))


def first(value: Any) -> Any:
    """Return the first of several values, or the value; of a language map or typed value its "@value"."""
    if isinstance(value, list):
        return first(value[0]) if value else None
    return value.get("@value", value) if isinstance(value, dict) else value
