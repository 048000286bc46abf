"""Fetching of images and landing pages: polite, bounded in bytes and time, and nowhere that it should not go."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from types import TracebackType
from typing import Final, Self

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver
from yarl import URL

from daemon.adapters.address_policy import AddressPolicy
from daemon.adapters.bodies import ACCEPTED, BodyTooLarge, BodyUndecodable, decoded, whole
from daemon.adapters.guarded_session import guarded_session, refusal
from daemon.adapters.image_facts import image_facts
from daemon.adapters.politeness import Overloaded, Politeness
from daemon.adapters.retry_after import retry_after_s
from daemon.adapters.trip import REDIRECTS, Found, Trip
from daemon.config import NetworkSection
from daemon.errors import Unavailable
from daemon.ports import Clock, Offload
from daemon.products.evidence import Evidence, ImageFacts, PageFacts, Reach

_RETRIED: Final = frozenset({429, 500, 502, 503, 504})
_WEB_PAGES: Final = ("text/html", "application/xhtml+xml", "")
#: Images up to this size are read whole, for their digest and to keep the connection; of larger ones so much at first.
_IMAGE_HEAD: Final = 65_536
#: Where dimensions stand behind long metadata, no more than this is read for them.
_IMAGE_HEAD_MOST: Final = 1_048_576
_BACKOFF_S: Final = 0.5
#: A host that asks for a longer wait is left to the next time.
_LONGEST_WAIT_S: Final = 10.0
_DEFAULT_QUEUE_LIMIT_S: Final = 60.0
#: A time-out that fires so much too late means that this process was busy, whatever the host did.
_DEFAULT_LAG_LIMIT_S: Final = 0.5


_Reader = Callable[[aiohttp.ClientResponse], Awaitable[Found]]


class HttpPageFetcher:
    """A ports.PageFetcher over aiohttp. Use as an asynchronous context manager.

    exempt: networks or host:port pairs that are reachable besides `network.allow`. queue_limit_s: longest wait for
    a turn before it is our overload. lag_limit_s: lateness of a time-out that makes it ours.
    """

    def __init__(
        self,
        network: NetworkSection,
        clock: Clock,
        offload: Offload,
        exempt: Iterable[str] = (),
        *,
        resolver: AbstractResolver | None = None,
        queue_limit_s: float = _DEFAULT_QUEUE_LIMIT_S,
        lag_limit_s: float = _DEFAULT_LAG_LIMIT_S,
    ) -> None:
        self._network = network
        self._clock = clock
        self._offload = offload
        self._policy = AddressPolicy((*network.allow, *exempt))
        self._resolver = resolver
        self._lag_limit_s = lag_limit_s
        self._politeness = Politeness(
            clock,
            concurrency=network.concurrency,
            per_host=network.per_host,
            interval_s=network.host_interval,
            queue_limit_s=queue_limit_s,
        )
        self._opened: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._opened = guarded_session(
            self._policy,
            connect_timeout_s=self._network.connect_timeout,
            user_agent=self._network.user_agent,
            resolver=self._resolver,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def image(self, url: str) -> Evidence:
        """Fetch as much of an image as its facts need: a GET that is closed early, for servers know no other way."""
        return await self._fetch(url, self._read_image, {"Accept": "image/*,*/*;q=0.5"})

    async def page(self, url: str) -> Evidence:
        """Fetch a landing page and read its facts in the pool."""
        accepted = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5", "Accept-Encoding": ACCEPTED}
        return await self._fetch(url, self._read_page, accepted)

    async def _fetch(self, url: str, read: _Reader, headers: dict[str, str]) -> Evidence:
        try:
            target = URL(url.strip())
            usable = target.scheme in {"http", "https"} and bool(target.host)
        except ValueError:
            usable = False
        if not usable:
            return self._evidence(url, Reach.INVALID_URL, problem="is no http or https address")
        if target.raw_user or target.raw_fragment:
            target = target.with_user(None).with_fragment(None)
        attempt = 0
        while True:
            evidence = await self._attempt(url, Trip(target), read, headers)
            delay = self._delay(target.host or "", evidence, attempt)
            if delay is None:
                return evidence
            await self._clock.sleep(delay)
            attempt += 1

    def _delay(self, host: str, evidence: Evidence, attempt: int) -> float | None:
        """Return seconds until the next attempt, None when there is to be none."""
        asked = evidence.retry_after_s
        if asked is not None:
            self._politeness.hold(host, asked)
        failed = evidence.reach is Reach.UNREACHABLE or evidence.status in _RETRIED
        if not failed:
            if evidence.reach is Reach.FETCHED:
                self._politeness.answered(host)
            return None
        if attempt >= self._network.retries or (asked or 0.0) > _LONGEST_WAIT_S:
            return None
        if not self._politeness.may_retry(host):
            return None
        # Full jitter: those who failed together do not come back together.
        return (asked or 0.0) + random.uniform(0, _BACKOFF_S * 2**attempt)  # noqa: S311 - no secret depends on it

    async def _attempt(self, url: str, trip: Trip, read: _Reader, headers: dict[str, str]) -> Evidence:
        """Follow a URL to its end. Never raises for what hosts do."""
        while True:
            loop = asyncio.get_running_loop()
            started = deadline = loop.time()
            try:
                async with self._politeness.turn(trip.url.host or ""):
                    started = loop.time()
                    deadline = started + max(0.0, self._network.total_timeout - trip.spent_s)
                    async with asyncio.timeout_at(deadline):
                        found = await self._hop(trip, read, headers)
            except aiohttp.ServerTimeoutError as error:
                return self._failed(url, trip, error)
            except TimeoutError:
                return self._timed_out(url, trip, late_s=loop.time() - deadline)
            except (Overloaded, Unavailable) as error:
                return self._evidence(url, Reach.OVERLOADED, trip, problem=str(error))
            except BodyTooLarge as error:
                return self._evidence(url, Reach.TOO_LARGE, trip, problem=str(error))
            except (aiohttp.ClientError, OSError, ValueError, BodyUndecodable) as error:
                return self._failed(url, trip, error)
            trip.spent_s += loop.time() - started
            if found is not None:
                return await self._concluded(url, trip, found)

    async def _hop(self, trip: Trip, read: _Reader, headers: dict[str, str]) -> Found | None:
        """Ask for one URL; None when it leads on to another, which is then the trip's."""
        session = self._opened
        if session is None:
            raise RuntimeError("the fetcher is not open")
        cookies = trip.cookies or None  # an empty jar costs as much as a full one
        async with session.get(trip.url, headers=headers, cookies=cookies, allow_redirects=False) as response:
            location = response.headers.get("Location") if response.status in REDIRECTS else None
            if location is not None:
                return trip.redirected(response, location, most=self._network.redirects)
            found: Found = {"status": response.status, "retry_after_s": self._retry_after(response)}
            if 200 <= response.status < 300:
                found |= await read(response)
            else:
                response.close()  # an error's body is not worth its bytes
            return found

    def _retry_after(self, response: aiohttp.ClientResponse) -> float | None:
        return retry_after_s(response.headers.get("Retry-After"), self._clock.now())

    async def _read_image(self, response: aiohttp.ClientResponse) -> Found:
        limit = self._network.max_image_bytes
        if (response.content_length or 0) > limit:
            raise BodyTooLarge(f"says that it has {response.content_length} bytes; {limit} are read at most")
        is_plain = "Content-Encoding" not in response.headers
        if is_plain and response.content_length and response.content_length <= _IMAGE_HEAD:
            body = await response.read()  # no more than it says can come
            return {"length": len(body), "image": image_facts(body, is_whole=True)}
        head = bytearray()
        async with aclosing(decoded(response, limit)) as pieces:
            async for piece in pieces:
                head += piece
                if len(head) > _IMAGE_HEAD:
                    facts = image_facts(bytes(head), is_whole=False)
                    if facts.width or not facts.format or len(head) > _IMAGE_HEAD_MOST:
                        response.close()
                        return {"length": len(head), "image": facts}
        return {
            "length": len(head),
            "image": image_facts(bytes(head), is_whole=True) if head else ImageFacts(format=None),
        }

    async def _read_page(self, response: aiohttp.ClientResponse) -> Found:
        if response.content_type.partition(";")[0].strip() not in _WEB_PAGES and "Content-Type" in response.headers:
            response.close()
            return {"problem": f"is no web page but {response.content_type[:60]}"}
        body = await whole(response, self._network.max_page_bytes)
        content_type, url = response.headers.get("Content-Type"), str(response.url)
        return {"length": len(body), "page": (body, content_type, url)}

    async def _concluded(self, url: str, trip: Trip, found: Found) -> Evidence:
        """Make evidence of what was found; a page is read only now, when the host's turn is over."""
        page = found.pop("page", None)
        evidence = msgspec.structs.replace(self._evidence(url, Reach.FETCHED, trip), **found)
        if not isinstance(page, tuple):
            return evidence
        try:
            facts = await self._offload.run(lambda: _page_facts(*page), what="page.read")
        except Unavailable as error:
            return self._evidence(url, Reach.OVERLOADED, trip, problem=str(error))
        return msgspec.structs.replace(evidence, page=facts)

    def _timed_out(self, url: str, trip: Trip, late_s: float) -> Evidence:
        if late_s > self._lag_limit_s:
            return self._evidence(url, Reach.OVERLOADED, trip, problem=f"we were {late_s:.1f} s late ourselves")
        problem = f"no whole answer within {self._network.total_timeout:g} s"
        return self._evidence(url, Reach.UNREACHABLE, trip, problem=problem)

    def _failed(self, url: str, trip: Trip, error: Exception) -> Evidence:
        if refused := refusal(error):
            return self._evidence(url, Reach.REFUSED, trip, problem=str(refused))
        if isinstance(error, aiohttp.InvalidURL):
            return self._evidence(url, Reach.INVALID_URL, trip, problem="is no address that can be asked")
        return self._evidence(url, Reach.UNREACHABLE, trip, problem=f"{type(error).__name__}: {error}"[:200])

    def _evidence(self, url: str, reach: Reach, trip: Trip | None = None, *, problem: str = "") -> Evidence:
        hops = tuple(trip.hops) if trip else ()
        return Evidence(url=url, fetched_at=self._clock.now(), reach=reach, hops=hops, problem=problem)


def _page_facts(body: bytes, content_type: str | None, url: str) -> PageFacts:
    from daemon.adapters.page_facts import page_facts  # noqa: PLC0415 - parsers that a start never pays for

    return page_facts(body, content_type, url)
