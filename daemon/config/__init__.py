"""Configuration: one frozen section a component, read once from TOML by `load`.

Unknown keys are errors; a fault names file, line, key and the nearest valid key (daemon/config_file.py). Durations
are written "30s", "15m", "6h", "7d" and become seconds. Secrets are never in the file, only their names; `Secrets`
(daemon/secret_values.py) finds them.
"""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from daemon.config.file import ConfigFile

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_LONGEST_S = 36_525 * 86_400.0  # a century: added to any time of ours it is a time still


def parse_duration(value: object) -> float:
    """Turn "1h30m" into 5400.0 seconds; "0" and 0 are zero. Raises ValueError for what is none or over a century."""
    if value == 0 or value == "0":
        return 0.0
    if not isinstance(value, str) or not value or _DURATION.sub("", value):
        raise ValueError('expected a duration such as "30s", "15m", "6h" or "7d"')
    seconds = sum(float(amount) * _UNITS[unit] for amount, unit in _DURATION.findall(value))
    if seconds > _LONGEST_S:
        raise ValueError('expected a duration of at most "36525d"')
    return seconds


def parse_zone(value: str) -> str:
    """Return the IANA zone name if there is such a zone, or "". Raises ValueError."""
    try:
        return value and ZoneInfo(value).key
    except (KeyError, OSError, ValueError) as exc:
        raise ValueError('expected an IANA time zone such as "Asia/Shanghai"') from exc


def parse_network(value: str) -> str:
    """Return an address or network as it is written. Raises ValueError."""
    try:
        ip_network(value, strict=False)
    except ValueError as exc:
        raise ValueError('expected an address or network such as "10.0.0.0/8"') from exc
    return value


def parse_destination(value: str) -> str:
    """Return a network or a host:port pair as it is written. Raises ValueError."""
    if re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}", value):
        return value
    return parse_network(value)


Duration = Annotated[float, BeforeValidator(parse_duration)]
Interval = Annotated[Duration, Field(gt=0)]  # a time between two runs, or the most that something may take
Zone = Annotated[str, AfterValidator(parse_zone)]
Network = Annotated[str, AfterValidator(parse_network)]
Destination = Annotated[str, AfterValidator(parse_destination)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$|^$")]
SeverityName = Literal["info", "minor", "major", "critical"]


class Section(BaseModel):
    """Base of all sections: frozen, and strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HttpSection(Section):
    """The HTTP server."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    trusted_proxies: tuple[Network, ...] = ()  # addresses or networks whose X-Forwarded-For is believed
    body_limit: int = Field(1_048_576, ge=1024)  # bytes, of any request but an import
    import_limit: int = Field(536_870_912, ge=1024)  # bytes, of one imported file
    header_timeout: Interval = 10.0  # 10s
    body_timeout: Interval = 30.0  # 30s
    request_timeout: Interval = 60.0  # 60s
    connections_per_address: int = Field(64, ge=1)


class ShutdownSection(Section):
    """How the daemon ends."""

    grace: Duration = 20.0  # 20s


class LogSection(Section):
    """The log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"  # auto: console on a terminal, else JSON lines
    queue: int = Field(10_000, ge=100)  # lines that wait for a slow reader before lines are dropped and counted


class CatalogueSection(Section):
    """Where products are kept, and what fills in for what their files cannot say."""

    kind: Literal["sqlite", "memory", "mongodb"] = "sqlite"  # mongodb: the shop's own, beside what sources bring
    currency: Currency = ""  # ISO 4217, for files without a currency column
    timezone: Zone = ""  # IANA name, for times without a zone
    locale: str = Field(
        "", pattern=r"^[a-z]{2,3}([_-][A-Za-z]{4})?([_-][A-Z]{2})?$|^$"
    )  # such as "de_DE", for numbers such as "1.234,50"
    currencies: tuple[Currency, ...] = ()  # that the shop sells in; empty: any ISO 4217 code


class MongodbSection(Section):
    """The database of the shop's back end (KeystoneJS 4 or its like), where [catalogue] kind is "mongodb"."""

    uri: str = "mongodb://127.0.0.1:27017"  # without a password
    secret: str = ""  # name of the secret that is the URI, where it holds a password
    database: str = Field("", max_length=63)  # "": the one that the URI names
    collection: str = Field("products", min_length=1, max_length=200)
    name: str = Field("shop", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")  # the source of its products
    owner: str = ""  # who cares for them
    driver: Literal["motor", "pymongo"] = "motor"  # pymongo: its asynchronous client, which succeeds motor
    map: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # canonical field = dotted paths, first set one wins
    relations: dict[str, str] = Field(default_factory=dict)  # canonical field = "collection.path" that an id stands for
    statuses: dict[str, tuple[str | bool | int, ...]] = Field(default_factory=dict)  # status = words, first is written
    shard_key: tuple[str, ...] = ("_id",)  # fields that every query by id names
    stream: bool = True  # follow the server's change stream, where it has one
    poll_interval: Interval = 1.0  # 1s, by updatedAt where there is no stream
    scan_interval: Interval = 300.0  # 5m, between two readings of the whole collection
    timeout: Interval = 2.0  # 2s, to find a server, and for it to answer
    page_size: int = Field(500, ge=1, le=10_000)


class SourceSection(Section):
    """One place that products come from."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    path: str = ""  # either a path ...
    url: str = ""  # ... or a URL
    format: Literal["auto", "csv", "tsv", "shopify", "json", "jsonl", "merchant"] = "auto"
    interval: Interval = 900.0  # 15m
    owner: str = ""
    map: dict[str, str] = Field(default_factory=dict)  # canonical field = column
    id_prefix: str = ""  # set before every id of this source, where two sources count from 1
    max_bytes: int = Field(2_147_483_648, ge=1)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.path) == bool(self.url):
            raise ValueError(f"source '{self.name}': expected either path or url")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError(f"source '{self.name}': url must begin with http:// or https://")
        return self


class ChecksSection(Section):
    """Passes over the catalogue."""

    interval: Interval = 15.0  # 15s
    full_interval: Interval = 21_600.0  # 6h
    deadline: Interval = 900.0  # 15m
    jitter: float = Field(0.1, ge=0, le=1)  # of the interval
    page_size: int = Field(250, ge=1, le=5000)
    slice: Interval = 0.002  # 2ms
    canary: bool = True
    network: bool = True  # fetch images and landing pages
    network_interval: Interval = 43_200.0  # 12h
    network_retry: Interval = 600.0  # 10m
    short_pass_percent: float = Field(50.0, ge=0, le=100)  # fewer products than this of the last pass: an incident


class RemediesSection(Section):
    """What the daemon may do by itself."""

    mode: Literal["off", "shadow", "on"] = "shadow"
    budget_count: int = Field(20, ge=0)
    budget_percent: float = Field(5.0, ge=0, le=100)
    override: Duration = 604_800.0  # 7d


class IncidentsSection(Section):
    """The life of incidents."""

    escalate_after: Duration = 1_800.0  # 30m
    escalate_from: SeverityName = "major"
    repeat: Duration = 86_400.0  # 1d
    reopen_within: Duration = 86_400.0  # 1d
    flap_count: int = Field(4, ge=2)
    flap_window: Duration = 3_600.0  # 1h
    flap_hold: Duration = 1_800.0  # 30m


class NoticesSection(Section):
    """How news becomes messages."""

    interval: Interval = 2.0  # 2s
    group_wait: Duration = 5.0  # 5s
    digest_at: str = Field("09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^$")  # local time; "" for none
    timezone: Zone = "UTC"
    language: Literal["en", "zh"] = "en"
    quiet_from: str = Field("", pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^$")
    quiet_to: str = Field("", pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^$")
    quiet_below: SeverityName = "critical"  # what is at or above this goes out in quiet hours too
    messages_per_hour: int = Field(60, ge=1)  # of one channel
    lines_per_message: int = Field(20, ge=1)
    age_limit: Interval = 86_400.0  # 1d
    attempts: int = Field(110, ge=1)  # with backoff_max, about as long as age_limit
    backoff: Interval = 5.0  # 5s
    backoff_max: Interval = 900.0  # 15m


class ChannelSection(Section):
    """One channel that messages go out by."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    kind: Literal["log", "webhook", "apprise", "room"] = "log"  # room: those of the bot
    url: str = ""  # of a webhook
    secret: str = ""  # name of the secret that signs webhooks, or that holds the Apprise URL
    min_severity: SeverityName = "minor"
    news: tuple[str, ...] = ()  # which news; empty: everything but product.status_changed
    timeout: Interval = 10.0  # 10s

    @model_validator(mode="after")
    def _has_target(self) -> Self:
        if self.kind == "webhook" and not self.url.startswith(("http://", "https://")):
            raise ValueError(f"channel '{self.name}': a webhook needs url = \"https://...\"")
        if self.kind in {"webhook", "apprise"} and not self.secret:
            holds = "signs its messages" if self.kind == "webhook" else "holds its URL"
            raise ValueError(f"channel '{self.name}': {self.kind} needs secret, the name of the secret that {holds}")
        return self


class BotSection(Section):
    """The bot in the team's group."""

    kind: Literal["off", "local", "wechat"] = "off"  # local: a room inside the daemon
    name: str = "zhiban"  # of the local bot
    rooms: tuple[str, ...] = ()  # ids of rooms that are answered; empty: any
    notice_rooms: tuple[str, ...] = ()  # ids of rooms that notices go to; empty: those of `rooms`
    private: Literal["bound", "ignore"] = "bound"  # private chats: only of bound contacts, or never
    max_age: Interval = 120.0  # 2m, older messages are not answered
    inbox: int = Field(1000, ge=1)
    confirm_within: Interval = 60.0  # 1m
    answer_within: Interval = 600.0  # 10m, in which "ack" alone means the one notice of that time
    code_lifetime: Interval = 600.0  # 10m
    per_person_per_minute: int = Field(20, ge=1)
    per_room_per_minute: int = Field(60, ge=1)
    sends_per_minute: int = Field(60, ge=1)
    room_sends_per_minute: int = Field(20, ge=1)
    message_bytes: int = Field(2000, ge=100)
    language: Literal["en", "zh"] = "zh"
    endpoint: str = ""  # "host:port" of the puppet service
    secret: str = ""  # name of the secret that is the puppet's token


class ChatSection(Section):
    """Talk that is no command, and films."""

    kind: Literal["off", "on"] = "off"  # on: needs the extra "chat"
    model: str = ""  # folder of a model; "": the one that comes with the daemon
    deadline: Interval = 5.0  # 5s, for an answer
    sessions: int = Field(1000, ge=1, le=100_000)  # conversations that are remembered
    turns: int = Field(12, ge=2, le=100)  # of each, both sides
    idle: Interval = 1_800.0  # 30m, until one is forgotten
    queue: int = Field(32, ge=1)  # replies that wait for the model before more are told to try again
    per_person_per_minute: int = Field(20, ge=1)  # turns over the API


class AssociationSection(Section):
    """Following a target across cameras."""

    kind: Literal["off", "on"] = "off"  # on: needs the extra "association", and [audit] secret
    embedder: str = "stripes"  # to try things out; or a model's file, its manifest beside it
    face: bool = False  # embed faces too; needs the extra "face"
    concurrency: int = Field(2, ge=1, le=64)  # searches at a time
    queue: int = Field(16, ge=1)  # that wait before more are told to try again
    horizon: Interval = 3_600.0  # 1h, that a search looks ahead or back unless it is told
    horizon_limit: Interval = 86_400.0  # 1d, the most that one may ask for
    stop_mass: float = Field(0.003, ge=0, le=1)
    compared: int = Field(2_000_000, ge=1)
    cpu: Interval = 60.0  # 1m
    picture_limit: int = Field(10_485_760, ge=1024)  # bytes of one picture
    pixel_limit: int = Field(25_000_000, ge=1024)  # of one picture
    pictures: int = Field(8, ge=1, le=64)  # of one target
    ingest_limit: int = Field(67_108_864, ge=1024)  # bytes of one batch of detections


class NetworkSection(Section):
    """What URLs from data may reach, and how hard we pull."""

    allow: tuple[Destination, ...] = ()  # networks or host:port pairs that are reachable though private
    concurrency: int = Field(50, ge=1)
    per_host: int = Field(4, ge=1)
    host_interval: Duration = 0.1  # 100ms
    total_timeout: Interval = 20.0  # 20s
    connect_timeout: Interval = 5.0  # 5s
    max_page_bytes: int = Field(4_194_304, ge=1024)  # decoded
    max_image_bytes: int = Field(20_971_520, ge=1024)
    redirects: int = Field(5, ge=0)
    retries: int = Field(2, ge=0)
    user_agent: str = "zhiban/0.1 (product health checks)"


class ExecutorSection(Section):
    """The thread pool for work that would hold the loop."""

    threads: int = Field(2, ge=1)
    queue: int = Field(64, ge=1)


class AuditSection(Section):
    """The chain of the audit log."""

    secret: str = ""  # name of the secret that is its key; "": a key made in the state directory, which is weaker
    old_secrets: tuple[str, ...] = ()  # names of those that were its key before
    lost_keys: tuple[str, ...] = ()  # ids of keys that nobody has any more


class RetentionSection(Section):
    """How long records are kept."""

    ended: Interval = 7_776_000.0  # 90d
    passes: Interval = 604_800.0  # 7d
    edits: Interval = 31_536_000.0  # 365d
    evidence: Interval = 2_592_000.0  # 30d
    messages: Interval = 2_592_000.0  # 30d
    searches: Interval = 2_592_000.0  # 30d
    sightings: Interval = 2_592_000.0  # 30d


class Config(Section):
    """The whole of config.toml."""

    http: HttpSection = HttpSection()
    shutdown: ShutdownSection = ShutdownSection()
    log: LogSection = LogSection()
    catalogue: CatalogueSection = CatalogueSection()
    mongodb: MongodbSection = MongodbSection()
    sources: tuple[SourceSection, ...] = ()
    checks: ChecksSection = ChecksSection()
    rules: dict[str, dict[str, Any]] = Field(default_factory=dict)  # judged by daemon.products.rules
    remedies: RemediesSection = RemediesSection()
    incidents: IncidentsSection = IncidentsSection()
    notices: NoticesSection = NoticesSection()
    channels: tuple[ChannelSection, ...] = (ChannelSection(name="log", kind="log"),)
    bot: BotSection = BotSection()
    chat: ChatSection = ChatSection()
    association: AssociationSection = AssociationSection()
    audit: AuditSection = AuditSection()
    network: NetworkSection = NetworkSection()
    executor: ExecutorSection = ExecutorSection()
    retention: RetentionSection = RetentionSection()

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        for key in ("sources", "channels"):
            names = Counter(section.name for section in getattr(self, key))
            if twice := [name for name, times in names.items() if times > 1]:
                raise ValueError(f"{key}: the name '{twice[0]}' is used more than once")
        if self.catalogue.kind == "mongodb" and self.mongodb.name in {section.name for section in self.sources}:
            raise ValueError(f"sources: the name '{self.mongodb.name}' is that of the shop itself, see [mongodb] name")
        return self

    @model_validator(mode="after")
    def _searches_are_audited(self) -> Self:
        if self.association.kind == "on" and not self.audit.secret:
            raise ValueError('association: kind "on" needs [audit] secret, the name of the key of the audit log')
        return self

    @model_validator(mode="after")
    def _rooms_have_a_bot(self) -> Self:
        for channel in self.channels:
            if channel.kind == "room" and self.bot.kind == "off":
                raise ValueError(f"channels: '{channel.name}' is a room, and [bot] kind is \"off\"")
            if channel.kind == "room" and self.bot.kind == "wechat" and not (self.bot.notice_rooms or self.bot.rooms):
                raise ValueError(f"channels: '{channel.name}' is a room, and [bot] names no notice_rooms")
        return self

    def under(self, folder: Path) -> Self:
        """Return this with the relative paths of sources and models read from a folder, that of the file."""
        sources = tuple(
            section.model_copy(update={"path": str(folder / section.path)}) if section.path else section
            for section in self.sources
        )
        model = self.chat.model and str(folder / self.chat.model)
        chat = self.chat.model_copy(update={"model": model})
        embedder = self.association.embedder
        placed = embedder if embedder == "stripes" else str(folder / embedder)
        association = self.association.model_copy(update={"embedder": placed})
        return self.model_copy(update={"sources": sources, "chat": chat, "association": association})


def load(path: Path) -> Config:
    """Read a configuration. Raises ConfigError with every fault, a line each."""
    return ConfigFile.read(path).build(Config).under(path.parent.absolute())
