"""Bodies of requests: read within their limits, and JSON that means one thing only.

JSON parsers differ in what they do with duplicate names, with NaN and with broken Unicode (RFC 8259, sections 4, 6 and
8): all of them are refused, and so is nesting that no request of ours needs.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError
from pydantic import ValidationError

from daemon.errors import InvalidInput
from daemon.handlers.http.models import Body, faults_of
from daemon.handlers.http.problems import BadRequest, TooLarge, TooSlow, WrongMediaType

JSON: Final = "application/json"
#: Deepest nesting of a request body.
MAX_DEPTH: Final = 32
#: Bytes of a large body that have to arrive within each http.body_timeout.
PROGRESS: Final = 65_536
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_BRACKETS: Final = re.compile(rb"[^\[\]{}]+")


async def body_of(model: type[Body], request: web.Request, raw: bytes) -> Body:
    """Return a JSON body as its model. Raises BadRequest, WrongMediaType, or InvalidInput naming every wrong field."""
    if request.content_type != JSON or (request.charset or "utf-8").lower() != "utf-8":
        raise WrongMediaType(f"the body is {request.headers.get('Content-Type', 'of no type')}, expected {JSON}")
    check_json(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as exc:
        if any(fault["type"] == "json_invalid" for fault in exc.errors()):
            raise BadRequest("the body is not JSON: text with half a surrogate pair") from None
        raise InvalidInput("the body cannot be used", faults_of(exc)) from None


async def read_body(request: web.Request, limit: int, timeout_s: float) -> bytes:
    """Return a body of up to `limit` bytes that arrives within so many seconds. Raises TooLarge, TooSlow."""
    read = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in _chunks(request, limit):
                read += chunk
    except TimeoutError:
        raise TooSlow(f"the body did not arrive within {timeout_s:g} s") from None
    return bytes(read)


async def stream_body(request: web.Request, limit: int, timeout_s: float) -> AsyncIterator[bytes]:
    """Iterate over a large body, which keeps coming: PROGRESS bytes or its end within every so many seconds.

    Raises TooLarge, TooSlow.
    """
    chunks = _chunks(request, limit)
    ended = False
    while not ended:
        piece = bytearray()
        try:
            async with asyncio.timeout(timeout_s):
                while not ended and len(piece) < PROGRESS:
                    chunk = await anext(chunks, None)
                    ended = chunk is None
                    piece += chunk or b""
        except TimeoutError:
            raise TooSlow(f"the body stopped arriving: expected {PROGRESS} bytes every {timeout_s:g} s") from None
        if piece:
            yield bytes(piece)


async def _chunks(request: web.Request, limit: int) -> AsyncIterator[bytes]:
    if (request.content_length or 0) > limit:
        raise TooLarge(f"the body is {request.content_length} bytes; at most {limit} are taken")
    seen = 0
    try:
        async for chunk in request.content.iter_any():
            seen += len(chunk)
            if seen > limit:
                raise TooLarge(f"the body is more than the {limit} bytes that are taken")
            yield chunk
    except (ContentEncodingError, HttpProcessingError, web.RequestPayloadError) as exc:
        raise BadRequest(f"the body cannot be read: {type(exc).__name__}") from None
    except ConnectionResetError:
        raise BadRequest("the body breaks off: the client has gone") from None


def check_json(raw: bytes) -> Any:
    """Return a JSON document that has one meaning. Raises BadRequest with what is wrong with it."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadRequest(f"the body is not UTF-8: byte {exc.start}") from None
    if _depth(raw) > MAX_DEPTH:
        raise BadRequest(f"the body is nested more than {MAX_DEPTH} deep")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as exc:
        raise BadRequest(f"the body is not JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}") from None
    except ValueError as exc:  # an integer beyond sys.get_int_max_str_digits()
        raise BadRequest(f"the body is not JSON that can be used: {exc}") from None


def _depth(raw: bytes) -> int:
    """Return how deep brackets nest outside strings; for broken JSON, at least as deep as a parser would get."""
    depth = deepest = 0
    for bracket in _NOT_BRACKETS.sub(b"", _STRINGS.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
        if deepest > MAX_DEPTH:
            break
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRequest(f"the body names {twice!a} more than once in one object")
    return found


def _no_constant(name: str) -> None:
    raise BadRequest(f"the body holds {name}, which is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadRequest("the body holds a number beyond all measure")
    return value
