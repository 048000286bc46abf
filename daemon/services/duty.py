"""What every use case is given: the ports, the configuration in force, and the rules as configured."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.config import Config
from daemon.ports import Ports
from daemon.products.passes import PassRecord
from daemon.products.rulebook import Rulebook

if TYPE_CHECKING:
    from daemon.services.association import AssociationSystem
    from daemon.services.chat import ChatSystem


@dataclass(frozen=True, slots=True)
class ChannelHold:
    """A channel is left alone until a time of the monotonic clock, after so many failures in a row."""

    until_s: float
    failures: int


@dataclass(slots=True)
class Duty:
    """One per daemon. A reload swaps config and rulebook in place; ports stay."""

    ports: Ports
    config: Config
    rulebook: Rulebook
    #: The state directory, where rejects of imports are kept; None: nowhere.
    state: Path | None = None
    #: Sources that are being imported just now.
    importing: set[str] = field(default_factory=set)
    #: Rules over their budget of which somebody's decision is being carried out just now.
    deciding: set[str] = field(default_factory=set)
    #: Remedies whose change got no answer, so that they are under way no longer, and it is to be found out what became
    #: of them.
    doubtful: set[str] = field(default_factory=set)
    #: Passes that people asked for, oldest first.
    requested: deque[PassRecord] = field(default_factory=deque)
    #: Set to have the next pass taken now instead of at its time.
    wake_checks: asyncio.Event = field(default_factory=asyncio.Event)
    #: Channels that failed or asked to be left alone, by name.
    channel_holds: dict[str, ChannelHold] = field(default_factory=dict)
    #: When contacts tried wrong codes, in seconds of the monotonic clock, by contact id.
    code_tries: dict[str, list[float]] = field(default_factory=dict)
    #: The chat system, None where there is none.
    chat: ChatSystem | None = None
    #: The association system, None where there is none.
    association: AssociationSystem | None = None


def lies_in_shop(duty: Duty, source: str) -> bool:
    """Tell whether products of a source are read and changed where the shop itself keeps them."""
    return duty.ports.followed is not None and source == duty.ports.followed.upstream.name
