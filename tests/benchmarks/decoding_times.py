"""`python -m tests.benchmarks.decoding_times`: print, as JSON, CPU-milliseconds of decoding, ours and others'.

A process of its own, because CTranslate2 reads its instruction set once (CT2_FORCE_CPU_ISA). All sides take turns, and
medians count: what else the machine does falls on all of them.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

from daemon.inference.chat.network.reference import one_at_a_time
from daemon.inference.chat.serving.onnx_steps import OnnxSteps
from daemon.inference.chat.tokenizer import BOS, EOS
from tests.benchmarks.chat_network import BEAM, LISTED, SHAPE, STEPS, graphs, search, sources
from tests.benchmarks.peers.marian import InCTranslate2, InTransformers, marian, parameters

#: Rounds, by how many requests are decoded together; a round is some calls of every side.
ROUNDS: Final = {1: 60, 16: 15}
CALLS: Final = {1: 3, 16: 1}
SLOW_ROUNDS: Final = 7
Work: TypeAlias = Callable[[], object]


def in_turns(sides: Mapping[str, Work], rounds: int, calls: int = 1) -> dict[str, float]:
    """Return the median CPU-milliseconds of a call of each side."""
    spent: dict[str, list[float]] = {name: [] for name in sides}
    for work in sides.values():
        work()
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, work in sides.items():
            begun = time.process_time()
            for _ in range(calls):
                work()
            spent[name].append((time.process_time() - begun) * 1000 / calls)
    return {name: statistics.median(times) for name, times in spent.items()}


def measured(*, whole: bool) -> dict[str, dict[str, float]]:
    """Return the times by group and side. whole: what does not depend on CTranslate2 too."""
    model = marian()
    ours, listed = search(OnnxSteps(graphs("int8"))), search(OnnxSteps(graphs("int8", LISTED)))
    peer, slow = InCTranslate2(model), InTransformers(model)
    found: dict[str, dict[str, float]] = {"parameters": {"ours": SHAPE.parameters(), "peer": parameters(model)}}
    for count, rounds in ROUNDS.items():
        said = sources(count)
        sides: dict[str, Work] = {
            "ours": partial(ours.run, said),
            "ctranslate2": partial(peer.reply, said),
            "ours, listed": partial(listed.run, said),
            "ctranslate2, listed": partial(peer.reply, said, listed=True),
        }
        found[f"{count}"] = in_turns(sides, rounds, CALLS[count])
        if whole:
            slow_sides: dict[str, Work] = {"ours": sides["ours"], "transformers": partial(slow.reply, said)}
            found[f"generate {count}"] = in_turns(slow_sides, SLOW_ROUNDS)
    if whole:
        said = sources(16)
        found["joined"] = in_turns(
            {"ours": lambda: ours.run(said), "one by one": lambda: [ours.run([source]) for source in said]}, 9
        )
        found["naive"] = naive()
    return found


def naive() -> dict[str, float]:
    """Return the times of a loop with one hypothesis a call and of ours, in fp32, whose tokens must be the same."""
    steps, source = OnnxSteps(graphs("float32")), sources(1)[0]
    ours = search(steps, forced=False)

    def loop() -> tuple[int, ...]:
        best = one_at_a_time(steps, source, begin=BOS, end=EOS, width=BEAM, longest=STEPS)[0]
        return tuple(token for token in best.tokens if token != EOS)

    assert loop() == ours.run([source])[0][0].tokens
    return in_turns({"ours": lambda: ours.run([source]), "naive": loop}, SLOW_ROUNDS)


if __name__ == "__main__":
    print(json.dumps(measured(whole="whole" in sys.argv)))
