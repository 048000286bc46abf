"""The demonstration: a shop of our own, seeded with its past, and a configuration in which much happens soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from daemon import demo
from daemon.config import ChannelSection, Config, SourceSection
from daemon.inference.association import loading as association
from daemon.inference.chat.loading import missing_packages
from daemon.ports import Actor
from daemon.products.feeds import FeedOptions, open_feed
from daemon.products.imports import Parsed
from daemon.products.product import PricePoint
from daemon.services.case_keeping import list_cases, open_case
from daemon.services.duty import Duty
from daemon.services.imports import read_source

SOURCE: Final = "demo"
#: Name of the channel that brings notices into the room inside the daemon.
ROOM: Final = "room"
#: Messages a minute: a room of our own asks for no patience.
_AT_WILL: Final = 6_000

#: Simulated sightings may be of any day.
_FOR_LONG_S: Final = 36_500 * 86_400.0
_CASE: Final = "Demonstration"
_CASE_FOR: Final = timedelta(days=30)
_SEARCHES: Final = 10_000

#: Network rules believe the first look here, so that nobody has to watch for half an hour.
_AT_ONCE: Final = {"open_after": 1, "open_min": 0.0, "close_after": 1}
_NETWORK_RULES: Final = ("image_broken", "link_broken", "page_price_mismatch", "page_availability_mismatch")


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A demonstration in a state directory. address: "host:port" that the daemon serves the shop's pages at."""

    directory: Path
    address: str

    def configured(self, config: Config) -> Config:
        """Return a configuration with the shop as a source, remedies on, and short waits."""
        source = SourceSection.model_validate(
            {
                "name": SOURCE,
                "path": str(self.directory / demo.FILE_NAME),
                "format": "csv",
                "interval": "60s",
                "owner": "demo-team",
            }
        )
        network, bot, channels = config.network, config.bot, config.channels
        if bot.kind == "off":
            bot = _changed(bot, kind="local", sends_per_minute=_AT_WILL, room_sends_per_minute=_AT_WILL)
        if bot.kind == "local" and all(channel.kind != "room" for channel in channels):
            channels = (
                *channels,
                ChannelSection.model_validate(
                    {"name": ROOM, "kind": "room", "min_severity": "major", "timeout": "20s"}
                ),
            )
        return config.model_copy(
            update={
                "sources": (*config.sources, source),
                "checks": _changed(config.checks, interval=3.0, network_interval=60.0, network_retry=15.0),
                "remedies": _changed(config.remedies, mode="on"),
                "notices": _changed(config.notices, group_wait=2.0, interval=1.0, messages_per_hour=_AT_WILL),
                "network": _changed(
                    network, allow=(*network.allow, self.address), host_interval=0.0, per_host=network.concurrency
                ),
                "bot": bot,
                "chat": _changed(config.chat, kind="on", per_person_per_minute=_AT_WILL)
                if not missing_packages()
                else config.chat,
                # With a key of the audit log in the state directory: good enough to try things out.
                "association": config.association
                if association.missing_packages()
                else _changed(config.association, kind="on"),
                "retention": _changed(config.retention, sightings=_FOR_LONG_S),
                "channels": channels,
                "rules": {**config.rules, **rule_tables(config.rules)},
            }
        )

    async def open_shop(self, duty: Duty) -> None:
        """Write the shop's catalogue for now and read it; on the first start, the prices of earlier days before it."""
        now = duty.ports.clock.now()
        path = demo.write_catalogue(self.directory, now, f"http://{self.address}")
        if await duty.ports.catalogue.count() == 0:
            await _seed_history(duty, path, now)
        section = next(source for source in duty.config.sources if source.name == SOURCE)
        await read_source(duty, section)


async def demonstrated_case(duty: Duty, actor: Actor) -> str:
    """Return the id of a case of somebody's in which things can be tried out, opened where there is none."""
    now = duty.ports.clock.now()
    page = await list_cases(duty.ports, actor, 50)
    for case in page.items:
        if case.title == _CASE and case.is_of(actor.id) and not case.unsearchable(now):
            return str(case.id)
    opened = await open_case(
        duty.ports, actor, title=_CASE, purpose="trying out searches on simulated sightings", owner=actor.name,
        quota=_SEARCHES, expires_at=now + _CASE_FOR,
    )  # fmt: skip
    return opened.id


def rule_tables(tables: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """Return the rule tables of a configuration with what the demonstration changes."""
    changed = {rule_id: {**_AT_ONCE, **tables.get(rule_id, {})} for rule_id in _NETWORK_RULES}
    changed["page_availability_mismatch"]["apart_s"] = 20
    changed["soldout_listed"] = {"grace_s": 90.0, **tables.get("soldout_listed", {})}
    return changed


def _changed(section: Any, **values: object) -> Any:
    return section.model_copy(update=values)


async def _seed_history(duty: Duty, path: Path, now: datetime) -> None:
    """Import the products that have a past as they were on each of its days, so that the catalogue learnt it."""
    history = demo.history(now)
    products = [
        item
        for item in open_feed(path, FeedOptions(format="csv", source=SOURCE))
        if isinstance(item, Parsed) and item.product.id in history
    ]
    for day in sorted({point.day for points in history.values() for point in points}):
        then = datetime.fromisoformat(day).replace(hour=12, tzinfo=now.tzinfo)
        page = [_as_on(parsed, history[parsed.product.id], day) for parsed in products]
        known = [parsed for parsed in page if parsed is not None]
        await duty.ports.catalogue.store_page(SOURCE, known, f"history-{day}", then)


def _as_on(parsed: Parsed, points: Sequence[PricePoint], day: str) -> Parsed | None:
    point = next((point for point in points if point.day == day), None)
    if point is None:
        return None
    product = msgspec.structs.replace(parsed.product, source=SOURCE, price=point.price)
    return msgspec.structs.replace(parsed, product=product)
