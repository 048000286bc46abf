"""What the gallery needs now and then: small files merged, and everything read to see whether it is whole."""

from __future__ import annotations

from daemon.services.duty import Duty


async def compact(duty: Duty) -> None:
    """Merge small files, a bounded step after the other, until there is no more to do."""
    gallery = duty.ports.gallery
    while gallery is not None and await gallery.compact():
        continue


async def verify(duty: Duty) -> None:
    """Read every block; what is damaged is told by the log as it is found, and not served."""
    if duty.ports.gallery is not None:
        await duty.ports.gallery.verify()
