"""docs/notices.md is true: its checks accept what we sign and refuse what was touched, its tables are whole."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.adapters.webhook import payload, signature
from daemon.products.notices import EntryState, Message, news_entry_kinds
from daemon.products.verdicts import Severity
from tests.notice_kit import entry

PAGE = (Path(__file__).parents[3] / "docs/notices.md").read_text("utf-8")
KEY = b"correct-horse-battery-staple"
BODY = '{"名": "杯"}'.encode()


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def python_check(secret: str, headers: dict[str, str], body: bytes) -> bool:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    return bool(names["is_genuine"](secret, headers, body))


def node_check(secret: str, headers: dict[str, str], body: bytes) -> bool:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    given = json.dumps([secret, headers, base64.b64encode(body).decode()])
    call = f"const [s, h, b] = {given};\nconsole.log(isGenuine(s, h, Buffer.from(b, 'base64')));"
    done = subprocess.run([node, "-e", block("javascript") + call], capture_output=True, text=True, check=True)
    return done.stdout.strip() == "true"


def headers(at: float | None = None, keys: tuple[bytes, ...] = (KEY,)) -> dict[str, str]:
    stamp = int(time.time() if at is None else at)
    return {
        "webhook-id": "m1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature(keys, "m1", stamp, BODY),
    }


@pytest.mark.parametrize("check", [python_check, node_check])
def test_the_examples_accept_what_is_genuine_and_nothing_else(
    check: Callable[[str, dict[str, str], bytes], bool],
) -> None:
    assert check(KEY.decode(), headers(), BODY)
    assert check("whsec_" + base64.b64encode(KEY).decode(), headers(), BODY)
    assert check(KEY.decode(), headers(keys=(b"another-key-altogether", KEY)), BODY)
    assert not check(KEY.decode(), headers(), BODY + b" ")
    assert not check("some-other-key-altogether", headers(), BODY)
    assert not check(KEY.decode(), headers() | {"webhook-id": "m2"}, BODY)
    assert not check(KEY.decode(), headers(time.time() - 3600), BODY)


def test_the_example_body_has_the_shape_of_ours() -> None:
    message = Message(id="m1", channel="box", subject="s", text="t", severity=Severity.INFO, entries=(entry(),))
    ours, theirs = payload(message), json.loads(block("json"))

    def shape(body: Any) -> tuple[object, ...]:
        return tuple(body), tuple(body["data"]), tuple(body["data"]["entries"][0])

    assert shape(ours) == shape(theirs)


def test_every_state_and_every_kind_of_news_is_named() -> None:
    assert {f"`{state}`" for state in EntryState} <= set(re.findall(r"`\w+`", PAGE))
    assert {f"`{kind}`" for kind in news_entry_kinds()} - {"`test`"} <= set(re.findall(r"`[\w.]+`", PAGE))
