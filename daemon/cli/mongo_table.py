"""The readable form of an inspection: a table for each document, what the rules say of it, then what all have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TextIO

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from daemon.adapters.mongo.inspecting import Inspected, Origin, Row, Trial
from daemon.adapters.mongo.kinds import kind_of, shown
from daemon.cli.check_table import STYLES
from daemon.cli.mongo_run import Finding, Inspection, Judged
from daemon.cli.mongo_summary import changes, summarised
from daemon.cli.mongo_words import WORDS
from daemon.products.findings import visible
from daemon.products.phrases import Language
from daemon.products.product import Unparsed
from daemon.products.translations import translated, translated_value
from daemon.products.verdicts import Outcome

#: Narrower and wider than which a table of a document is not made, in columns of a terminal.
_NARROW, _WIDE = 60, 120
#: Keys that no path reads which are shown of one document.
_KEYS: Final = 12


def show(found: Inspection, out: TextIO, *, language: Language) -> None:
    """Write what was found, for people."""
    console = Console(file=out, markup=False, highlight=False, emoji=False, soft_wrap=False)
    words = WORDS[language]
    how = words["how.chance" if found.sample.chosen else "how.first"]
    title = words["title"].format(
        name=visible(found.name), size=found.sample.size, read=found.sample.read, how=how, shown=len(found.judged)
    )
    console.print(Text(title, style="bold"))
    width = min(max(console.width, _NARROW), _WIDE)
    for one in found.judged:
        console.print()
        for part in _document(one, words, language, width):
            console.print(part, width=width)
    console.print()
    for part in summarised(found, words, language):
        console.print(part, width=width)


def _document(one: Judged, words: Mapping[str, str], language: Language, width: int) -> Iterator[Any]:
    name = Text(visible(one.document.id), style="bold green")
    yield Rule(name, align="left", style="dim")
    if one.document.product is None:
        yield Text(words["rejected"].format(reason=translated(one.document.reason, language)), style="bold red")
        return
    yield _rows(one.document.rows, words, language, width)
    yield from _lines(one.document, words, width)
    if not one.findings:
        yield Text(words["clean"])
    for finding in one.findings:
        yield _finding(finding, words, language)
    if one.remedy is not None:
        yield Padding(_remedy(one.remedy, words[f"mode.{one.mode}"], words, language), (0, 0, 0, 2), expand=False)


def _rows(rows: Sequence[Row], words: Mapping[str, str], language: Language, width: int) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column(words["field"], no_wrap=True)
    table.add_column(words["path"], overflow="fold", max_width=width // 5)
    table.add_column(words["lying"], overflow="fold", ratio=3)
    table.add_column(words["value"], overflow="fold", ratio=2)
    for row in rows:
        if row.name != "id" and row.origin is not Origin.ABSENT:
            lying = Text()
            if row.path:
                lying = _lying(row.lying, width // 2)
            table.add_row(row.name, visible(row.path), lying, _value(row, words, language, width))
    return table


def _lying(value: Any, width: int) -> Text:
    kind, line = kind_of(value), shown(value, width)
    return Text.assemble((kind, "cyan"), "" if line == kind else f" {line}")


def _value(row: Row, words: Mapping[str, str], language: Language, width: int) -> Text:
    value = row.value
    if isinstance(value, Unparsed):
        return Text(words["ambiguous" if value.ambiguous else "unreadable"], style="bold red")
    if row.origin in {Origin.BLANK, Origin.UNRESOLVED}:
        collections = ", ".join(row.looked_up) or "?"
        return Text(words[f"origin.{row.origin}"].format(collections=visible(collections)), style="yellow")
    told = translated_value(row.name, _told(row.name, value, words, width // 3), language)
    if row.origin is Origin.DOCUMENT:
        same = type(row.lying) is str and isinstance(value, str) and value == row.lying and row.name != "status"
        return Text(words["same"], style="dim") if same else Text(told)
    style = "yellow" if row.origin is Origin.UNRELATED else "dim"
    return Text(words[f"origin.{row.origin}"].format(value=told), style=style)


def _told(name: str, value: Any, words: Mapping[str, str], width: int) -> str:
    if name == "images":
        told = words["images" if len(value) > 1 else "image"]
        return told.format(
            n=len(value), first=visible(value[0][: width + 20]) + ("…" if len(value[0]) > width + 20 else "")
        )
    if name == "variants":
        return words["variants"].format(n=len(value))
    if isinstance(value, bool):
        return words["yes" if value else "no"]
    text = shown(value, width)
    return text.strip('"') if name in {"status", "currency", "availability", "owner"} else text


def _lines(one: Inspected, words: Mapping[str, str], width: int) -> Iterator[Text]:
    absent = [row.name for row in one.rows if row.origin is Origin.ABSENT]
    if absent:
        yield Text(words["absent"].format(names=", ".join(absent)), style="dim")
    if one.leftovers:
        keys = [
            f"{visible(left.key)[:60] or chr(34) * 2} ({left.kind} {shown(left.value, width // 6)})"
            for left in one.leftovers[:_KEYS]
        ]
        more = f", … {len(one.leftovers)}" if len(one.leftovers) > _KEYS else ""
        yield Text(words["unread"].format(keys=", ".join(keys) + more), style="yellow")


def _finding(finding: Finding, words: Mapping[str, str], language: Language) -> Text:
    spec, verdict = finding.rule.spec, finding.verdict
    is_bad = verdict.outcome is Outcome.BAD
    severity = words[finding.severity] if is_bad else words["unknown"]
    text = Text.assemble((severity, STYLES[finding.severity] if is_bad else "dim"), " ", (spec.id, "bold"), "  ")
    message = visible(translated(verdict.message, language))
    text.append(f"{verdict.field}: {message}".removeprefix(": "))
    return text


def _remedy(trial: Trial, mode: str, words: Mapping[str, str], language: Language) -> Text:
    if trial.refusal:
        reason = visible(translated(trial.refusal, language))
        return Text(words["remedy.impossible"].format(kind=trial.kind, mode=mode, reason=reason), style="yellow")
    if not trial.change:
        reason = words["same_word"]
        return Text(words["remedy.nothing"].format(kind=trial.kind, mode=mode, reason=reason), style="yellow")
    change, undo = changes(trial.change, words), changes(trial.undo, words)
    text = Text(words["remedy"].format(kind=trial.kind, mode=mode, change=change, undo=undo))
    if trial.was:
        text.append(words["remedy.was"].format(was=changes({"$set": trial.was}, words)), style="yellow")
    return text
