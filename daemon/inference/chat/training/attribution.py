"""Whom the corpora of a model are by, and their licences: a text that goes wherever the model goes."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from daemon.inference.chat.training.corpora import known
from daemon.inference.chat.training.preparation import Source

#: The licence of a corpus that names none: whoever has it says what may be done with it.
OWN: Final = "LicenseRef-own-corpus"
_HEAD: Final = """\
What this model was made of, and by whom

The network was trained on the corpora below, and its index of replies holds sentences of them. What was taken was
changed: texts were brought to one form and cleaned; turns with personal data, insults and the like, bland replies,
duplicates, and the dialogues that are used for measuring were left out; dialogues were cut into pairs of what was said
and what was replied. Nobody named below has endorsed the model or this program.
"""


class Attribution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a corpus is by. copyright: as its own licence file has it, "" where that names nobody."""

    title: str
    authors: str
    copyright: str = ""
    paper: str = ""


def notices_of(sources: Sequence[Source]) -> str:
    """Return the notices that a model of some corpora comes with, the text of each licence once."""
    parts = [_HEAD, *(_notice(number, source) for number, source in enumerate(sources, 1))]
    texts = {one.licence: text for one in sources if (text := _licence_text(one.licence))}
    parts += [f"{'-' * 76}\n{name}\n\n{text}" for name, text in texts.items()]
    return "\n".join(parts)


def licence_of(sources: Sequence[Source]) -> str:
    """Return the SPDX expression of a model of some corpora."""
    return " AND ".join(dict.fromkeys(source.licence or OWN for source in sources))


def _notice(number: int, source: Source) -> str:
    found = _attributions().get(source.name)
    corpus = known().get(source.name)
    lines = {
        "": f"{found.title} ({source.name})" if found else source.name,
        "authors": found.authors if found else "",
        "copyright": found.copyright if found else "",
        "paper": found.paper if found else "",
        "source": source.source,
        "version": corpus.version if corpus else "",
        "commit": source.commit,
        "licence": source.licence or f"{OWN}: a corpus of one's own; whoever packaged this model answers for it",
        "sha256": source.sha256,
    }
    told = [_line(name, text) for name, text in lines.items() if text]
    return f"{number}. " + "\n".join(told).lstrip() + "\n"


def _line(name: str, text: str) -> str:
    start = f"   {name}: " if name else "   "
    return textwrap.fill(
        text, 118, initial_indent=start, subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
    )


def _licence_text(name: str) -> str:
    path = files(__package__).joinpath("licences", f"{name}.txt")
    return path.read_text(encoding="utf-8") if name and path.is_file() else ""


@cache
def _attributions() -> Mapping[str, Attribution]:
    table = tomllib.loads(files(__package__).joinpath("attribution.toml").read_text(encoding="utf-8"))
    return msgspec.convert(table, dict[str, Attribution])
