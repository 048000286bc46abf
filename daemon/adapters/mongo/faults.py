"""What an error of a MongoDB server means here, and how it is told to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias
from urllib.parse import unquote, urlsplit

from daemon.errors import Conflict, InvalidInput, NotFound, Unauthorized, Unavailable, ZhibanError

#: Which error code of the server means which error of ours; any other means Unavailable.
Meanings: TypeAlias = Mapping[int, type[ZhibanError]]

# The codes are those of src/mongo/base/error_codes.yml; the long ones are written where the server raises them.
CREDENTIALS: Final[Meanings] = dict.fromkeys((13, 18, 8000), Unauthorized)
#: Something to ask that can be done without where the user may not ask it.
FORBIDDEN: Final[Meanings] = {13: NotFound}
#: A change that breaks a unique index, a validator, an immutable field, the greatest size, or is none at all.
WRITES: Final[Meanings] = dict.fromkeys(
    (2, 9, 14, 28, 40, 52, 55, 56, 57, 66, 121, 10334, 11000, 11001, 12582, 17280, 17419, 31025), InvalidInput
)
#: A server that stands alone, is too old, or does not let us watch; then a token that it cannot go on from.
STREAMS: Final[Meanings] = {
    **dict.fromkeys((13, 59, 303, 40324, 40573), NotFound),
    **dict.fromkeys((136, 222, 260, 280, 286, 10334, 40576, 40585, 40615, 50811), Conflict),
}

_NOISE: Final = (" (configured timeouts", ", Timeout:", ", full error:")
_LONGEST: Final = 300


def meaning(error: Exception, meanings: Meanings) -> type[ZhibanError]:
    """Return which error of ours a driver's is."""
    return meanings.get(getattr(error, "code", None) or 0, Unavailable)


def words(error: Exception, secrets: Sequence[str]) -> str:
    """Return a line that says what a server or its driver complained of, without a secret."""
    details = getattr(error, "details", None)
    text = str(details.get("errmsg") or error) if isinstance(details, Mapping) else str(error)
    for noise in _NOISE:
        text = text.split(noise, 1)[0]
    for secret in secrets:
        text = text.replace(secret, "***")
    return f"MongoDB: {text[:_LONGEST] or type(error).__name__}"


def secrets_of(uri: str) -> tuple[str, ...]:
    """Return the password of a URI in both its forms, where it has one."""
    try:
        written = urlsplit(uri).password or ""
    except ValueError:
        return ()
    return tuple({one for one in (written, unquote(written)) if one})


def unusable(error: Exception) -> str:
    """Return what is wrong with a URI or the name of a database, without a word of it."""
    if "default database" in str(error):
        return "[mongodb] database is not set, and the URI names none"
    return (
        f"[mongodb] cannot be used ({type(error).__name__}): expected a uri such as"
        ' mongodb://user:password@host:27017/database, percent-encoded, and a database without / \\ . " $ or spaces'
    )
