"""The keys that the audit log is kept with: secrets that the configuration names, else one made in the state directory.

The latter stands beside what it guards: it finds slips, and whoever changes the store without looking for the key.
"""

from __future__ import annotations

import re
import secrets as random
from pathlib import Path
from typing import Final

from daemon.config import AuditSection
from daemon.config.credentials import Secrets
from daemon.errors import ConfigError, StoreCorrupt
from daemon.forum.audit_chain import AuditKey, AuditKeys
from daemon.main.local_access import read_private, write_private

KEY_FILE: Final = "audit.key"
_SHORTEST: Final = 32  # characters of a secret
_MADE: Final = re.compile(r"[0-9a-f]{64}")


def audit_keys(section: AuditSection, secrets: Secrets, state: Path, *, make: bool) -> AuditKeys:
    """Return the keys as configured. make: the one in the state directory, where it is needed and not there.

    Raises ConfigError for a secret that is not there or too short, StoreCorrupt for a file that holds no key.
    """
    beside = _beside(state / KEY_FILE, make=make and not section.secret)
    former = tuple(_of_secret(secrets, name) for name in section.old_secrets)
    lost = frozenset(section.lost_keys)
    if section.secret:
        current = _of_secret(secrets, section.secret)
        return AuditKeys(current, former + ((beside,) if beside else ()), lost, strict=True)
    return AuditKeys(beside, former, lost) if beside else AuditKeys(former=former, lost=lost)


def _of_secret(secrets: Secrets, name: str) -> AuditKey:
    value = secrets.find(name)
    if len(value) < _SHORTEST:
        raise ConfigError(f"secret '{name}': a key of the audit log has at least {_SHORTEST} characters")
    return AuditKey.of(value.encode())


def _beside(path: Path, *, make: bool) -> AuditKey | None:
    if not path.exists():
        if not make:
            return None
        write_private(path, random.token_hex(32) + "\n")
    text = read_private(path)
    if not _MADE.fullmatch(text):
        raise StoreCorrupt(f"{path}: no key of the audit log: expected 64 hexadecimal digits")
    return AuditKey.of(bytes.fromhex(text))
