"""The chat system of a daemon, where it is configured."""

from __future__ import annotations

from dataclasses import replace

from daemon.errors import ConfigError
from daemon.inference.chat.loading import missing_packages
from daemon.metrics import Metrics
from daemon.services.chat import ChatSystem
from daemon.services.duty import Duty


def opened_chat(duty: Duty, metrics: Metrics) -> ChatSystem | None:
    """Return the chat system, which has nothing loaded yet, and set it as the bot's dialogue; None where it is off.

    Raises ConfigError where what it needs is not installed.
    """
    if duty.config.chat.kind == "off":
        return None
    if missing := missing_packages():
        raise ConfigError(f"chat.kind is \"on\", which needs `pip install 'zhiban[chat]'`: no {', '.join(missing)}")
    chat = ChatSystem(
        duty.ports, lambda: duty.config.chat, lambda: duty.config.bot.name, duty.config.bot.language, metrics
    )
    duty.ports = replace(duty.ports, dialogue=chat)
    return chat
