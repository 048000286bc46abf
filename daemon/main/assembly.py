"""Opens what the configuration asks for: stores, network, threads and channels; they close in reverse order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from daemon.adapters.clock import SystemClock
from daemon.adapters.local_room import LocalRoom
from daemon.adapters.log_channel import LogNotifier
from daemon.adapters.memory import MemoryStores
from daemon.adapters.pages import HttpPageFetcher
from daemon.adapters.source_reader import HttpSourceReader
from daemon.adapters.sql import SqlStores, open_stores
from daemon.config import BotSection, ChannelSection, Config
from daemon.config.credentials import Secrets
from daemon.config.file import ConfigFile
from daemon.errors import ConfigError, InvalidInput, Unavailable
from daemon.inference.association.loading import missing_packages
from daemon.inference.executor import ThreadOffload
from daemon.main.audit_keys import audit_keys
from daemon.ports import Catalogue, Clock, Followed, Gallery, Messenger, Notifier, Offload, OpenRooms, Ports
from daemon.products.money import check_locale
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook

DATABASE: Final = "zhiban.sqlite3"
_CLOSE_THREADS_S: Final = 0.5


def configure(path: Path | None) -> tuple[Config, Rulebook]:
    """Read a file, or take the defaults, and join it with the rules. Raises ConfigError with every fault of both."""
    file = ConfigFile("the defaults", {}, {}) if path is None else ConfigFile.read(path)
    faults = file.faults(Config)
    try:
        Rulebook.build(_tables(file.data), _mode(file.data))
    except InvalidInput as exc:
        faults += [file.located(_key_path(where), what) for where, what in exc.faults] or [str(exc)]
    faults += _locale_faults(file)
    if faults:
        raise ConfigError("\n".join(faults))
    config = _with_currencies(file.build(Config))
    rulebook = Rulebook.build(config.rules, RemedyMode(config.remedies.mode))
    return (config if path is None else config.under(path.parent.absolute())), rulebook


def _locale_faults(file: ConfigFile) -> list[str]:
    catalogue = file.data.get("catalogue")
    locale = catalogue.get("locale") if isinstance(catalogue, dict) else None
    try:
        check_locale(locale if isinstance(locale, str) else "")
    except InvalidInput as exc:
        return [file.located(("catalogue", "locale"), str(exc))]
    return []


def _with_currencies(config: Config) -> Config:
    """Hand the shop's currencies to the rule about currencies, unless its own table names some."""
    if not config.catalogue.currencies:
        return config
    table = {"currencies": list(config.catalogue.currencies), **config.rules.get("currency_bad", {})}
    return config.model_copy(update={"rules": {**config.rules, "currency_bad": table}})


def _tables(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the rule tables that are tables; what else stands there is a fault of the schema."""
    rules = data.get("rules")
    return {name: table for name, table in rules.items() if isinstance(table, dict)} if isinstance(rules, dict) else {}


def _mode(data: Mapping[str, Any]) -> RemedyMode:
    remedies = data.get("remedies")
    mode = remedies.get("mode") if isinstance(remedies, dict) else None
    return RemedyMode(mode) if mode in set(RemedyMode) else RemedyMode(Config().remedies.mode)


def _key_path(where: str) -> tuple[str, ...]:
    return ("rules", *where.removeprefix("rules.").split("."))


def state_directory(environment: Mapping[str, str]) -> Path:
    """Return where state lives, $STATE_DIRECTORY else ./var, made if absent. Raises Unavailable for an open one.

    It is refused rather than tightened: whoever shares a folder by mistake shall learn of it.
    """
    path = Path(environment.get("STATE_DIRECTORY", "").split(":")[0] or "var").absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777
    except OSError as exc:
        raise Unavailable(f"state directory {path}: {exc.strerror}") from exc
    if mode & 0o077:
        raise Unavailable(f"state directory {path} is open to others (mode {mode:04o}): run `chmod 700 {path}`")
    return path


@asynccontextmanager
async def open_ports(config: Config, state: Path, secrets: Secrets) -> AsyncIterator[Ports]:
    """Open every port as configured. Raises what stores raise, and ConfigError for a secret that is not there."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(_stores(config, state, secrets))
        catalogue, followed = await _catalogue(config, stores, secrets, clock, stack)
        session = await stack.enter_async_context(_session())
        offload = ThreadOffload(config.executor.threads, config.executor.queue)
        stack.push_async_callback(offload.close, _CLOSE_THREADS_S)
        fetcher = await stack.enter_async_context(HttpPageFetcher(config.network, clock, offload))
        notifiers = {
            section.name: _notifier(section, secrets, session, offload, clock)
            for section in config.channels
            if section.kind != "room"  # whose notices go the way of all that the bot says: main/bot.py
        }
        messenger, rooms = await _messenger(config.bot, state, secrets, clock, stack)
        gallery = await _gallery(config, state, offload, stack)
        yield Ports(
            catalogue=catalogue,
            followed=followed,
            incidents=stores.incidents,
            outbox=stores.outbox,
            evidence=stores.evidence,
            principals=stores.principals,
            audit=stores.audit,
            fetcher=fetcher,
            reader=HttpSourceReader(config.network, offload),
            clock=clock,
            offload=offload,
            notifiers=notifiers,
            bot=stores.bot,
            films=stores.films,
            messenger=messenger,
            rooms=rooms,
            gallery=gallery,
            cases=stores.cases,
        )


@asynccontextmanager
async def _stores(config: Config, state: Path, secrets: Secrets) -> AsyncIterator[MemoryStores | SqlStores]:
    if config.catalogue.kind == "memory":
        yield MemoryStores()
        return
    async with open_stores(state / DATABASE, audit_keys(config.audit, secrets, state, make=True)) as stores:
        yield stores


async def _catalogue(
    config: Config, stores: MemoryStores | SqlStores, secrets: Secrets, clock: Clock, stack: AsyncExitStack
) -> tuple[Catalogue, Followed | None]:
    """Return the catalogue, open until the stack closes; and the same again where it has to be followed."""
    if config.catalogue.kind != "mongodb" or not isinstance(stores, SqlStores):
        return stores.catalogue, None
    section = config.mongodb
    uri = secrets.find(section.secret) if section.secret else section.uri
    try:
        from daemon.adapters.mongo.opening import open_catalogue  # noqa: PLC0415 slow to import, not always installed
    except ImportError as exc:
        raise ConfigError(f"catalogue.kind is \"mongodb\", which needs `pip install 'zhiban[mongo]'`: {exc}") from exc
    shop = await stack.enter_async_context(open_catalogue(section, config.catalogue, uri, stores, clock))
    return shop, shop


async def _gallery(config: Config, state: Path, offload: Offload, stack: AsyncExitStack) -> Gallery | None:
    """Return the gallery where the association is on, open until the stack closes."""
    if config.association.kind == "off":
        return None
    if missing := missing_packages():
        needs = "pip install 'zhiban[association]'"
        raise ConfigError(f'association.kind is "on", which needs `{needs}`: no {", ".join(missing)}')
    if config.catalogue.kind == "memory":
        from daemon.adapters.memory.gallery import MemoryGallery  # noqa: PLC0415 needs what is not always installed

        return MemoryGallery()
    from daemon.adapters.gallery import open_gallery  # noqa: PLC0415 as above

    return await stack.enter_async_context(open_gallery(state, offload))


async def _messenger(
    section: BotSection, state: Path, secrets: Secrets, clock: Clock, stack: AsyncExitStack
) -> tuple[Messenger | None, OpenRooms | None]:
    """Return the messenger that is configured, open until the stack closes; and its rooms, if they are ours."""
    if section.kind == "local":
        local = LocalRoom(clock, bot_name=section.name, rooms=section.rooms, inbox=section.inbox)
        stack.callback(local.close)
        return local, local
    if section.kind == "wechat":
        try:
            from daemon.adapters.wechat import WeChat  # noqa: PLC0415 slow to import, and not always installed
        except ImportError as exc:
            raise ConfigError(f"bot.kind is \"wechat\", which needs `pip install 'zhiban[wechat]'`: {exc}") from exc
        token = secrets.find(section.secret)
        wechat = WeChat(section.endpoint, token, clock=clock, state=state, inbox=section.inbox)
        return await stack.enter_async_context(wechat), None
    return None, None


def _session() -> aiohttp.ClientSession:
    """Return a client for addresses that the operator configured."""
    connector = aiohttp.TCPConnector(resolver=aiohttp.AsyncResolver(), limit=20)
    return aiohttp.ClientSession(connector=connector, trust_env=True)


def _notifier(
    section: ChannelSection, secrets: Secrets, session: aiohttp.ClientSession, offload: Offload, clock: Clock
) -> Notifier:
    if section.kind == "log":
        return LogNotifier(section.name)
    secret = secrets.find(section.secret)
    if section.kind == "apprise":
        from daemon.adapters.apprise import AppriseNotifier  # noqa: PLC0415 slow to import, and seldom wanted

        return AppriseNotifier(section.name, secret, offload=offload, timeout_s=section.timeout)
    from daemon.adapters.webhook import WebhookNotifier  # noqa: PLC0415 as above

    return WebhookNotifier(section.name, section.url, secret, session=session, clock=clock, timeout_s=section.timeout)
