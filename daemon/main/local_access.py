"""How the command line on the same machine finds the daemon: its address and a token, in the state directory.

Both files are for their owner alone. The token is kept from start to start and made anew when it is lost or revoked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from daemon.errors import Unauthorized, Unavailable
from daemon.forum.principals import ROLE_SCOPES, Role, Scope
from daemon.ports import Actor, Ports
from daemon.services.access import authenticate, create_token, list_tokens, revoke_token

ADDRESS_FILE: Final = "address"
ACCESS_FILE: Final = "token"
_NAME: Final = "local"
_LABEL: Final = "command line"


@contextmanager
def address_shown(state: Path, url: str) -> Iterator[None]:
    """Show where the daemon listens for as long as it does."""
    write_private(state / ADDRESS_FILE, url + "\n")
    try:
        yield
    finally:
        (state / ADDRESS_FILE).unlink(missing_ok=True)


async def local_token(ports: Ports, state: Path, named: frozenset[Scope] = frozenset()) -> str:
    """Return the secret of the command line's token, written to the state directory.

    named: scopes that it has beside those of its role.
    """
    secret = read_private(state / ACCESS_FILE)
    try:
        good = (await authenticate(ports, secret)).scopes >= named
    except Unauthorized:
        good = False
    if not good:
        secret = await _renewed(ports, named)
        write_private(state / ACCESS_FILE, secret + "\n")
    return secret


async def _renewed(ports: Ports, named: frozenset[Scope]) -> str:
    for token, principal in await list_tokens(ports):
        if (principal.name, token.label) == (_NAME, _LABEL) and token.revoked_at is None:
            await revoke_token(ports, Actor.daemon(), token.id)
    scopes = ROLE_SCOPES[Role.ADMIN] | named
    return (await create_token(ports, Actor.daemon(), name=_NAME, role=Role.ADMIN, label=_LABEL, scopes=scopes))[1]


def read_private(path: Path) -> str:
    """Return the line in a file, "" when there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def write_private(path: Path, text: str) -> None:
    """Write a file for its owner alone, whole or not at all. Raises Unavailable."""
    part = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    except OSError as exc:
        raise Unavailable(f"{path}: cannot be written: {exc.strerror}") from exc
