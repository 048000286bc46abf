"""html_danger: descriptions that would run somebody's code in the shop's pages. Parsed, never matched by pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from daemon.products.html_depth import shallow
from daemon.products.product import Product
from daemon.products.verdicts import (
    NOT_APPLICABLE,
    OK,
    PassContext,
    RemedyKind,
    RuleSpec,
    Severity,
    Verdict,
    bad,
    unknown,
)
from daemon.products.word_list import finder, lowered

_ELEMENTS: Final = frozenset({"script", "iframe", "object", "embed", "form", "meta", "base"})
#: Attributes whose value is an address that a browser follows, loads or runs; and those with which SVG sets one.
_ADDRESSES: Final = frozenset({
    "href", "src", "action", "formaction", "data", "poster", "background", "cite", "longdesc", "xlink:href",
    "from", "to", "values", "by",
})  # fmt: skip
_SCHEMES: Final = ("javascript:", "vbscript:", "data:text/html", "data:application/xhtml+xml")
#: What a URL parser drops before it looks at the scheme: tab and newlines anywhere (URL Standard, section 4.4).
_DROPPED: Final = str.maketrans("", "", "\t\n\r")
#: C0 controls and the space, which it drops at the ends.
_EDGES: Final = "".join(map(chr, range(0x21)))
#: No tree can hold a danger whose name is not in the text, for names of elements and attributes have no escapes; and
#: the schemes stand there too, or entities that spell them.
_NAMES: Final = finder((
    *(f"<{element}".encode() for element in sorted(_ELEMENTS)),
    b"script:", b"data:", b"&#", b"&colon", b"&tab", b"&newline",
))  # fmt: skip
_OPENING: Final = ord("<")
_EVENT: Final = re.compile(rb"on[^ \t\n\f\r/>=]+[ \t\n\f\r]*=")
_HIDING: Final = re.compile(r"(</?)template", re.IGNORECASE)
_SCRIPTLESS: Final = re.compile(r"(</?)noscript", re.IGNORECASE)


def html_danger(product: Product, context: PassContext) -> Verdict:
    """Bad for an element, event attribute or address in the description that runs code or leads away.

    Reference: OWASP Cross Site Scripting Prevention; parsing as in the HTML Standard, section 13.
    """
    text = product.description
    if not text:
        return NOT_APPLICABLE
    if "<" not in text or not may_be_dangerous(lowered(text)):
        return OK
    readable = shallow(text)
    found = dict.fromkeys(danger for tree in _readings(readable) for danger in _dangers(tree))
    if not found:
        return OK if readable is text else unknown("description", text, "its elements are nested too deeply to be read")
    return bad("description", ", ".join(found), "the description holds markup that runs code or leads away")


def may_be_dangerous(data: bytes) -> bool:
    """Tell whether html_danger can find anything: most descriptions with markup have none of it. data: as `lowered`."""
    return _OPENING in data and bool(_NAMES(data.translate(None, b"\t\n\r")) or _EVENT.search(data))


def _readings(text: str) -> Iterator[LexborHTMLParser]:
    """Iterate over the trees that browsers make of a text, without and with scripting.

    The parser keeps what stands in <template> out of its tree, though a page may bring it to life; and it reads
    <noscript> as a browser without scripting does, while one with scripting takes its content for text. A tag that
    is still open at the end is closed by whatever the page has next.
    """
    bare = _HIDING.sub(r"\1x-template", text) + ">"
    yield LexborHTMLParser(bare)
    if _SCRIPTLESS.search(bare):
        yield LexborHTMLParser(_SCRIPTLESS.sub(r"\1noembed", bare))


def _dangers(tree: LexborHTMLParser) -> Iterator[str]:
    for node in tree.css("*"):
        if node.tag in _ELEMENTS:
            yield f"<{node.tag}>"
        yield from _attribute_dangers(node)


def _attribute_dangers(node: LexborNode) -> Iterator[str]:
    attributes: Mapping[str, str | None] = node.attributes
    for name, value in attributes.items():
        if not value:
            continue
        if name.startswith("on") and len(name) > len("on"):
            yield f"{name}="
        elif name in _ADDRESSES and _address(value).startswith(_SCHEMES):
            yield f"{name}={_address(value).partition(':')[0]}:"


def _address(value: str) -> str:
    return value.translate(_DROPPED).strip(_EDGES).casefold()


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="html_danger",
        title="Description holds dangerous markup",
        title_zh="描述中含有危险的网页代码",
        fields=("description",),
        severity=Severity.CRITICAL,
        check=html_danger,
        reference="OWASP Cross Site Scripting Prevention",
        remedy=RemedyKind.REVIEW,
    ),
)
