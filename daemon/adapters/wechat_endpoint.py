"""Where a puppet service is, and what a token may be."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from daemon.errors import ConfigError


def host_and_port(endpoint: str) -> tuple[str, int]:
    """Read "host:port", or "[address]:port" for IPv6. Raises ConfigError."""
    try:
        parts = urlsplit(f"//{endpoint.strip()}")
        port = parts.port
    except ValueError:
        port, parts = None, urlsplit("")
    if not parts.hostname or not port or parts.netloc != endpoint.strip() or parts.username is not None:
        raise ConfigError(f"bot.endpoint: {endpoint!r} is no host:port of a puppet service, such as 127.0.0.1:8788")
    return parts.hostname, port


def checked_token(token: str) -> str:
    """Return a token that can travel as a header. Raises ConfigError, without the token in its text."""
    stripped = token.strip()
    if not stripped or not stripped.isascii() or not stripped.isprintable() or " " in stripped:
        raise ConfigError("bot.secret: a puppet's token is letters, digits and signs of ASCII, without blanks")
    return stripped


def is_local(host: str) -> bool:
    """Tell whether a host is this machine by its name or number; a tunnel's end is."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
