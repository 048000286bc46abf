"""Bringing products in: files, sources at their intervals, rows over HTTP.

What opening a file needs (its encoding, its digest) is done in the executor, in bounded pieces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import structlog

from daemon.config import Config, SourceSection
from daemon.errors import InvalidInput, Unavailable, UnreadableFile
from daemon.products.feeds import FeedOptions, open_feed
from daemon.products.feeds.rows_feed import RowsFeed
from daemon.products.imports import ImportReport, SourceState
from daemon.services.duty import Duty
from daemon.services.import_run import Import, Progress, alone
from daemon.services.source_files import check_size, digest, stamp

log = structlog.get_logger()

#: The source of what people import once, without naming one.
ONE_OFF: Final = "import"
#: Raised whenever readers understand a file otherwise than before, so that unchanged files are read again.
_READERS: Final = "1"


def options_of(config: Config, section: SourceSection) -> FeedOptions:
    """Return how the files of a source are read."""
    return FeedOptions(
        format=section.format,
        map=section.map,
        currency=config.catalogue.currency,
        timezone=config.catalogue.timezone,
        locale=config.catalogue.locale,
        id_prefix=section.id_prefix,
        source=section.name,
        owner=section.owner,
    )


async def import_file(
    duty: Duty,
    path: Path,
    *,
    source: str = ONE_OFF,
    options: FeedOptions | None = None,
    actor: str = "daemon",
    partial: bool = False,
    progress: Progress | None = None,
    label: str = "",
) -> ImportReport:
    """Import a file as the newest word of a source.

    options: None takes the catalogue's currency, zone and locale. partial: products that the file does not name are
    left as they are; else they become missing, unless rows were unreadable, which might have been theirs. label: what
    people call the file, where its path says nothing. Raises UnreadableFile, InvalidInput, and Conflict when the
    source is being imported already.
    """
    with alone(duty, source):
        chosen = _options(duty, source, options)
        return await _take_in(duty, path, chosen, actor, partial=partial, progress=progress, label=label)


async def import_rows(
    duty: Duty, rows: Sequence[Mapping[str, object]], *, source: str = ONE_OFF, actor: str, partial: bool = True
) -> ImportReport:
    """Import JSON objects, each a product, numbers as Decimal or int. Raises Conflict."""
    with alone(duty, source):
        feed = RowsFeed(rows, _options(duty, source, None))
        return await Import(duty, feed, source, actor, partial=partial, progress=None).run()


async def read_source(duty: Duty, section: SourceSection, *, force: bool = False) -> ImportReport:
    """Read a source if it changed, or if it is to be read otherwise than last time. force: in any case.

    Raises Unavailable when it cannot be read, which is remembered in its state, and Conflict as import_file does.
    """
    with alone(duty, section.name):
        states = await duty.ports.catalogue.sources()
        known = states.get(section.name) or SourceState(name=section.name)
        options = options_of(duty.config, section)
        reading = hashlib.sha256(_READERS.encode() + msgspec.json.encode(options)).hexdigest()
        asked = _Asked(section, options, reading, known, force or known.reading != reading)
        try:
            return await (_from_url(duty, asked) if section.url else _from_path(duty, asked, Path(section.path)))
        except (Unavailable, UnreadableFile, InvalidInput, OSError) as error:
            known = (await duty.ports.catalogue.sources()).get(section.name) or known
            failed = msgspec.structs.replace(known, failed_at=duty.ports.clock.now(), error=str(error)[:1000])
            await duty.ports.catalogue.save_source(failed)
            log.warning("source.failed", source=section.name, reason=str(error))
            raise Unavailable(f"source {section.name}: {error}") from error


@dataclass(frozen=True, slots=True)
class _Asked:
    section: SourceSection
    options: FeedOptions
    reading: str
    known: SourceState
    anew: bool


async def _from_path(duty: Duty, asked: _Asked, path: Path) -> ImportReport:
    found = stamp(path)
    if asked.known.stamp == found and not asked.anew:
        return await _unchanged(duty, asked)
    return await _if_new(duty, asked, path, {"stamp": found})


async def _from_url(duty: Duty, asked: _Asked) -> ImportReport:
    etag, modified = (None, None) if asked.anew else (asked.known.etag, asked.known.last_modified)
    answer = await duty.ports.reader.download(asked.section.url, etag, modified, asked.section.max_bytes)
    if answer.path is None:
        return await _unchanged(duty, asked)
    path = Path(answer.path)
    try:
        return await _if_new(duty, asked, path, {"etag": answer.etag, "last_modified": answer.last_modified})
    finally:
        await duty.ports.offload.run(lambda: path.unlink(missing_ok=True), what="source.clean")


async def _if_new(duty: Duty, asked: _Asked, path: Path, marks: dict[str, str | None]) -> ImportReport:
    """Import a file unless its bytes are those of last time. marks: what tells this version of it from others."""
    check_size(path, asked.section.max_bytes)
    sha256 = await digest(duty, path)
    marks = {**marks, "sha256": sha256, "reading": asked.reading}
    if sha256 == asked.known.sha256 and not asked.anew:
        return await _unchanged(duty, asked, marks)
    report = await _take_in(duty, path, asked.options, "daemon", label=asked.section.url)
    if "stamp" in marks and stamp(path) != marks["stamp"]:
        log.info("source.changed_while_read", source=asked.section.name)
        return report
    state = (await duty.ports.catalogue.sources())[asked.section.name]
    if not state.error:  # a file that broke off is read again, as it may have been cut on its way
        await duty.ports.catalogue.save_source(msgspec.structs.replace(state, **marks))
    return report


async def _unchanged(duty: Duty, asked: _Asked, marks: Mapping[str, str | None] | None = None) -> ImportReport:
    read_at = duty.ports.clock.now()
    state = msgspec.structs.replace(asked.known, read_at=read_at, failed_at=None, error="", **(marks or {}))
    await duty.ports.catalogue.save_source(state)
    return ImportReport(source=asked.section.name, not_modified=True)


def _options(duty: Duty, source: str, given: FeedOptions | None) -> FeedOptions:
    catalogue = duty.config.catalogue
    chosen = given or FeedOptions(currency=catalogue.currency, timezone=catalogue.timezone, locale=catalogue.locale)
    return msgspec.structs.replace(chosen, source=source)


async def _take_in(
    duty: Duty,
    path: Path,
    options: FeedOptions,
    actor: str,
    *,
    partial: bool = False,
    progress: Progress | None = None,
    label: str = "",
) -> ImportReport:
    feed = await duty.ports.offload.run(lambda: open_feed(path, options, label=label), what="feed.open")
    with feed:
        return await Import(duty, feed, options.source, actor, partial=partial, progress=progress).run()
