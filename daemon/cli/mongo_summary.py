"""What inspected documents have in common, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from daemon.adapters.mongo.kinds import kind_of, shown
from daemon.adapters.mongo.overview import Overview, TrialTally, WordTally
from daemon.cli.mongo_run import Inspection
from daemon.products.findings import visible
from daemon.products.phrases import Language
from daemon.products.product import Status
from daemon.products.translations import translated, translated_value
from daemon.products.verdicts import RemedyKind

#: Keys that no path reads which are shown of all documents.
_KEYS: Final = 30
#: Where values come from that no path has.
_NOT_PATHS: Final = frozenset({"(configured)", "(id)", "(price)"})


def summarised(found: Inspection, words: Mapping[str, str], language: Language) -> Iterator[Any]:
    """Yield what to print, part by part."""
    over = found.overview
    yield Rule(Text(words["summary"].format(n=over.documents), style="bold"), align="left", style="dim")
    if over.rejected:
        yield Text(words["summary.rejected"].format(n=over.rejected), style="bold red")
    if unnamed := found.sample.unnamed:
        told = words["summary.unnamed"].format(n=len(unnamed), first=visible(unnamed[0].shown))
        yield Text(told, style="bold red")
    yield _paths(over, words)
    absent = [name for name, paths in over.paths.items() if not paths]
    if absent:
        yield Text(words["absent"].format(names=", ".join(absent)), style="dim")
    if over.unread:
        yield Text(words["unread.all"].format(keys=_keys(over)), style="yellow")
    yield Text()
    yield _statuses(over, words, language)
    yield from _trials(found, words, language)
    if found.left_out:
        rules = ", ".join(f"{rule} ({words[f'needs.{needs}']})" for rule, needs in found.left_out.items())
        yield Text(words["left_out"].format(rules=rules), style="dim")
    yield Text(words["next"], style="dim")


def changes(operators: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Return update operators as people read them: ∅ is nothing, and the only time that a remedy sets is now."""
    parts = [
        f"{visible(path)} = {words['now'] if isinstance(value, datetime) else shown(value, 40)}"
        for path, value in operators.get("$set", {}).items()
    ]
    return ", ".join([*parts, *(f"{visible(path)} = ∅" for path in operators.get("$unset", {}))])


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _paths(over: Overview, words: Mapping[str, str]) -> Table:
    table = _table(words["field"], words["count"], words["by_path"])
    read = over.documents - over.rejected
    for name, paths in over.paths.items():
        if paths and name != "id":
            had = sum(paths.values())
            by_path = ", ".join(f"{_where(path, words)} {count}" for path, count in sorted(paths.items(), key=_most))
            table.add_row(name, Text(f"{had}/{read}", style="" if had == read else "yellow"), by_path)
    return table


def _where(path: str, words: Mapping[str, str]) -> str:
    return words[path] if path in _NOT_PATHS else visible(path)


def _most(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _keys(over: Overview) -> str:
    told = [
        f"{visible(key)[:60] or chr(34) * 2} {sum(kinds.values())} ({', '.join(kinds)})"
        for key, kinds in list(over.unread.items())[:_KEYS]
    ]
    return ", ".join(told) + (f", … {len(over.unread)}" if len(over.unread) > _KEYS else "")


def _statuses(over: Overview, words: Mapping[str, str], language: Language) -> Table:
    table = _table(words["status.word"], words["status.count"], words["status.meaning"])
    for word in over.words:
        table.add_row(f"{kind_of(word.word)} {shown(word.word)}", str(word.documents), _meaning(word, words, language))
    if over.wordless:
        listed = _status(Status.LISTED, language)
        taken = Text(words["status.taken"].format(status=listed), style="yellow")
        table.add_row(words["status.none"], str(over.wordless), taken)
    return table


def _meaning(word: WordTally, words: Mapping[str, str], language: Language) -> Text:
    if not word.meanings:
        return Text(words["status.unknown"], style="bold red")
    first, *others = (_status(status, language) for status in word.meanings)
    told = words["status.also"].format(status=first, others=", ".join(others)) if others else first
    certain = words["status.told" if word.told else "status.guessed"].format(status=told)
    return Text(certain, style="" if word.told else "yellow")


def _status(status: Status, language: Language) -> str:
    return translated_value("status", status.value, language)


def _trials(found: Inspection, words: Mapping[str, str], language: Language) -> Iterator[Any]:
    trials = found.overview.trials
    tried = max(one.tried for one in trials.values())
    yield Text()
    if not tried:
        yield Text(words["trials.none"])
        return
    yield Text(words["trials"].format(n=tried, mode=found.mode))
    for kind, one in trials.items():
        if one.example is not None:
            change = changes(one.example.change, words) or words["same_word"]
            yield _indented(words["trial.possible"].format(kind=kind, n=one.possible, tried=one.tried, change=change))
    for (reason, count), kinds in _refusals(trials).items():
        why = visible(translated(reason, language))
        told = words["trial.refused"].format(kind=", ".join(kinds), n=count, tried=tried, reason=why)
        yield _indented(told, "yellow")


def _refusals(trials: Mapping[RemedyKind, TrialTally]) -> Mapping[tuple[str, int], list[str]]:
    """Return which remedies were refused for a reason, so many times each."""
    found: dict[tuple[str, int], list[str]] = {}
    for kind, one in trials.items():
        for refused in one.refusals.items():
            found.setdefault(refused, []).append(kind.value)
    return found


def _indented(line: str, style: str = "") -> Padding:
    return Padding(Text(line, style=style), (0, 0, 0, 2), expand=False)
