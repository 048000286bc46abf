"""Decoding replies: ours in int8 against CTranslate2 int8, transformers' generate, one by one, and a naive loop.

Beam 5, exactly 20 steps, 12 words of source, the encoder included, one thread, random weights, equal numbers of
parameters. CTranslate2 runs another architecture, since it has no recurrent networks; it is measured with the
instruction set that it chooses itself and with AVX-512, and the one with which it is quicker counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.__main__ import versions

AREA: Final = "chat"
SEED: Final = 5
GOALS: Final = {"1": 0.75, "16": 0.85}
_CPUINFO: Final = Path("/proc/cpuinfo")
Times = Mapping[str, Mapping[str, float]]


def rows() -> Iterator[dict[str, Any]]:
    """Measure."""
    packages = versions("onnxruntime", "ctranslate2", "transformers", "torch")
    common = {"unit": "CPU-ms", "seed": SEED, "versions": packages}
    runs = {"its own choice": times("", "whole")}
    if _CPUINFO.exists() and "avx512f" in _CPUINFO.read_text(encoding="utf-8", errors="replace"):
        runs["AVX-512"] = times("AVX512")
    whole = runs["its own choice"]
    counts = " and ".join(f"{count / 1e6:.2f} M" for count in whole["parameters"].values())
    for count, goal in GOALS.items():
        yield against(runs, count, "", goal, f"full vocabulary, {counts} parameters") | common
        yield against(runs, count, ", listed", 1.0, "3,000 of 12,000 tokens listed on both sides") | common
    ours, peer = whole["generate 1"].values()
    name = "a reply, {} together; peer: transformers' generate (fp32)"
    yield row(name.format(1), ours, peer, "8x faster at least", peer >= 8 * ours) | common
    ours, peer = whole["generate 16"].values()
    yield row(name.format(16), ours, peer, "reported", None) | common
    ours, peer = whole["joined"].values()
    yield row("16 requests joined; peer: one by one", ours, peer, "1.3x cheaper at least", peer >= 1.3 * ours) | common
    ours, peer = whole["naive"].values()
    yield row("a reply in fp32, tokens equal; peer: one hypothesis a call", ours, peer, "reported", None) | common


def times(instructions: str, *arguments: str) -> Times:
    """Measure in a process that runs CTranslate2 with some instruction set, "" for its own choice."""
    environment = {**os.environ, "CT2_FORCE_CPU_ISA": instructions} if instructions else dict(os.environ)
    command = [sys.executable, "-m", "tests.benchmarks.decoding_times", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise OSError(f"decoding could not be measured: {lines[-1] if lines else done.returncode}")
    found: Times = json.loads(done.stdout.splitlines()[-1])
    return found


def against(runs: Mapping[str, Times], count: str, kind: str, goal: float, what: str) -> dict[str, Any]:
    """Return the row of the run in which CTranslate2 is quickest."""
    pairs = {name: (run[count][f"ours{kind}"], run[count][f"ctranslate2{kind}"]) for name, run in runs.items()}
    best = min(pairs, key=lambda name: pairs[name][1])
    ours, peer = pairs[best]
    name = f"a reply, {count} together, {what}; peer: CTranslate2 int8 of another architecture, {best}"
    if goal < 1:
        return row(name, ours, peer, f"{goal} of its time at most", ours <= goal * peer)
    return row(name, ours, peer, "below its time", ours < peer)


def row(name: str, ours: float, peer: float, goal: str, met: bool | None) -> dict[str, Any]:
    """Make a row of two times."""
    return {"name": name, "ours": ours, "peer": peer, "ratio": ours / peer, "goal": goal, "met": met}
