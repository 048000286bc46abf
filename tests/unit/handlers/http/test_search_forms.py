"""Forms that a search is begun with, as strangers send them."""

from __future__ import annotations

import pytest

from tests.unit.handlers.http.api import api
from tests.unit.handlers.http.test_cases import office

END = b"--b--\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b\r\n--b--\r\n",
        b"--b\r\n\xf0\xb9\x9c\xb7s\x07--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="search"\r\n\r\n{}',
        b'--b\r\nContent-Disposition: form-data; name="search"\r\nContent-Length: x\r\n\r\n{}\r\n' + END,
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n" + END,
        b"--b\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n" + END,
        b"no boundary at all",
    ],
)
async def test_a_form_that_is_broken_is_refused_as_the_senders_fault(body: bytes) -> None:
    async with office() as service:
        answer = await service.post(
            "/association/searches", who="mei", data=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
        )
        assert answer.status in {400, 413, 422}, answer.json


async def test_a_form_without_a_boundary_is_refused_too() -> None:
    async with office() as service:
        headers = {"Content-Type": "multipart/form-data"}
        answer = await service.post("/association/searches", who="mei", data=b"x", headers=headers)
        assert answer.status in {400, 415}
    async with api() as service:
        assert (await service.post("/association/searches", who="admin", json={})).status == 403
