"""The one door to python-wechaty: it cannot be imported on Python 3.11 as it is, nor left alone with the process.

Three lines make it importable: pyee 12 moved AsyncIOEventEmitter, urllib3 2 dropped get_host, and a dataclass rule
of Python 3.11 refuses PuppetOptions as a default because it cannot be hashed (python-wechaty issues 430, 419, 422).
Nothing else imports wechaty*, grpclib or betterproto, so these lines always come first.

While it is imported, $WECHATY_LOG and $WECHATY_LOG_FILE are hidden: the one fails on most words, the other opens a
file. Afterwards its loggers, each with a handler of its own, hand on to ours, and only errors: at WARNING they
print the token, at INFO texts of messages. Only its puppet layer is used. The `wechaty` package above it, whose
import makes `.wechaty` in the working directory, and which keeps a database and a web server, is never imported.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyee
import pyee.asyncio
import urllib3
import urllib3.util


def _get_host(url: str) -> tuple[str, str | None, int | None]:
    parsed = urllib3.util.parse_url(url)
    return parsed.scheme or "http", parsed.host, parsed.port


@contextmanager
def _quietly() -> Iterator[None]:
    hidden = {name: os.environ.pop(name) for name in ("WECHATY_LOG", "WECHATY_LOG_FILE") if name in os.environ}
    known = set(logging.root.manager.loggerDict)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # telnetlib, imported for a probe that is never made
            yield
    finally:
        os.environ.update(hidden)
        for name in set(logging.root.manager.loggerDict) - known:
            _tame(logging.getLogger(name))


def _tame(logger: logging.Logger) -> None:
    if logger.propagate:
        return
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.ERROR)


with _quietly():
    if not hasattr(pyee, "AsyncIOEventEmitter"):
        pyee.AsyncIOEventEmitter = pyee.asyncio.AsyncIOEventEmitter
    if not hasattr(urllib3, "get_host"):
        urllib3.get_host = _get_host
    from wechaty_puppet.schemas import puppet as _schemas

    _schemas.PuppetOptions.__hash__ = object.__hash__

    from grpclib.client import Channel
    from grpclib.const import Status
    from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError
    from wechaty_grpc.wechaty import PuppetStub
    from wechaty_grpc.wechaty.puppet import EventType
    from wechaty_puppet_service import PuppetService

__all__ = ["EventType", "GRPCError", "ProtocolError", "Status", "StreamTerminatedError", "open_puppet"]


def open_puppet(host: str, port: int, token: str) -> tuple[Any, Any]:
    """Return a puppet that talks to a puppet service, and its channel, which connects at the first call.

    The library's own way there holds the loop for up to three seconds with a probe, asks api.chatie.io where no
    endpoint is given, and takes a stray $TOKEN or $ENDPOINT; so the channel is made here. The token travels as the
    `:authority` of HTTP/2, in plain text.
    """
    puppet = PuppetService(_schemas.PuppetOptions(end_point=f"{host}:{port}"))
    channel = Channel(host=host, port=port)
    channel._authority = token  # noqa: SLF001 the only place that the service looks for it
    puppet.channel = channel
    puppet._puppet_stub = PuppetStub(channel)  # noqa: SLF001 the puppet has no other way in
    return puppet, channel
