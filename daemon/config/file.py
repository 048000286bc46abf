"""A TOML file that is to become a configuration, and its faults: each with file, line, key and what was expected."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from daemon.config.positions import Path as KeyPath
from daemon.config.positions import positions
from daemon.errors import ConfigError

S = TypeVar("S", bound=BaseModel)
_AT_LINE = re.compile(r"^(.*) \(at line (\d+), column (\d+)\)$", re.DOTALL)
_PYDANTIC_WORDS = re.compile(r"^(?:Input|String|Value|Tuple|Dictionary) should (?:be |match |have )?")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What stands in a file, and where."""

    name: str
    data: dict[str, Any]
    lines: Mapping[KeyPath, int]

    @classmethod
    def read(cls, path: Path) -> ConfigFile:
        """Read a file. Raises ConfigError when it is absent, no UTF-8 or no TOML, with the line where one is known."""
        try:
            text = path.read_bytes().decode()
        except OSError as exc:
            raise ConfigError(f"{path}: cannot be read: {exc.strerror}") from exc
        except UnicodeDecodeError as exc:
            line = exc.object.count(b"\n", 0, exc.start) + 1
            raise ConfigError(f"{path}:{line}: not UTF-8: byte 0x{exc.object[exc.start]:02x}") from exc
        return cls.parse(text.replace("\r\n", "\n"), str(path))

    @classmethod
    def parse(cls, text: str, name: str) -> ConfigFile:
        """Read a text. Raises ConfigError when it is no TOML."""
        try:
            return cls(name, tomllib.loads(text), positions(text))
        except tomllib.TOMLDecodeError as exc:
            found = _AT_LINE.match(str(exc))
            last_line = text.count("\n") + 1
            where, what = (f"{found[2]}:{found[3]}", found[1]) if found else (str(last_line), str(exc))
            raise ConfigError(f"{name}:{where}: not TOML: {what}") from exc

    def build(self, schema: type[S]) -> S:
        """Return the file as one value of a schema. Raises ConfigError with every fault."""
        if faults := self.faults(schema):
            raise ConfigError("\n".join(faults))
        return schema.model_validate(self.data)

    def faults(self, schema: type[BaseModel]) -> list[str]:
        """Return every fault against a schema, in the order of the file's lines."""
        try:
            schema.model_validate(self.data)
        except ValidationError as exc:
            faults = [(error["loc"], self._told(error, schema)) for error in exc.errors(include_url=False)]
            faults.sort(key=lambda fault: self._line(fault[0]) or 0)
            return [self.located(path, what) for path, what in faults]
        return []

    def located(self, path: KeyPath, what: str) -> str:
        """Return "file:line: key: what" for a path; the line of the nearest table where the key is absent."""
        line = self._line(path)
        where = self.name if line is None else f"{self.name}:{line}"
        key = ".".join(str(part) for part in path)
        return f"{where}: {key}: {what}" if key else f"{where}: {what}"

    def _line(self, path: KeyPath) -> int | None:
        return next((self.lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in self.lines), None)

    def _told(self, error: ErrorDetails, schema: type[BaseModel]) -> str:
        if error["type"] == "extra_forbidden":
            return f"unknown key{nearest(str(error['loc'][-1]), _keys_at(schema, error['loc'][:-1]))}"
        if error["type"] == "missing":
            return "missing; it has no default"
        what = _PYDANTIC_WORDS.sub("expected ", error["msg"].removeprefix("Value error, "))
        value = error["input"]
        return what if isinstance(value, dict | list | BaseModel) else f"{value!r}: {what}"


def nearest(key: str, valid: Sequence[str]) -> str:
    """Return "; did you mean 'x'?", or the valid keys when none is near."""
    if close := difflib.get_close_matches(key, valid, n=1, cutoff=0.5):
        return f"; did you mean '{close[0]}'?"
    return f"; expected one of {', '.join(sorted(valid))}" if valid else ""


def _keys_at(schema: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys that a schema allows at a path of keys and indexes."""
    for part in path:
        if isinstance(part, int):
            continue
        field = schema.model_fields.get(part)
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            return []
        schema = inner
    return list(schema.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {tuple, list, Union, UnionType}:
        return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)
    return None
