"""What goes wrong, told as RFC 9457 problem details."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, Final

import msgspec
from aiohttp import web

from daemon.errors import InvalidInput, TooMany, Unauthorized, Unavailable, ZhibanError

MEDIA_TYPE: Final = "application/problem+json"
_TYPE: Final = "urn:zhiban:problem:"
#: Key of an answer: the problem that it tells of, for the log.
CODE: Final = web.ResponseKey("problem", str)


class BadRequest(ZhibanError):
    """A request that is not well formed, so that its meaning cannot be told."""

    code: ClassVar[str] = "bad-request"
    http_status: ClassVar[int] = 400


class TooSlow(ZhibanError):
    """The body did not arrive in time."""

    code: ClassVar[str] = "request-timeout"
    http_status: ClassVar[int] = 408


class TooLarge(ZhibanError):
    """The body is larger than the daemon takes."""

    code: ClassVar[str] = "too-large"
    http_status: ClassVar[int] = 413


class WrongMediaType(ZhibanError):
    """The body is of a type, or in an encoding, that this request does not take."""

    code: ClassVar[str] = "unsupported-media-type"
    http_status: ClassVar[int] = 415


class PreconditionRequired(ZhibanError):
    """A write without the If-Match that says which revision it was made for (RFC 6585, section 3)."""

    code: ClassVar[str] = "precondition-required"
    http_status: ClassVar[int] = 428


class Fault(msgspec.Struct, frozen=True):
    """One wrong field. field: dotted path, "" for the whole."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Problem details. errors: every wrong field of a 422, else empty."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: tuple[Fault, ...] = ()


def of_error(error: ZhibanError, request_id: str) -> web.Response:
    """Return the answer that an error of ours means."""
    faults = tuple(Fault(*fault) for fault in error.faults) if isinstance(error, InvalidInput) else ()
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="zhiban"'
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "5"
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    answer = answer_of(error.http_status, error.code, str(error), request_id, faults=faults, headers=headers)
    if isinstance(error, TooSlow | TooLarge):
        answer.force_close()  # the rest of the body is not wanted
    return answer


def of_http_exception(error: web.HTTPException, request: web.Request, request_id: str) -> web.Response:
    """Return the answer for what the router refused: an unknown path, or a method that it does not have."""
    phrase = HTTPStatus(error.status)
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    detail = f"{request.method} {request.path}: {phrase.description or phrase.phrase}".strip(": ")
    return answer_of(error.status, phrase.phrase.lower().replace(" ", "-"), detail, request_id, headers=headers)


def answer_of(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    faults: tuple[Fault, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return problem details as an answer. code: stable slug, the last part of the problem's type."""
    title = HTTPStatus(status).phrase
    problem = Problem(
        type=_TYPE + code, title=title, status=status, detail=detail, request_id=request_id, errors=faults
    )
    answer = web.Response(status=status, body=encoded(problem), content_type=MEDIA_TYPE, headers=headers)
    answer[CODE] = code
    return answer


def encoded(problem: Problem) -> bytes:
    """Return a problem as JSON; text that is no Unicode, which a path may bring in, has its place marked."""
    try:
        return msgspec.json.encode(problem)
    except UnicodeEncodeError:
        detail = problem.detail.encode("utf-8", "replace").decode()
        return msgspec.json.encode(msgspec.structs.replace(problem, detail=detail))
