"""Pairs of what was said before and the reply to it, and which of them are learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from daemon.inference.chat.training.bland import core_of, is_bland
from daemon.inference.chat.training.cleaning import Cleaned
from daemon.inference.chat.training.dialogues import key_of
from daemon.products.phrases import Language


class Pair(msgspec.Struct, frozen=True):
    """context: the turns before, oldest first, at least one."""

    context: tuple[str, ...]
    reply: str
    language: Language
    corpus: str

    @property
    def key(self) -> int:
        """Return what two pairs of the same last turn and reply have in common."""
        return key_of((core_of(self.context[-1]), core_of(self.reply)))


class Balance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """bland: the share of bland replies that is kept. most_of_one: the greatest share of all pairs with one reply."""

    bland: float = 0.1
    most_of_one: float = 0.001


def pairs_of(cleaned: Cleaned, turns: int) -> Iterator[Pair]:
    """Iterate over the pairs of a dialogue, with up to `turns` turns before each reply."""
    dialogue = cleaned.dialogue
    for place in range(1, len(dialogue.turns)):
        context = dialogue.turns[max(0, place - turns) : place]
        yield Pair(context, dialogue.turns[place], dialogue.language, dialogue.corpus)


def balanced(pairs: Sequence[Pair], balance: Balance, counts: Counter[str]) -> list[Pair]:
    """Return pairs to learn, in order: once each, few of them bland, no reply too often. Why others go is counted.

    Which ones of a kind stay is told by a hash of the pair, not by where they stand.
    """
    kept = _kept(pairs, balance, counts)
    allowed = max(1, int(len(kept) * balance.most_of_one))
    by_reply: dict[str, list[int]] = {}
    for number, pair in enumerate(kept):
        by_reply.setdefault(core_of(pair.reply), []).append(number)
    excess: set[int] = set()
    for numbers in by_reply.values():
        if len(numbers) > allowed:
            excess.update(sorted(numbers, key=lambda number: kept[number].key)[allowed:])
    counts["reply too often"] += len(excess)
    return [pair for number, pair in enumerate(kept) if number not in excess]


def unknown(held_out: Iterable[Pair], learned: Iterable[Pair], counts: Counter[str]) -> list[Pair]:
    """Return pairs for measuring whose last turn and reply are in no pair that is learned."""
    keys = {pair.key for pair in learned}
    held = list(held_out)
    fresh = [pair for pair in held if pair.key not in keys]
    counts["held out, but learned from another dialogue"] += len(held) - len(fresh)
    return fresh


def _kept(pairs: Sequence[Pair], balance: Balance, counts: Counter[str]) -> list[Pair]:
    seen: set[tuple[str, ...]] = set()
    kept = []
    for pair in pairs:
        if (whole := (*pair.context, pair.reply)) in seen:
            counts["duplicate pair"] += 1
        elif is_bland(pair.reply) and pair.key % 1_000_000 >= balance.bland * 1_000_000:
            counts["bland reply"] += 1
        else:
            kept.append(pair)
        seen.add(whole)
    return kept
