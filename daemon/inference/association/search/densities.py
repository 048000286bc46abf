"""Transit times inside kernels: log-normal, with a chance of a pause of exponential length on top."""

from __future__ import annotations

import math

from daemon.inference.association.kernels import kernel

_ROOT_TWO = math.sqrt(2.0)
_ROOT_TAU = math.sqrt(2.0 * math.pi)


@kernel(inline="never")
def normal_cdf(z: float) -> float:
    """Of the standard normal distribution."""
    return 0.5 * math.erfc(-z / _ROOT_TWO)


@kernel
def density(seconds: float, median: float, log_sd: float, pause: float, pause_s: float) -> float:
    """Probability a second; with a pause, an exponentially modified Gaussian (Grushka 1972)."""
    if seconds <= 0.0:
        return 0.0
    z = math.log(seconds / median) / log_sd
    straight = math.exp(-0.5 * z * z) / (seconds * log_sd * _ROOT_TAU)
    sd = median * log_sd
    late = seconds - median
    ratio = sd / pause_s
    exponent = 0.5 * ratio * ratio - late / pause_s
    paused = math.exp(min(exponent, 50.0)) / pause_s * normal_cdf(late / sd - ratio)
    return (1.0 - pause) * straight + pause * paused


@kernel
def cumulative(seconds: float, median: float, log_sd: float, pause: float, pause_s: float) -> float:
    """Probability of at most so many seconds."""
    if seconds <= 0.0:
        return 0.0
    straight = normal_cdf(math.log(seconds / median) / log_sd)
    sd = median * log_sd
    late = seconds - median
    ratio = sd / pause_s
    exponent = 0.5 * ratio * ratio - late / pause_s
    paused = normal_cdf(late / sd) - math.exp(min(exponent, 50.0)) * normal_cdf(late / sd - ratio)
    return (1.0 - pause) * straight + pause * min(max(paused, 0.0), 1.0)
