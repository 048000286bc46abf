"""Bodies of answers, decoded in small steps and never further than a limit.

The client's own decoding unpacks a whole network read at once: a megabyte of zeros arrives in a kilobyte
(aio-libs/aiohttp issue 8248). Here a step yields at most `_STEP` bytes, whatever was sent.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Iterator
from typing import Final

import aiohttp

_STEP: Final = 65_536
#: Window of 32 KiB, gzip or zlib by their first bytes; and deflate without either's frame, as some servers send it.
_FRAMED: Final = 47
_RAW: Final = -15
#: What a request may say that it takes; anything else cannot be decoded here.
ACCEPTED: Final = "gzip, deflate"


class BodyTooLarge(Exception):
    """More bytes came out of a body than the limit."""


class BodyUndecodable(Exception):
    """The body is in a coding that was not asked for, or is broken."""


async def decoded(response: aiohttp.ClientResponse, limit: int) -> AsyncGenerator[bytes, None]:
    """Iterate over the decoded body in pieces of at most 64 KiB or what the network brought.

    Raises BodyTooLarge after `limit` bytes, BodyUndecodable for a coding that is not gzip or deflate.
    """
    unpack = _unpacker(response.headers.get("Content-Encoding", ""))
    total = 0
    async for data in response.content.iter_any():
        for piece in unpack.pieces(data) if unpack else (data,):
            total += len(piece)
            if total > limit:
                raise BodyTooLarge(f"more than {limit} bytes")
            yield piece


async def whole(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the decoded body. Raises as `decoded`."""
    body = bytearray()
    async for piece in decoded(response, limit):
        body += piece
    return bytes(body)


def _unpacker(coding: str) -> Unpacker | None:
    match coding.strip().casefold():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return Unpacker()
    raise BodyUndecodable(f"the body is coded as {coding[:40]!r}")


class Unpacker:
    """Unpacks gzip with any number of members, zlib, or bare deflate."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_FRAMED)
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Iterate over what comes out of the next bytes. Raises BodyUndecodable."""
        piece = b""
        # A full piece may leave output behind that no further input is needed for.
        while data or len(piece) == _STEP:
            piece = self._step(data)
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                rest = self._stream.unused_data
                self._stream = zlib.decompressobj(_FRAMED)
                data = rest if rest.startswith(b"\x1f\x8b") else b""  # else padding after the last member
            if piece:
                yield piece

    def _step(self, data: bytes) -> bytes:
        try:
            piece = self._stream.decompress(data, _STEP)
        except zlib.error as error:
            if self._begun:
                raise BodyUndecodable(f"the body cannot be unpacked: {error}") from error
            piece = self._bare(data)
        self._begun = True
        return piece

    def _bare(self, data: bytes) -> bytes:
        self._stream = zlib.decompressobj(_RAW)
        try:
            return self._stream.decompress(data, _STEP)
        except zlib.error as error:
            raise BodyUndecodable(f"the body cannot be unpacked: {error}") from error
