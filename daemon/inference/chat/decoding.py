"""Searches for replies that many requests share, step by step."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from bisect import insort
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from daemon.inference.chat.blocking import Blocking
from daemon.inference.chat.hypotheses import Ended, Endings, Going, Hypotheses, Reply
from daemon.inference.chat.offers import Asking, Offers
from daemon.inference.chat.search_settings import LengthPenalties, Settings
from daemon.inference.chat.steps import Flags, JoiningSteps, StepFunction, Sums


class Choice(NamedTuple):
    """What becomes of what was offered. short: [R, W], hypotheses that must offer more before this is final."""

    going: Going
    endings: Endings
    short: Flags | None = None


class Search(ABC):
    """A way to choose among what a model offers. It keeps nothing of a request, so that many may use it at once.

    shown: tokens that each hypothesis is asked for at first. live: hypotheses that a request begins with.
    """

    shown: int
    live: int

    def __init__(self, steps: StepFunction, settings: Settings) -> None:
        settings.check_against(steps.size)
        self.steps = steps
        self.settings = settings
        self.penalties = LengthPenalties(settings)
        self.asking = Asking(steps, Blocking(settings, steps.size))

    @abstractmethod
    def draws(self, count: int, seeds: Sequence[int]) -> Sums:
        """Return the random numbers of `count` requests, [count, W, max_length], or none: [count, 0, 0]."""

    @abstractmethod
    def choose(self, live: Hypotheses, offers: Offers) -> Choice:
        """Choose what goes on and what ends."""

    def begin(self, sources: Sequence[Sequence[int]], seeds: Sequence[int] = ()) -> Decoding:
        """Return a search for replies to some sources, before its first step."""
        decoding = Decoding(self)
        decoding.join(sources, seeds)
        return decoding

    def run(
        self,
        sources: Sequence[Sequence[int]],
        *,
        seeds: Sequence[int] = (),
        deadline: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> list[list[Reply]]:
        """Return replies to each source, best first. deadline: in seconds of `clock`, when the best so far is taken.

        Fewer than n_best, down to none, come back where there are no more.
        """
        decoding = self.begin(sources, seeds)
        replies: dict[int, list[Reply]] = {}
        while len(decoding) and (deadline is None or clock() < deadline):
            replies |= decoding.advance()
        replies |= {number: decoding.stop(number) for number in decoding.numbers}
        return [replies[number] for number in range(len(sources))]


class Decoding:
    """A search that is under way. One thread at a time may use it; a step that raises changes nothing."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._batches: list[_Batch] = []
        self._begun = 0

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def numbers(self) -> list[int]:
        """Return the requests that are not finished yet."""
        return [number for batch in self._batches for number in batch.numbers]

    def join(self, sources: Sequence[Sequence[int]], seeds: Sequence[int] = ()) -> range:
        """Take in more requests before the next step; return their numbers, which go on from those before.

        seeds: one for each source where replies are drawn, else none.
        """
        numbers = range(self._begun, self._begun + len(sources))
        draws = self._search.draws(len(sources), seeds)
        if numbers:
            self._take(_Batch(self._search, numbers, self._search.steps.start(sources), draws))
        self._begun = numbers.stop
        return numbers

    def advance(self) -> dict[int, list[Reply]]:
        """Let every hypothesis take one more token; return the replies of the requests that finish with it."""
        choices = [batch.chosen() for batch in self._batches]
        finished: dict[int, list[Reply]] = {}
        for batch, (offers, choice) in zip(self._batches, choices, strict=True):
            finished |= batch.follow(offers, choice)
        self._batches = [batch for batch in self._batches if batch.numbers]
        return finished

    def stop(self, number: int) -> list[Reply]:
        """Take a request out; return its best replies so far, and what has not ended after what has.

        Raises KeyError when it is not under way.
        """
        for batch in self._batches:
            if number in batch.numbers:
                replies = batch.stop(number)
                self._batches = [batch for batch in self._batches if batch.numbers]
                return replies
        raise KeyError(number)

    def _take(self, batch: _Batch) -> None:
        if self._batches and isinstance(self._search.steps, JoiningSteps):
            self._batches[0].join(batch, self._search.steps)
        else:
            self._batches.append(batch)


class _Batch:
    """Requests whose hypotheses share one state of the model. No finished request stays in it."""

    def __init__(self, search: Search, numbers: range, state: Any, draws: Sums) -> None:
        self._search = search
        self._state = state
        self._count = len(numbers)
        self._live = Hypotheses.first(numbers, search.settings, search.live, draws)
        self._ended: dict[int, list[Reply]] = {number: [] for number in numbers}

    @property
    def numbers(self) -> list[int]:
        return list(self._ended)

    def join(self, other: _Batch, steps: JoiningSteps) -> None:
        self._state = steps.join(self._state, other._state)
        self._live = self._live.joined(other._live, self._count)
        self._ended |= other._ended
        self._count += other._count

    def chosen(self) -> tuple[Offers, Choice]:
        """Ask the model, and once more as long as what it did not show could be chosen."""
        asking, live = self._search.asking, self._live
        offers = asking.ask(self._state, live, self._search.shown)
        choice = self._search.choose(live, offers)
        while choice.short is not None:
            offers = asking.ask_more(self._state, live, offers, choice.short)
            choice = self._search.choose(live, offers)
        return offers, choice

    def follow(self, offers: Offers, choice: Choice) -> dict[int, list[Reply]]:
        if choice.endings.parents.size:
            self._end(choice.endings)
        self._live = self._live.extended(choice.going, offers.rows)
        self._state, self._count = offers.state, offers.sent
        if self._all_go_on():
            return {}
        done = self._done()
        return self._leave(done) if done.any() else {}

    def stop(self, number: int) -> list[Reply]:
        return self._leave(self._live.numbers == number, "stopped")[number]

    def _end(self, endings: Endings) -> None:
        live, width = self._live, self._search.settings.width
        for place, total in zip(endings.parents.tolist(), endings.sums.tolist(), strict=True):
            request = place // width
            ended = self._ended[int(live.numbers[request])]
            penalty = self._search.penalties.of[live.ages[request] + 1]
            _insert(ended, _reply(live.tokens(place), total, penalty, "end"))
            live.ended[request] += 1
            if len(ended) >= self._search.settings.n_best:
                del ended[self._search.settings.n_best :]
                live.worst[request] = ended[-1].score

    def _all_go_on(self) -> bool:
        """Tell, in most steps, at once that `_done` is true of none."""
        live = self._live
        return bool(
            not live.ended.any() and live.ages.max() < self._search.settings.max_length and live.sums.min() > -np.inf
        )

    def _done(self) -> Flags:
        """Tell which requests no further step can help, [R].

        As many hypotheses as there are places have ended; or none is left; or the best that is left could not pass
        the worst of the n best, whatever it goes on with. The choice of n_best decides when that is, and nothing else.
        """
        live, settings = self._live, self._search.settings
        reach = live.sums.max(axis=1) / self._search.penalties.best.take(live.ages)
        done: Flags = (reach <= live.worst) | (live.ended >= settings.width) | (live.ages >= settings.max_length)
        return done

    def _leave(self, which: Flags, ended: Ended = "length") -> dict[int, list[Reply]]:
        requests = np.flatnonzero(which)
        replies = {int(self._live.numbers[request]): self._best(int(request), ended) for request in requests}
        for number in replies:
            del self._ended[number]
        self._live = self._live.kept(~which)
        return replies

    def _best(self, request: int, ended: Ended) -> list[Reply]:
        """Return what has ended, and then, where that is too little, what has not, which is worth less by any score."""
        live, settings = self._live, self._search.settings
        best = self._ended[int(live.numbers[request])]
        age = int(live.ages[request])
        if len(best) >= settings.n_best or not age:
            return best
        places = np.flatnonzero(live.sums[request] > -np.inf)
        unfinished: list[Reply] = []
        for place in places:
            total = float(live.sums[request, place])
            tokens = live.tokens(request * settings.width + int(place))
            _insert(unfinished, _reply(tokens, total, self._search.penalties.of[age], ended))
        return (best + unfinished)[: settings.n_best]


def _reply(tokens: tuple[int, ...], total: float, penalty: float, ended: Ended) -> Reply:
    return Reply(tokens=tokens, score=total / float(penalty), log_probability=total, ended=ended)


def _insert(replies: list[Reply], reply: Reply) -> None:
    """Insert a reply behind those that are as good, unless it is among them."""
    if all(reply.tokens != other.tokens for other in replies):
        insort(replies, reply, key=lambda one: -one.score)
