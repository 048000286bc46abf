"""Every error that may cross a layer of the house.

The class says which HTTP status and which exit status the error means, the message says what is wrong, where,
and what was expected. A driver's own error never leaves its adapter: it is raised from here, with the
driver's error as the cause.
"""

from __future__ import annotations

from typing import ClassVar


class ZhibanError(Exception):
    """Root of all errors of the daemon that a person may read."""

    #: Stable slug, the last part of the problem type URI (RFC 9457).
    code: ClassVar[str] = "error"
    #: HTTP status that this error means.
    http_status: ClassVar[int] = 500
    #: Exit status of the command line.
    exit_status: ClassVar[int] = 1


class ConfigError(ZhibanError):
    """A configuration that cannot be used; one line for each fault, with file, line and key."""

    code = "config"
    exit_status = 78  # EX_CONFIG of sysexits.h, which systemd may be told never to restart on


class InvalidInput(ZhibanError):
    """Something a person sent that cannot be used as it is.

    faults: pairs of a dotted path ("rules.3.severity", or "" for the whole) and what is wrong there.
    """

    code = "invalid-input"
    http_status = 422
    exit_status = 2

    def __init__(self, message: str, faults: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class UnreadableFile(ZhibanError):
    """A file that cannot be read at all: absent, of no known format, or broken from the first byte."""

    code = "unreadable-file"
    http_status = 422
    exit_status = 2


class NotFound(ZhibanError):
    """The thing named does not exist, or is not for this caller."""

    code = "not-found"
    http_status = 404


class Conflict(ZhibanError):
    """The thing changed since the caller read it, or is in a state that does not allow this."""

    code = "conflict"
    http_status = 409


class PreconditionFailed(ZhibanError):
    """The If-Match of a write names a revision that is not the current one."""

    code = "precondition-failed"
    http_status = 412


class Unauthorized(ZhibanError):
    """No token, or one that is unknown, revoked or expired."""

    code = "unauthorized"
    http_status = 401


class Forbidden(ZhibanError):
    """A known principal without the scope that this needs."""

    code = "forbidden"
    http_status = 403


class Unavailable(ZhibanError):
    """A store, a service or a peer that cannot be used just now; trying later may succeed."""

    code = "unavailable"
    http_status = 503


class TooMany(ZhibanError):
    """More than one person may ask for in this time. retry_after_s: seconds until the next may come."""

    code = "too-many"
    http_status = 429

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreFull(Unavailable):
    """The disk or the quota of a store is full; nothing of the write was kept."""

    code = "store-full"
    http_status = 507


class StoreCorrupt(ZhibanError):
    """A store whose content does not hold together, or whose schema is newer than this program."""

    code = "store-corrupt"


class AlreadyRunning(ZhibanError):
    """Another daemon holds the lock of the state directory."""

    code = "already-running"
    exit_status = 1


class DeliveryFailed(ZhibanError):
    """A channel said clearly that a message was not taken.

    permanent: trying the same message again cannot succeed.
    retry_after_s: seconds that the channel asked to wait, None when it did not say.
    """

    code = "delivery-failed"
    http_status = 502

    def __init__(self, message: str, *, permanent: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class DeliveryUnknown(ZhibanError):
    """A channel went silent after the message was handed over: it may or may not have been taken."""

    code = "delivery-unknown"
    http_status = 502
