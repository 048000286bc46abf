"""The readable form of a check: a table by rule with counts and the worst examples, then the files' own faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from daemon.products.findings import CheckReport, Finding, by_rule, summary, visible, worst
from daemon.products.verdicts import RuleSpec, Severity

#: How severities look, in every command.
STYLES: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: "bold red",
    Severity.MAJOR: "red",
    Severity.MINOR: "yellow",
    Severity.INFO: "cyan",
}
#: Rejected rows shown; all of them are in the JSON form.
_REJECTS: Final = 20
#: Characters of a value shown.
_VALUE: Final = 80

_WORDS: Final = {
    "en": {
        "severity": "Severity", "found": "Rule and worst examples", "bad": "Bad", "unknown": "Can't tell",
        "rejects": "Rows that could not be read", "warnings": "About the files", "file": "File", "line": "Line",
        "field": "Field", "reason": "Reason", "more": "… and {n} more; --json lists all", "row": "line {n}",
        "total": "{products} products checked, {abnormal} abnormal: {severities}; {unknown} verdicts cannot tell; "
                 "{rejected} rows rejected",
        "clean": "Nothing found", "critical": "critical", "major": "major", "minor": "minor", "info": "info",
    },
    "zh": {
        "severity": "级别", "found": "规则与最严重的例子", "bad": "异常", "unknown": "无法判断",
        "rejects": "无法读取的行", "warnings": "关于文件", "file": "文件", "line": "行",
        "field": "字段", "reason": "原因", "more": "……另有 {n} 行，--json 列出全部", "row": "第 {n} 行",
        "total": "共检查 {products} 件商品，{abnormal} 件异常：{severities}；{unknown} 项无法判断；{rejected} 行被拒",
        "clean": "没有发现问题", "critical": "严重", "major": "重要", "minor": "次要", "info": "提示",
    },
}  # fmt: skip


def show(report: CheckReport, specs: Mapping[str, RuleSpec], out: TextIO, *, language: str, examples: int) -> None:
    """Write the tables. language: "en" or "zh". examples: how many to show of each rule."""
    # Text of products is never markup, and a terminal's width is the one that people see.
    console = Console(file=out, markup=False, highlight=False, emoji=False, soft_wrap=False)
    words = _WORDS[language]
    if report.findings:
        console.print(_by_rule(report, specs, words, language, examples))
    else:
        console.print(words["clean"])
    if report.rejects:
        console.print(_rejects(report, words))
    if report.warnings:
        console.print(_warnings(report, words))
    console.print(_total(report, words))


def _by_rule(
    report: CheckReport, specs: Mapping[str, RuleSpec], words: Mapping[str, str], language: str, examples: int
) -> Table:
    table = Table(box=SIMPLE_HEAD, expand=False, pad_edge=False)
    table.add_column(words["severity"], no_wrap=True)
    table.add_column(words["found"], overflow="fold", ratio=1)
    table.add_column(words["bad"], justify="right", no_wrap=True)
    table.add_column(words["unknown"], justify="right", no_wrap=True)
    chosen = worst(report.findings, examples)
    for rule, tally in by_rule(report.findings).items():
        title = specs[rule].title_zh if language == "zh" else specs[rule].title
        heading = Text.assemble((rule, "bold"), "  ", title)
        lines = [_example(finding, words) for finding in chosen[rule]]
        severity = Text(words[tally.severity], style=STYLES[tally.severity])
        table.add_row(severity, Group(heading, *lines), str(tally.bad), str(tally.unknown))
    return table


def _example(finding: Finding, words: Mapping[str, str]) -> Padding:
    place = f" ({words['row'].format(n=finding.line)})" if finding.line else ""
    text = Text.assemble((visible(finding.product) or "?", "green"), (place, "dim"), " ")
    text.append(f"{finding.field}: {visible(finding.message)}".removeprefix(": "))
    value = visible(finding.value)
    if value and value not in finding.message:
        text.append(f" [{value[:_VALUE]}]", style="dim")
    return Padding(text, (0, 0, 0, 2))


def _rejects(report: CheckReport, words: Mapping[str, str]) -> Table:
    table = Table(title=words["rejects"], title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("file", "line", "field", "reason"):
        table.add_column(words[name], overflow="fold")
    for reject in report.rejects[:_REJECTS]:
        table.add_row(visible(reject.file), str(reject.line or ""), visible(reject.field), visible(reject.reason))
    if len(report.rejects) > _REJECTS:
        table.add_row("", "", "", words["more"].format(n=len(report.rejects) - _REJECTS))
    return table


def _warnings(report: CheckReport, words: Mapping[str, str]) -> Table:
    table = Table(title=words["warnings"], title_justify="left", box=SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    several = len(report.files) > 1
    for warning in report.warnings:
        subject = visible(f"{warning.file} {warning.field}" if several else warning.field)
        table.add_row(subject, visible(warning.message))
    return table


def _total(report: CheckReport, words: Mapping[str, str]) -> Text:
    told = summary(report)
    severities = ", ".join(f"{count} {words[name]}" for name, count in told["by_severity"].items())
    return Text(words["total"].format(**told | {"severities": severities}))
