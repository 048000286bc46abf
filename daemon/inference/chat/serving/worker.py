"""The one thread that decodes: requests that wait are joined into a batch, whoever made them."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from daemon.errors import InvalidInput, Unavailable
from daemon.inference.chat.decoding import Decoding, Search
from daemon.inference.chat.hypotheses import Reply
from daemon.ports import Offload

#: Tokens that a source may have: its time and memory are bounded by that.
LONGEST = 512
#: Seconds after which a thread takes nobody in any more, so that it ends and others get their turn.
_STINT_S = 1.0
#: Seconds that an answer may take from the thread to its caller.
_GRACE_S = 0.25

_log = structlog.get_logger()


@dataclass(eq=False)
class _Request:
    """deadline: of the worker's clock. gone: nobody waits for it any more."""

    search: Search
    tokens: Sequence[int]
    deadline: float
    answer: asyncio.Future[list[Reply]]
    gone: bool = False


class DecodingWorker:
    """Decodes for any number of callers in one thread of `offload` at a time, while there is anything to decode.

    queue: requests that may wait, beside those under way. batch: requests under way at most. clock: in seconds.
    """

    def __init__(
        self,
        offload: Offload,
        search: Search,
        *,
        queue: int = 64,
        batch: int = 16,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.search = search
        self._offload, self._queue, self._batch, self._clock = offload, queue, batch, clock
        self._waiting: deque[_Request] = deque()
        self._under_way: set[_Request] = set()
        self._serving: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def held(self) -> int:
        """Return how many requests wait or are under way."""
        return len(self._waiting) + len(self._under_way)

    async def reply(self, tokens: Sequence[int], deadline_s: float, *, search: Search | None = None) -> list[Reply]:
        """Return replies to a source, best first; at the deadline the best so far, [] where it has not begun.

        search: what the tokens are made for, the current one by default. Raises Unavailable when too many wait, when
        this is closed meanwhile or decoding fails; InvalidInput for an empty or overlong source or an unknown token.
        """
        if self._closing:
            raise Unavailable("the chat is stopping")
        search = search or self.search
        _check(tokens, search.steps.size)
        if len(self._waiting) >= self._queue:
            _log.warning("decoding.rejected", waiting=len(self._waiting))
            raise Unavailable("busy: too many wait for a reply; try again in a moment")
        answer = asyncio.get_running_loop().create_future()
        request = _Request(search, tuple(tokens), self._clock() + deadline_s, answer)
        self._waiting.append(request)
        self._serve()
        try:
            return await asyncio.wait_for(answer, max(0.0, deadline_s) + _GRACE_S)
        except TimeoutError:
            return []
        finally:
            request.gone = True
            with contextlib.suppress(ValueError):
                self._waiting.remove(request)

    def swap(self, search: Search) -> None:
        """Decode what comes from now on by another search; what waits or is under way keeps its own."""
        self.search = search

    async def close(self, deadline_s: float) -> bool:
        """Take nothing more, give up what waits or is under way, and wait for the thread; tell whether it ended."""
        self._closing = True
        self._fail("the chat is stopping")
        if self._serving is None:
            return True
        ended, _ = await asyncio.wait({self._serving}, timeout=deadline_s)
        return bool(ended)

    def _serve(self) -> None:
        if self._serving is None or self._serving.done():
            # in a context of its own, since it serves others than who begins it
            self._serving = asyncio.get_running_loop().create_task(self._stints(), context=contextvars.Context())

    async def _stints(self) -> None:
        """Run the thread as long as anything waits for it. Never raises: callers are told."""
        loop = asyncio.get_running_loop()
        while self._waiting and not self._closing:
            try:
                await self._offload.run(lambda: self._stint(loop), what="chat.decoding")
            except Unavailable as refused:
                self._fail(str(refused))
            except asyncio.CancelledError:
                self._fail("the chat is stopping")
                raise
            except Exception as failure:  # noqa: BLE001 a model's fault ends its requests and nothing else
                _log.error("decoding.failed", exc_info=failure)
                self._fail("no reply could be made of this; it is in the log", waiting=False)

    def _fail(self, why: str, *, waiting: bool = True) -> None:
        for request in [*self._under_way, *(self._waiting if waiting else ())]:
            _settle(request.answer, Unavailable(why))
        self._under_way.clear()
        if waiting:
            self._waiting.clear()

    # What follows runs in the thread. Deques and sets of the loop are changed there by single operations alone.

    def _stint(self, loop: asyncio.AbstractEventLoop) -> None:
        if not (first := self._admitted(None, 1)):
            return
        stint = _Stint(first[0].search, loop, self._under_way)
        until = self._clock() + _STINT_S
        stint.take(first)
        while stint.requests and not self._closing:
            if self._clock() < until:
                stint.take(self._admitted(stint.search, self._batch - len(stint.requests)))
            stint.advance(self._clock())

    def _admitted(self, search: Search | None, most: int) -> list[_Request]:
        """Take requests from the queue, in order, as far as they are for one search."""
        admitted: list[_Request] = []
        while len(admitted) < most:
            try:
                request = self._waiting.popleft()
            except IndexError:
                break
            search = search or request.search
            if request.search is not search:
                self._waiting.appendleft(request)
                break
            self._under_way.add(request)
            admitted.append(request)
        return admitted


class _Stint:
    """What a thread decodes by one search until nothing of it is left."""

    def __init__(self, search: Search, loop: asyncio.AbstractEventLoop, under_way: set[_Request]) -> None:
        self.search = search
        self.requests: dict[int, _Request] = {}
        self._loop, self._under_way = loop, under_way
        self._decoding: Decoding = search.begin([])

    def take(self, admitted: Sequence[_Request]) -> None:
        """Take requests in before the next step."""
        if admitted:
            numbers = self._decoding.join([request.tokens for request in admitted])
            self.requests.update(zip(numbers, admitted, strict=True))

    def advance(self, now: float) -> None:
        """Answer those whose time is over, drop those that nobody waits for, and take a step with the others."""
        for number in [number for number, request in self.requests.items() if request.gone or request.deadline <= now]:
            self._answer(number, self._decoding.stop(number))
        if self.requests:
            for number, replies in self._decoding.advance().items():
                self._answer(number, replies)

    def _answer(self, number: int, replies: list[Reply]) -> None:
        request = self.requests.pop(number)
        self._under_way.discard(request)
        self._loop.call_soon_threadsafe(_settle, request.answer, replies)


def _settle(answer: asyncio.Future[list[Reply]], outcome: list[Reply] | Unavailable) -> None:
    if answer.done():
        return
    if isinstance(outcome, Unavailable):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


def _check(tokens: Sequence[int], size: int) -> None:
    if not 0 < len(tokens) <= LONGEST:
        raise InvalidInput(f"a source of {len(tokens)} tokens, where 1 to {LONGEST} can be read")
    if min(tokens) < 0 or max(tokens) >= size:
        raise InvalidInput(f"a token that is not from 0 to {size - 1}")
