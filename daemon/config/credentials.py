"""Secrets by name: from systemd's credentials, a file or the environment, never from config.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from daemon.errors import ConfigError

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class Secrets:
    """Finds secrets, first hit wins: $CREDENTIALS_DIRECTORY/name, $ZHIBAN_NAME_FILE, $ZHIBAN_NAME.

    Iterating gives every value found so far, so that the log can hide them.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._found: dict[str, str] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._found.values())

    def __repr__(self) -> str:
        return f"Secrets({sorted(self._found)})"

    def find(self, name: str) -> str:
        """Return a secret without the line break at its end. Raises ConfigError that says where it was looked for."""
        if not _NAME.fullmatch(name):
            raise ConfigError(f"secret {name!r}: expected a name of small letters, digits, '.', '_' and '-'")
        variable = "ZHIBAN_" + re.sub(r"[.-]", "_", name).upper()
        value = self._in_files(name, variable) or self._environment.get(variable, "")
        if not value:
            raise ConfigError(
                f"secret '{name}' not found: expected a credential of that name (LoadCredential=), "
                f"a file named by {variable}_FILE, or {variable}"
            )
        self._found[name] = value
        return value

    def _in_files(self, name: str, variable: str) -> str:
        directory = self._environment.get("CREDENTIALS_DIRECTORY")
        file = self._environment.get(f"{variable}_FILE")
        for path in ([Path(directory, name)] if directory else []) + ([Path(file)] if file else []):
            try:
                value = path.read_text(encoding="utf-8").rstrip("\r\n")
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as exc:
                raise ConfigError(f"secret '{name}': {path} cannot be read: {exc}") from exc
            if value:
                return value
        return ""
