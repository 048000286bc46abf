"""How long targets take from camera to camera: log-normal around distance over speed, with a tail of pauses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.network.street_plan import StreetPlan

#: Walking speed and its spread where nothing was learnt (Weidmann 1993, section 3.1: 1.34 m/s, deviation 0.26 m/s).
_SPEED = 1.34
_PERSON_SD, _HOP_SD = 0.20, 0.12
_PAUSE, _PAUSE_S = 0.05, 180.0
#: What those are worth, in passages over a way.
_WORTH = 25.0
_ROUNDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitTimes:
    """log_median: float64 (ways,), of the seconds of a target of middling speed.

    person_sd: of the logarithm of a target's own speed; hop_sd: of one hop beside that. pause: probability that a
    target stops on a way; pause_s: for how long on average, exponentially distributed.
    """

    log_median: NDArray[np.float64]
    person_sd: float
    hop_sd: float
    pause: float
    pause_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """Ways that targets walked, in order. way: int64 (m,). seconds: float64 (m,), clocks corrected. target: int32 (m,).

    clock_sd_s: float64 (m,), how sure the seconds are.
    """

    way: NDArray[np.int64]
    seconds: NDArray[np.float64]
    target: NDArray[np.int32]
    clock_sd_s: NDArray[np.float64]


def learnt(plan: StreetPlan, walked: Walked) -> TransitTimes:
    """Learn transit times; what was walked seldom or never keeps near distance over the common speed."""
    use = walked.seconds > 0.5
    way, seconds, target = walked.way[use], walked.seconds[use], walked.target[use]
    clock = walked.clock_sd_s[use]
    slowness = np.log(seconds / plan.metres[way])
    common = _shrunk(float(np.median(slowness)) if len(way) else 0.0, len(way), -np.log(_SPEED))
    expected = common + np.log(plan.metres)
    rest = np.log(seconds) - expected[way]
    near = np.abs(rest) < 0.8
    log_median = expected + _way_effects(way[near], rest[near], len(plan.metres))
    rest = np.log(seconds) - log_median[way]
    noise = (clock / np.exp(log_median[way])) ** 2
    person, hop = _spread(rest, target, noise)
    pause, pause_s = _pauses(seconds, np.exp(log_median[way]), np.sqrt(person**2 + hop**2 + noise))
    return TransitTimes(log_median=log_median, person_sd=person, hop_sd=hop, pause=pause, pause_s=pause_s)


def _shrunk(value: float, count: float, prior: float) -> float:
    return (value * count + prior * _WORTH) / (count + _WORTH)


def _way_effects(way: NDArray[np.int64], rest: NDArray[np.float64], ways: int) -> NDArray[np.float64]:
    """How much slower each way is than its length says, as a mean that is shrunk by how much ways differ at all."""
    count = np.bincount(way, minlength=ways)
    mean = np.bincount(way, rest, ways) / np.maximum(count, 1)
    if len(way) < 20:
        return np.zeros(ways)
    within = float(np.var(rest - mean[way])) + 1e-4
    often = count >= 5
    between = float(np.var(mean[often]) - np.mean(within / count[often])) if often.sum() > 3 else 0.0
    between = float(np.clip(between, 0.03**2, 0.4**2))
    effects: NDArray[np.float64] = mean * count / (count + within / between)
    return effects


def _spread(rest: NDArray[np.float64], target: NDArray[np.int32], noise: NDArray[np.float64]) -> tuple[float, float]:
    """Split the spread of log times into the target's own speed and the single hop, both without pauses."""
    if len(rest) < 10:
        return _PERSON_SD, _HOP_SD
    middle = float(np.median(rest))
    robust = 1.4826 * float(np.median(np.abs(rest - middle))) + 1e-3
    plain = np.abs(rest - middle) < 2.5 * robust
    total = float(np.var(rest[plain]) - np.mean(noise[plain])) * 1.1
    pairs = plain[1:] & plain[:-1] & (target[1:] == target[:-1])
    shared = float(np.mean((rest[1:] * rest[:-1])[pairs])) if pairs.sum() > 5 else _PERSON_SD**2
    shared = float(np.clip(shared, 0.02**2, max(0.9 * total, 0.03**2)))
    count = float(pairs.sum())
    person = np.sqrt(_shrunk(shared, count, _PERSON_SD**2))
    hop = np.sqrt(_shrunk(max(total - shared, 0.03**2), count, _HOP_SD**2))
    return float(person), float(hop)


def _pauses(seconds: NDArray[np.float64], median: NDArray[np.float64], sd: NDArray[np.float64]) -> tuple[float, float]:
    """Expectation-maximisation of a mixture of going straight through and going with a stop."""
    pause, mean = _PAUSE, _PAUSE_S
    late = seconds - median
    for _ in range(_ROUNDS):
        straight = np.exp(-0.5 * (np.log(seconds / median) / sd) ** 2) / (seconds * sd * np.sqrt(2 * np.pi))
        stopped = np.where(late > 0, np.exp(-np.maximum(late, 0) / mean) / mean, 1e-9)
        share = pause * stopped / (pause * stopped + (1 - pause) * straight + 1e-12)
        total = float(share.sum())
        pause = float(np.clip((total + _PAUSE * _WORTH) / (len(seconds) + _WORTH), 0.002, 0.5))
        mean = (float((share * np.maximum(late, 0)).sum()) + 2 * _PAUSE_S) / (total + 2)
        mean = float(np.clip(mean, 20.0, 1800.0))
    return pause, mean
