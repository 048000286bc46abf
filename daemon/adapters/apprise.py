"""Notices by anything that Apprise speaks: mail, chat groups, phones. One URL a channel."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from daemon.errors import DeliveryFailed, DeliveryUnknown, Unavailable
from daemon.ports import Offload
from daemon.products.notices import Message
from daemon.products.verdicts import Severity

if TYPE_CHECKING:
    import apprise

_TYPES: Final = {
    Severity.INFO: "info",
    Severity.MINOR: "info",
    Severity.MAJOR: "warning",
    Severity.CRITICAL: "failure",
}
#: Between a sign that calls people or opens markup in a chat and the word after it, so that text stays text.
_JOINER: Final = "\u2060"


class AppriseNotifier:
    """Port Notifier over Apprise, which blocks, so it runs in the pool.

    url: holds the service's token; it is never logged. timeout_s: of connecting and of each read; it bounds the
    thread. Apprise has no way to tell a repeat, so the channel is not idempotent.
    """

    idempotent = False

    def __init__(self, name: str, url: str, *, offload: Offload, timeout_s: float = 10.0) -> None:
        self.name = name
        self._url = url
        self._offload = offload
        self._timeout_s = timeout_s
        self._service: apprise.Apprise | None = None

    async def send(self, message: Message) -> None:
        """Send as plain text. False from Apprise is DeliveryFailed; it does not say whether trying again may help."""
        try:
            taken = await self._offload.run(partial(self._notify, message), what="apprise")
        except Unavailable as exc:
            raise DeliveryFailed(str(exc)) from exc
        except DeliveryFailed:
            raise
        except Exception as exc:  # noqa: BLE001  (any of a hundred services may raise anything)
            # Apprise catches what its services raise; the message of anything else may hold the URL.
            raise DeliveryUnknown(f"Apprise broke off: {type(exc).__name__}") from None
        if not taken:
            raise DeliveryFailed("Apprise could not deliver it")

    def _notify(self, message: Message) -> bool:
        if self._service is None:
            self._service = self._load()
        return bool(
            self._service.notify(
                title=inert(message.subject),
                body=inert(message.text) or inert(message.subject),
                notify_type=_TYPES[message.severity],
                body_format="text",
                interpret_escapes=False,
            )
        )

    def _load(self) -> apprise.Apprise:
        """Import Apprise, which takes most of a second and tens of megabytes, only where a channel uses it."""
        import apprise  # noqa: PLC0415

        # Sequential, so that it makes no threads of its own; nothing of it is kept on disk.
        asset = apprise.AppriseAsset(
            app_id="Zhiban",
            app_desc="Zhiban",
            async_mode=False,
            service_timeout=0,
            secure_logging=True,
            storage_mode="memory",
        )
        service = apprise.Apprise(asset=asset)
        if not service.add(self._url) or len(service) != 1:
            raise DeliveryFailed("its secret is not one URL that Apprise can read", permanent=True)
        for server in service:
            server.socket_connect_timeout = server.socket_read_timeout = self._timeout_s / 2
        return service


def inert(text: str) -> str:
    """Return text in which nothing from a product calls people ("@all", "<!channel>") or opens a tag."""
    return text.replace("@", f"@{_JOINER}").replace("<", f"<{_JOINER}")
