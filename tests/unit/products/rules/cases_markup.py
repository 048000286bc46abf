"""Rows for html_danger: what runs code, what only looks like it."""

from __future__ import annotations

from daemon.products.verdicts import Outcome
from tests.unit.products.rules.case import BAD, NOT_APPLICABLE, OK, UNKNOWN, Case, listed


def _html(name: str, description: str | None, outcome: Outcome, value: str | None = None) -> Case:
    says = {} if value is None else {"value": value}
    return Case("html_danger", name, listed(description=description), outcome, says=says)


CASES = (
    _html("no description", None, NOT_APPLICABLE),
    _html("plain text", "Sale is on = yes, once=twice; a pole <3 cm.", OK),
    _html("harmless markup", '<p class="onload" data-onclick="no">Learn to <b>code</b></p>', OK),
    _html("an address of the web", '<a href="https://example.com/?a=b&#38;c=d">x</a>', OK),
    _html("an inlined picture", '<img src="data:image/png;base64,AAAA" alt="JavaScript: The Book">', OK),
    _html("escaped markup", "&lt;script&gt;alert(1)&lt;/script&gt;", OK),
    _html("a comment runs nothing", "<!-- <script>x</script> --><p>y</p>", OK),
    _html("an attribute named on", "<p on>lights on = off</p>", OK),
    _html("an event without code", "<p>x <b online now>y</b> on = 1</p>", OK),
    _html("a title attribute is no address", '<p title="javascript: the parts">x</p>', OK),
    _html("a text area shows its content", "<textarea><script>x</script></textarea>", OK),
    _html("script", "<p>x</p><ScRiPt src=//e.example/x.js></sCrIpT>", BAD, "<script>"),
    _html("iframe", "<iframe src='https://e.example'></iframe>", BAD, "<iframe>"),
    _html("object", "<object></object>", BAD, "<object>"),
    _html("embed", "<embed>", BAD, "<embed>"),
    _html("form", "<form><input></form>", BAD, "<form>"),
    _html("meta", "<meta http-equiv=refresh content=0>", BAD, "<meta>"),
    _html("base", "<base target=x>", BAD, "<base>"),
    _html("event attribute", "<img src=a.png OnError = alert(1)>", BAD, "onerror="),
    _html("event attribute after a slash", "<svg/onload=alert(1)>", BAD, "onload="),
    _html("javascript", "<a href=javascript:alert(1)>x</a>", BAD, "href=javascript:"),
    _html("javascript in disguise", "<a href='\x01 jAva\tscr\nipt:alert(1)'>x</a>", BAD, "href=javascript:"),
    _html("javascript in entities", "<a href='&#106;avascrip&#x74;&colon;x'>x</a>", BAD, "href=javascript:"),
    _html("a web page in an address", "<a href='data:text/html,<b>x'>x</a>", BAD, "href=data:"),
    _html("animated into an address", "<svg><set to='javascript:x'></svg>", BAD, "to=javascript:"),
    _html("of two both are named", "<script></script><form></form>", BAD, "<script>, <form>"),
    _html("inside a template", "<template><img src=x onerror=x></template>", BAD, "onerror="),
    _html("with scripting", '<noscript><p title="</noscript><img src=x onerror=x>"></p></noscript>', BAD, "onerror="),
    _html("a tag that the page closes", "text <img src=x onerror=x ", BAD, "onerror="),
    _html("nested too deeply to be read", "<div a=onx=1>" * 5_000 + "<script></script>", UNKNOWN),
    Case("html_danger", "critical, and looked at by a person", listed(description="<script></script>"), BAD,
         says={"field": "description", "fingerprint": "description=<script>"}),
)  # fmt: skip
