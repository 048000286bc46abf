"""A result in words: why each sighting is taken to be the target, what it may have been else, and what it cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.result.phrases import TABLES
from daemon.inference.association.search.trajectory import Hop, SearchedTask, Trajectory
from daemon.products.phrases import Language
from daemon.products.plain_text import plain

_NAME: Final = 60
#: Turns up to so many degrees, and what they are called.
_TURNS: Final = ((25.0, "straight"), (60.0, "slight"), (150.0, "side"))
#: Likelihood ratios and what they are worth in words, after the scale of ENFSI (Guideline for Evaluative Reporting,
#: 2015), without its two highest steps.
_STRENGTHS: Final = ((2.0, "none"), (10.0, "weak"), (100.0, "moderate"), (1_000.0, "strong"), (math.inf, "very_strong"))
_MOST_CAMERAS: Final = 6
_MOST_ALTERNATIVES: Final = 3
#: Alternatives below that are not worth a line; they are in the JSON form.
_LEAST_LIKELY: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a result is told. zone: IANA name; names: of cameras, by id; day: on which times need no date."""

    language: Language = "en"
    zone: str = "UTC"
    names: Mapping[str, str] = field(default_factory=dict)
    day: str = ""

    @classmethod
    def of(cls, trajectory: Trajectory, graph: CameraGraph, language: Language, zone: str = "UTC") -> Words:
        """Return the words for one trajectory."""
        names = {camera.id: camera.name for camera in graph.cameras.values() if camera.name}
        day = f"{datetime.fromtimestamp(trajectory.query_time_s, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d}"
        return cls(language=language, zone=zone, names=names, day=day)

    def say(self, key: str, **values: object) -> str:
        """Return a phrase of the language with its places filled."""
        return TABLES[self.language][key].format(**values)

    def listed(self, things: Iterable[str]) -> str:
        """Return things in a row."""
        return self.say("joined").join(things)

    def camera(self, camera_id: str) -> str:
        """Return a camera as people know it: its id, and its name where it has one."""
        shown, name = plain(camera_id, _NAME), plain(self.names.get(camera_id, ""), _NAME)
        return self.say("who", name=name, id=shown) if name and name != shown else shown

    def time(self, time_s: float) -> str:
        """Return a time in the reader's zone, with its date where that is another than the query's."""
        local = datetime.fromtimestamp(time_s, UTC).astimezone(ZoneInfo(self.zone))
        date = f"{local:%Y-%m-%d}"
        return f"{local:%H:%M:%S}" if date == self.day else f"{date} {local:%H:%M:%S}"

    def zone_shown(self, time_s: float) -> str:
        """Return the query's date and the zone with its offset."""
        local = datetime.fromtimestamp(time_s, UTC).astimezone(ZoneInfo(self.zone))
        offset = f"{local:%z}"
        zone = "UTC" if self.zone == "UTC" else f"{self.zone} (UTC{offset[:3]}:{offset[3:]})"
        return self.say("zone", zone=f"{local:%Y-%m-%d}, {zone}")

    def duration(self, seconds: float) -> str:
        """Return a span of time: "64 s", "12 min 5 s", "2 h 3 min"."""
        whole = round(abs(seconds))
        if whole < 120:
            return self.say("seconds", n=whole)
        if whole < 3_600:
            return self.say("minutes", minutes=whole // 60, seconds=whole % 60)
        return self.say("hours", hours=whole // 3_600, minutes=whole % 3_600 // 60)

    def metres(self, metres: float) -> str:
        """Return a length: "310 m", "12.4 km"."""
        return (
            self.say("kilometres", n=f"{metres / 1000:.1f}")
            if metres >= 10_000
            else self.say("metres", n=f"{metres:,.0f}")
        )

    def share(self, probability: float) -> str:
        """Return a probability in percent, never rounded up to certainty or down to none."""
        percent = 100 * min(max(probability, 0.0), 1.0)
        if 0 < percent < 0.1:
            return "<0.1%"
        if percent > 99.9 and probability < 1:
            return ">99.9%"
        digits = 1 if percent < 10 or percent > 99 else 0
        return f"{percent:.{digits}f}%".replace(".0%", "%")

    def hop(self, hop: Hop) -> str:
        """Return why a sighting is taken to be the target: "body 0.81, face 0.93, 64 s for 310 m, straight on"."""
        parts = [
            *self._looks(hop),
            *self._way(hop),
            *([self.say("missed", cameras=self._cameras(hop.missed))] if hop.missed else []),
            *([self.say("filled")] if hop.filled else []),
        ]
        return self.listed(parts)

    def _looks(self, hop: Hop) -> list[str]:
        parts = [
            self.say(key, cosine=f"{value:.2f}")
            for key, value in (("body", hop.body), ("face", hop.face))
            if value is not None
        ]
        if hop.carried:
            kind, _, value = hop.carried.partition(" ")
            known = f"carried.{kind}" in TABLES[self.language]
            parts.append(
                self.say("carried", kind=self.say(f"carried.{kind}"), value=plain(value, _NAME))
                if known
                else plain(hop.carried, _NAME)
            )
        return parts or [self.say("no_picture")]

    def _way(self, hop: Hop) -> list[str]:
        if hop.seconds == 0 and hop.metres is None:
            return []
        time = self.duration(hop.seconds)
        if hop.metres is None:
            way = self.say("time_only", time=time)
        elif hop.metres == 0:
            way = self.say("same_place", time=time)
        else:
            way = self.say("way", time=time, metres=self.metres(hop.metres))
        return [way] if hop.turn_deg is None else [way, self.turn(hop.turn_deg)]

    def turn(self, degrees: float) -> str:
        """Return a turn of so many degrees, positive to the right."""
        name = next((name for limit, name in _TURNS if abs(degrees) <= limit), "back")
        side = "right" if degrees > 0 else "left"
        return self.say({"slight": f"turn.slight_{side}", "side": f"turn.{side}"}.get(name, f"turn.{name}"))

    def support(self, hop: Hop) -> str:
        """Return how much each kind of evidence speaks for a sighting, by its likelihood ratio."""
        terms = {
            "body": hop.body_llr if hop.body is not None else None,
            "face": hop.face_llr if hop.face is not None else None,
        }
        known = {term: llr for term, llr in {**terms, "space_time": hop.space_time_llr}.items() if llr is not None}
        return self.listed(
            self.say("support.line", term=self.say(f"support.{term}"), strength=self._strength(llr))
            for term, llr in known.items()
        )

    def _strength(self, llr: float) -> str:
        ratio = 1.0 if math.isnan(llr) else math.exp(min(abs(llr), 700.0))
        name = next(name for limit, name in _STRENGTHS if ratio <= limit)
        return self.say("support.none" if name == "none" else f"{'support' if llr > 0 else 'against'}.{name}")

    def alternative(self, hop: Hop) -> str:
        """Return what a sighting may have been else."""
        return self.say(
            "alternative",
            share=self.share(hop.posterior),
            detection=plain(hop.detection, _NAME),
            camera=self.camera(hop.camera),
            time=self.time(hop.time_s),
            terms=self.hop(hop),
        )

    def alternatives(self, hops: Sequence[Hop]) -> list[str]:
        """Return the likeliest alternatives of a sighting, a line each, and how many more there are."""
        likely = [hop for hop in hops if hop.posterior >= _LEAST_LIKELY]
        lines = [self.alternative(hop) for hop in likely[:_MOST_ALTERNATIVES]]
        more = len(likely) - len(lines)
        return [*lines, self.say("more_alternatives", n=more)] if more > 0 else lines

    def cost(self, trajectory: Trajectory) -> str:
        """Return what a search cost."""
        cpu = trajectory.cpu_s
        shown = self.say("milliseconds", n=f"{1000 * cpu:.1f}") if cpu < 1 else self.say("seconds", n=f"{cpu:.1f}")
        return self.say("cost", compared=f"{trajectory.compared:,}", rounds=f"{trajectory.rounds:,}", cpu=shown)

    def ended(self, trajectory: Trajectory) -> str:
        """Return why a search ended, and what is left."""
        why = trajectory.ended or "running"
        known = f"ended.{why}" in TABLES[self.language]
        ended = self.say(f"ended.{why}") if known else self.say("ended.other", why=plain(why, _NAME))
        return self.listed([ended, self.say("unexplored", share=self.share(trajectory.unexplored))])

    def unsearched(self, tasks: Iterable[SearchedTask]) -> list[str]:
        """Return what was not searched and why, a line for each reason, the cameras with most of the target first."""
        by_reason: dict[str, dict[str, float]] = {}
        counts: dict[str, int] = {}
        for task in tasks:
            if task.reason:
                masses = by_reason.setdefault(task.reason, {})
                masses[task.camera] = masses.get(task.camera, 0.0) + task.mass
                counts[task.reason] = counts.get(task.reason, 0) + 1
        return [self._left(reason, counts[reason], masses) for reason, masses in by_reason.items()]

    def _left(self, reason: str, count: int, masses: Mapping[str, float]) -> str:
        known = f"reason.{reason}" in TABLES[self.language]
        why = self.say(f"reason.{reason}") if known else self.say("reason.other", why=plain(reason, _NAME))
        windows = self.say("unsearched.window") if count == 1 else self.say("unsearched.windows", n=count)
        ranked = sorted(masses.items(), key=lambda item: (-item[1], item[0]))
        cameras = [
            self.say("unsearched.camera", camera=self.camera(camera), share=self.share(mass))
            for camera, mass in ranked[:_MOST_CAMERAS]
        ]
        more = len(ranked) - len(cameras)
        listed = self.listed([*cameras, *([self.say("unsearched.more", n=more)] if more else [])])
        return self.say("unsearched", why=why, windows=windows, cameras=listed)

    def _cameras(self, cameras: Iterable[str]) -> str:
        return self.listed(self.camera(camera) for camera in cameras)
