"""Notices as signed webhooks, after the Standard Webhooks specification (version 1, symmetric signatures).

The signature is HMAC-SHA256 over "ID.TIMESTAMP.BODY", so neither the body nor the time of a delivery can be changed
or kept for later. The id stays the same for a repeated delivery; receivers drop ids that they have had.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
import orjson

from daemon.errors import ConfigError, DeliveryFailed, DeliveryUnknown
from daemon.ports import Clock
from daemon.products.notices import STATUS_CHANGED, Entry, Message

#: Client errors that say "later" rather than "never": request time-out, too early, too many requests.
_LATER: Final = frozenset({408, 425, 429})
#: Share of the time-out that connecting may take: what is left then is certainly waiting for the answer.
_CONNECT_SHARE: Final = 0.5
_PREFIX: Final = "whsec_"
_SHORTEST_KEY: Final = 16


class WebhookNotifier:
    """Port Notifier over HTTP POST. The URL is the operator's own, so any address may be named.

    secret: one key or several parted by blanks while keys are changed, each as it is or as "whsec_" and base64.
    timeout_s: of the whole request. Raises ConfigError for a secret that cannot sign.
    """

    idempotent = True

    def __init__(
        self, name: str, url: str, secret: str, *, session: aiohttp.ClientSession, clock: Clock, timeout_s: float = 10.0
    ) -> None:
        self.name = name
        self._url = url
        self._keys = [_key(name, part) for part in secret.split()]
        if not self._keys:
            raise ConfigError(f"channel '{name}': a webhook needs a secret to sign with")
        self._session = session
        self._clock = clock
        # Addresses of a name are tried one after another within `connect`.
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=timeout_s * _CONNECT_SHARE)

    async def send(self, message: Message) -> None:
        """Post a message. 2xx is taken; other answers and refused connections are DeliveryFailed.

        Raises DeliveryUnknown when nothing, or nothing whole, came back after the request had gone out.
        """
        if self._session.closed:
            raise DeliveryFailed("the daemon is stopping")
        body = orjson.dumps(payload(message))
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._keys, message.id, timestamp, body),
        }
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                self._judge(response.status, response.headers.get("Retry-After"))
        except aiohttp.InvalidURL:
            raise DeliveryFailed("the webhook's address is no URL", permanent=True) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
            raise DeliveryFailed(f"no connection: {_reason(exc)}") from exc
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise DeliveryUnknown(f"no answer: {_reason(exc)}") from exc

    def _judge(self, status: int, retry_after: str | None) -> None:
        if 200 <= status < 300:
            return
        retry_after_s = retry_after_seconds(retry_after, self._clock.now())
        if 300 <= status < 400:
            raise DeliveryFailed(f"answered {status}: redirects are not followed", retry_after_s=retry_after_s)
        never = 400 <= status < 500 and status not in _LATER
        raise DeliveryFailed(f"answered {status}", permanent=never, retry_after_s=None if never else retry_after_s)


def payload(message: Message) -> dict[str, object]:
    """Return the JSON body of a message: the same for every try."""
    statuses = all(entry.news == STATUS_CHANGED for entry in message.entries)
    return {
        "type": STATUS_CHANGED if statuses else "notice",
        "timestamp": _rfc3339(max(entry.created_at for entry in message.entries)),
        "data": {
            "channel": message.channel,
            "severity": message.severity.value,
            "subject": message.subject,
            "text": message.text,
            "entries": [_entry(entry) for entry in message.entries],
        },
    }


def signature(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of webhook-signature: "v1," and base64 for each key, parted by blanks."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read Retry-After (RFC 9110, section 10.2.3), seconds or a date; None when it says nothing usable."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "news": entry.news,
        "at": _rfc3339(entry.created_at),
        "incident_id": entry.incident_id or None,
        "product_id": entry.product_id or None,
        "rule": entry.rule or None,
        "category": entry.category,
        "owner": entry.owner,
        "severity": entry.severity.value,
        "facts": {name: _encodable(value) for name, value in entry.facts.items()},
    }


def _key(name: str, part: str) -> bytes:
    if not part.startswith(_PREFIX):
        key = part.encode()
    else:
        try:
            key = base64.b64decode(part.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise ConfigError(f"channel '{name}': what follows {_PREFIX} in its secret is not base64") from None
    if len(key) < _SHORTEST_KEY:
        raise ConfigError(f"channel '{name}': its secret is shorter than {_SHORTEST_KEY} bytes")
    return key


def _reason(exc: BaseException) -> str:
    """Return what went wrong without the URL, which may hold a secret."""
    cause = getattr(exc, "os_error", None) or exc
    detail = getattr(cause, "strerror", None)
    return f"{type(exc).__name__}, {detail}" if detail else type(exc).__name__


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _encodable(text: str) -> str:
    """Return text that JSON can carry: product data may hold surrogates that no encoding has."""
    return text.encode("utf-8", "replace").decode()
