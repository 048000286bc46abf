"""What follows from a trajectory, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from daemon.inference.association.result.following import Following, Gap, Leg, stops
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import Trajectory

#: Speeds in metres a second up to which a pace has its name.
_PACES = ((0.5, "slow"), (2.2, "walking"), (5.0, "running"))


def summary(trajectory: Trajectory, following: Following, words: Words) -> str:
    """Return the whole way in a line."""
    if not trajectory.hops:
        return words.say("nothing_found")
    count = len(trajectory.hops)
    cameras = len({hop.camera for hop in trajectory.hops})
    found = words.say("found", n=count, cameras=cameras) if count > 1 else words.say("found.one")
    time = words.duration(following.seconds)
    whole = (
        words.say("whole", metres=words.metres(following.metres), time=time)
        if following.metres
        else words.say("whole.time", time=time)
    )
    way = stops(trajectory)
    ends = [("first", way[0])] if way[0].hop else []
    ends += [("last", way[-1])] if way[-1].hop else []
    told = [words.say(key, camera=words.camera(stop.camera), time=words.time(stop.time_s)) for key, stop in ends]
    return words.listed([found, whole, *told])


def follows(following: Following, words: Words) -> list[str]:
    """Return what follows, a line each: the usual speed, stays, places returned to, gaps."""
    lines = []
    if following.usual_speed_m_s is not None:
        lines.append(words.say("usual_speed", speed=_speed(following.usual_speed_m_s, words)))
    lines += [
        words.say(
            "stay",
            camera=words.camera(stay.camera),
            time=words.duration(stay.seconds),
            start=_time(stay.began_at, words),
            end=_time(stay.ended_at, words),
        )
        for stay in following.stays
    ]
    lines += [
        words.say(
            "return", camera=words.camera(back.camera), times=words.listed(_time(at, words) for at in back.seen_at)
        )
        for back in following.returns
    ]
    legs = {leg.number: leg for leg in following.legs}
    return [*lines, *(_gap(gap, legs[gap.number], words) for gap in following.gaps)]


def leg_words(leg: Leg, words: Words) -> str:
    """Return a leg with its speed and its pause."""
    return words.say(
        "leg",
        origin=words.camera(leg.origin),
        target=words.camera(leg.target),
        way=words.listed(_leg_parts(leg, words)),
    )


def _leg_parts(leg: Leg, words: Words) -> Iterator[str]:
    time = words.duration(leg.seconds)
    if leg.metres is None:
        yield words.say("time_only", time=time)
    else:
        yield words.say("way", time=time, metres=words.metres(leg.metres))
    if leg.speed_m_s is not None:
        pace = next((name for limit, name in _PACES if leg.speed_m_s < limit), "faster")
        yield words.say("leg.speed", speed=_speed(leg.speed_m_s, words), pace=words.say(f"pace.{pace}"))
    if leg.paused_s:
        yield words.say("paused", time=words.duration(leg.paused_s))


def _gap(gap: Gap, leg: Leg, words: Words) -> str:
    return words.say(
        f"gap.{gap.why}",
        origin=words.camera(leg.origin),
        target=words.camera(leg.target),
        time=words.duration(gap.seconds),
        cameras=words.listed(map(words.camera, leg.missed)),
        paused=words.duration(leg.paused_s),
    )


def _speed(metres_a_second: float, words: Words) -> str:
    return words.say("speed", n=f"{metres_a_second:.1f}")


def _time(at: datetime, words: Words) -> str:
    return words.time(at.timestamp())
