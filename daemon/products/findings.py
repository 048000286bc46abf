"""What a check found, as data: findings, their summary, and the forms that people and machines read them in."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import msgspec

from daemon.products.imports import FileWarning, Reject
from daemon.products.verdicts import Outcome, Severity, Verdict

#: Columns of the CSV form, and the first keys of a finding in the JSON form.
COLUMNS: Final = ("product", "rule", "severity", "verdict", "field", "value", "message", "file", "line")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One rule's word on one product of a file, when it is not a good one."""

    product: str  # the file's own id, a Shopify handle, else sku, else row number
    rule: str
    severity: Severity
    verdict: Literal["bad", "unknown"]
    field: str
    value: str  # as the file has it, at most 200 characters
    message: str
    file: str = ""  # "" for a product of the catalogue
    line: int | None = None  # 1-based

    @classmethod
    def of(cls, product: str, rule: str, severity: Severity, verdict: Verdict, file: str, line: int | None) -> Finding:
        """Make a finding of a bad or unknown verdict."""
        return cls(
            product=encodable(product),
            rule=rule,
            severity=severity,
            verdict="bad" if verdict.outcome is Outcome.BAD else "unknown",
            field=verdict.field,
            value=encodable(verdict.value),
            message=encodable(verdict.message),
            file=file,
            line=line,
        )


class FileTally(msgspec.Struct, kw_only=True):
    """What was read of one file."""

    file: str
    products: int = 0
    rejected: int = 0


class RuleTally(msgspec.Struct, kw_only=True):
    """How often one rule spoke. severity: the highest among its findings."""

    severity: Severity
    bad: int = 0
    unknown: int = 0


class CheckReport(msgspec.Struct, kw_only=True):
    """Outcome of one check over files or the catalogue."""

    findings: list[Finding] = msgspec.field(default_factory=list)
    files: list[FileTally] = msgspec.field(default_factory=list)
    rejects: list[Reject] = msgspec.field(default_factory=list)
    warnings: list[FileWarning] = msgspec.field(default_factory=list)
    rules: tuple[str, ...] = ()  # ids of the rules that were asked

    @property
    def products(self) -> int:
        """How many products were judged."""
        return sum(tally.products for tally in self.files)

    @property
    def has_bad(self) -> bool:
        """Tell whether anything is certainly wrong."""
        return any(finding.verdict == "bad" for finding in self.findings)


def by_rule(findings: Iterable[Finding]) -> dict[str, RuleTally]:
    """Count findings by rule, gravest rules first, then the most frequent ones."""
    tallies: dict[str, RuleTally] = {}
    for finding in findings:
        tally = tallies.setdefault(finding.rule, RuleTally(severity=finding.severity))
        if finding.verdict == "bad":
            tally.bad += 1
        else:
            tally.unknown += 1
        if finding.severity.rank > tally.severity.rank:
            tally.severity = finding.severity
    order = sorted(tallies.items(), key=lambda item: (not item[1].bad, -item[1].severity.rank, -item[1].bad, item[0]))
    return dict(order)


def worst(findings: Iterable[Finding], limit: int) -> dict[str, list[Finding]]:
    """Return, for each rule, its gravest findings: bad before unknown, then in the order of the file.

    Of findings that say the same in the same words, the first goes before all repetitions.
    """
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.rule, []).append(finding)
    return {rule: _examples(same_rule, limit) for rule, same_rule in found.items()}


def _examples(findings: list[Finding], limit: int) -> list[Finding]:
    chosen: list[Finding] = []
    repeated: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for finding in sorted(findings, key=lambda f: (f.verdict != "bad", -f.severity.rank)):
        told = (finding.value, finding.message)
        (repeated if told in seen else chosen).append(finding)
        seen.add(told)
    return [*chosen, *repeated][:limit]


def summary(report: CheckReport) -> dict[str, Any]:
    """Return the summary of a report for machines, rejected rows and warnings about files included."""
    verdicts = Counter(finding.verdict for finding in report.findings)
    severities = Counter(finding.severity for finding in report.findings if finding.verdict == "bad")
    return {
        "products": report.products,
        "abnormal": len({(f.file, f.line, f.product) for f in report.findings if f.verdict == "bad"}),
        "bad": verdicts["bad"],
        "unknown": verdicts["unknown"],
        "rejected": sum(tally.rejected for tally in report.files),
        "by_severity": {severity.value: severities[severity] for severity in reversed(Severity)},
        "by_rule": {rule: msgspec.structs.asdict(tally) for rule, tally in by_rule(report.findings).items()},
        "rules": list(report.rules),
        "files": [msgspec.structs.asdict(tally) for tally in report.files],
        "rejects": [
            {"file": r.file, "line": r.line, "field": r.field, "reason": encodable(r.reason)} for r in report.rejects
        ],
        "warnings": [
            {"file": w.file, "field": encodable(w.field), "message": encodable(w.message)} for w in report.warnings
        ],
    }


def json_chunks(report: CheckReport) -> Iterator[bytes]:
    """Yield the report as one JSON object with `summary` and `findings`, in pieces, a finding a line."""
    yield b'{"summary":' + msgspec.json.encode(summary(report)) + b',\n"findings":['
    for number, finding in enumerate(report.findings):
        yield (b",\n" if number else b"\n") + msgspec.json.encode(finding)
    yield b"\n]}\n"


def csv_rows(report: CheckReport) -> Iterator[tuple[str, ...]]:
    """Yield a heading and a row for each finding; cells that a spreadsheet would run are guarded."""
    yield COLUMNS
    for finding in report.findings:
        values = msgspec.structs.asdict(finding)
        yield tuple(guarded("" if values[name] is None else str(values[name])) for name in COLUMNS)


def guarded(cell: str) -> str:
    """Set an apostrophe before a cell that a spreadsheet would take for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


def encodable(text: str) -> str:
    r"""Return text that UTF-8 can carry: an unpaired surrogate becomes its escape, such as \ud800."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def visible(text: str) -> str:
    r"""Return text in one line that a terminal cannot obey: controls and direction marks become escapes.

    White space is folded; joiners stay, for emoji and scripts that need them.
    """
    folded = " ".join(text.split())
    return "".join(c if _harmless(c) else f"\\u{ord(c):04x}" for c in folded)


def _harmless(character: str) -> bool:
    return character in "\u200c\u200d" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
