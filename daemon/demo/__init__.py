"""The demonstration shop: about 300 products of our own making, in which every rule has something to find.

`write_catalogue` renders the shipped catalogue for a moment in time, `labels` says what a right checker finds in it,
`history` gives the prices of earlier days, and `shop` what the shop's own pages and images answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec

from daemon.products.product import PricePoint

FILE_NAME: Final = "demo-catalogue.csv"

_TIME: Final = re.compile(
    r"\{now(?P<amount>[+-]\d+)(?P<unit>[smhd])(?:@(?P<offset>[+-]\d\d:\d\d)|(?P<naive>!naive))?\}"
)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Labels(msgspec.Struct, frozen=True):
    """What a right checker says of the demonstration, by rule; ids that are not named are healthy.

    bad, unknown: product ids with that verdict. near_misses: ids that look bad and are not. opens_after_s: of those
    in `bad`, how many seconds after the start they turn bad by time alone; for soldout_listed, with the default
    grace after the catalogue first saw them.
    """

    bad: Mapping[str, tuple[str, ...]]
    unknown: Mapping[str, tuple[str, ...]]
    near_misses: Mapping[str, tuple[str, ...]]
    opens_after_s: Mapping[str, Mapping[str, float]]


def shipped(name: str) -> str:
    """Return the text of one shipped file."""
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def labels() -> Labels:
    """Return what a right checker says of the demonstration."""
    return msgspec.json.decode(shipped("labels.json"), type=Labels)


def history(now: datetime) -> dict[str, list[PricePoint]]:
    """Return the prices of earlier days by product id, oldest first. now: aware."""
    told: Mapping[str, _Prices] = msgspec.json.decode(shipped("history.json"), type=dict[str, _Prices])
    return {product_id: prices.on_days_before(now) for product_id, prices in told.items()}


class _Prices(msgspec.Struct, frozen=True):
    """Prices of one product, by how many days ago they were."""

    currency: str
    points: Mapping[int, Decimal]

    def on_days_before(self, now: datetime) -> list[PricePoint]:
        today = now.astimezone(UTC).date()
        return [
            PricePoint((today - timedelta(days=ago)).isoformat(), price, self.currency)
            for ago, price in sorted(self.points.items(), reverse=True)
        ]


def render(text: str, now: datetime, base_url: str) -> str:
    """Fill in the placeholders of a shipped text: times relative to `now` (aware), and the shop's address."""

    def written(match: re.Match[str]) -> str:
        moment = now.astimezone(_offset(match["offset"])) + timedelta(**{_UNITS[match["unit"]]: int(match["amount"])})
        shown = moment.replace(tzinfo=None) if match["naive"] else moment
        return shown.isoformat(timespec="seconds").replace("+00:00", "Z")

    return _TIME.sub(written, text).replace("{base}", base_url.rstrip("/"))


def _offset(written: str | None) -> timezone:
    if not written:
        return UTC
    hours, minutes = int(written[:3]), int(written[4:])
    return timezone(timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes))


def write_catalogue(directory: Path, now: datetime, base_url: str) -> Path:
    """Write the catalogue as it stands at `now` (aware), with its pages and images under a base URL; return its path.

    Written beside the old one and put in its place, so that a reader never sees half a file.
    """
    path = directory / FILE_NAME
    fresh = path.with_suffix(".new")
    fresh.write_text(render(shipped("catalogue.csv"), now, base_url), encoding="utf-8", newline="")
    fresh.replace(path)
    return path


def page_facts() -> Mapping[str, Mapping[str, Any]]:
    """Return how landing pages differ from what the catalogue says, by slug."""
    facts: Mapping[str, Mapping[str, Any]] = json.loads(shipped("pages.json"))
    return facts
