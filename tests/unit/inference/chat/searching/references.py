"""Searches that take their time: what a quick one is held to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np

from daemon.inference.chat.hypotheses import Ended, Reply
from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.steps import StepFunction
from tests.unit.inference.chat.searching.models import BEGIN, END, Model


def reply(tokens: tuple[int, ...], total: float, settings: Settings, ended: Ended) -> Reply:
    length = len(tokens) + (ended == "end")
    score = total / ((5 + length) / (5 + 1)) ** settings.length_penalty
    return Reply(tokens=tokens, score=score, log_probability=total, ended=ended)


def ranked(replies: Iterable[Reply], n_best: int) -> list[Reply]:
    return sorted(replies, key=lambda one: (one.ended != "end", -one.score))[:n_best]


def repeats(tokens: Sequence[int], n: int) -> bool:
    grams = [tuple(tokens[at : at + n]) for at in range(len(tokens) - n + 1)]
    return n > 0 and len(set(grams)) < len(grams)


def allowed(tokens: tuple[int, ...], settings: Settings) -> bool:
    """Tell whether the tokens of a hypothesis, the end as the last of them or not at all, are to the settings."""
    inner = tokens[:-1] if tokens[-1:] == (END,) else tokens
    return (
        END not in inner
        and not settings.banned & set(inner)
        and not repeats(inner, settings.no_repeat_ngram)
        and (inner == tokens or len(inner) >= settings.min_length)
    )


def log_probability(model: Model, source: Sequence[int], tokens: Sequence[int]) -> float:
    past: tuple[int, ...] = (BEGIN,)
    total = 0.0
    for token in tokens:
        total += float(model.rule((tuple(source), past))[token])
        past = (*past, token)
    return total


def exhaustive(model: Model, source: Sequence[int], settings: Settings) -> list[Reply]:
    """Every reply that there is, and every beginning of max_length tokens, best first."""
    found = []
    for length in range(1, settings.max_length + 1):
        for tokens in product(range(model.size), repeat=length):
            if not allowed(tokens, settings) or (total := log_probability(model, source, tokens)) == -np.inf:
                continue
            if tokens[-1] == END:
                found.append(reply(tokens[:-1], total, settings, "end"))
            elif length == settings.max_length:
                found.append(reply(tokens, total, settings, "length"))
    return ranked(found, len(found))


def greedy(model: Model, source: Sequence[int], settings: Settings) -> list[Reply]:
    """Take the most probable allowed token each time."""
    tokens: tuple[int, ...] = ()
    total = 0.0
    while len(tokens) < settings.max_length:
        scores = model.rule((tuple(source), (BEGIN, *tokens))).astype(np.float64)
        for token in range(model.size):
            if not allowed((*tokens, token), settings):
                scores[token] = -np.inf
        best = int(np.argmax(scores))
        if scores[best] == -np.inf:
            return []
        total += float(scores[best])
        if best == END:
            return [reply(tokens, total, settings, "end")]
        tokens = (*tokens, best)
    return [reply(tokens, total, settings, "length")]


def one_by_one(steps: StepFunction, source: Sequence[int], settings: Settings) -> list[Reply]:
    """Search a beam with one hypothesis a call, which offers all tokens, and to the end."""
    live: list[tuple[tuple[int, ...], float, Any]] = [((), 0.0, steps.start([source]))]
    ended: list[Reply] = []
    for _ in range(settings.max_length):
        options = []
        for tokens, total, before in live:
            last = np.array([tokens[-1] if tokens else BEGIN])
            candidates, state = steps.step(before, np.zeros(1, dtype=np.int64), last, steps.size)
            for token, score in zip(candidates.tokens[0].tolist(), candidates.scores[0].tolist(), strict=True):
                if score > -np.inf and allowed((*tokens, token), settings):
                    options.append(((*tokens, token), total + score, state))
        options.sort(key=lambda option: -option[1])
        for tokens, total, _ in options[: settings.width]:
            if tokens[-1] == END:
                ended.append(reply(tokens[:-1], total, settings, "end"))
        live = [option for option in options if option[0][-1] != END][: settings.width]
        if len(ended) >= settings.width or not live:
            return ranked(ended, settings.n_best)
    return ranked(ended + [reply(tokens, total, settings, "length") for tokens, total, _ in live], settings.n_best)
