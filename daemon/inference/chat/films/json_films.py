"""JSON lists of films."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from daemon.errors import UnreadableFile
from daemon.inference.chat.films.importing import check_size


def files_of(path: Path) -> list[Path]:
    """Return a file, or all JSON files of a folder. Raises UnreadableFile where there is none."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise UnreadableFile(f"{path} holds no JSON file")
    return files


def entries_of(file: Path) -> list[Any]:
    """Return the list that a file holds. Raises UnreadableFile where it holds none, OSError."""
    check_size(file)
    try:
        entries = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"{file} is no JSON: {str(error)[:200]}") from error
    if not isinstance(entries, list):
        raise UnreadableFile(f"{file} holds no list of films")
    return entries


def text_of(value: Any) -> str:
    """Return a text, "" for anything else."""
    return plain(value).strip() if isinstance(value, str) else ""


def plain(text: str) -> str:
    """Return text without lone surrogates, which JSON can write and no file can hold."""
    return text.encode("utf-8", "ignore").decode()
