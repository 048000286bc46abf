"""Findings as a SARIF 2.1.0 log (OASIS standard, 27 March 2020), for code scanning dashboards and editors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from daemon.products.findings import CheckReport, Finding, encodable
from daemon.products.verdicts import RuleSpec, Severity

_LEVELS: Final[Mapping[Severity, str]] = {
    Severity.INFO: "note",
    Severity.MINOR: "warning",
    Severity.MAJOR: "error",
    Severity.CRITICAL: "error",
}


def log(report: CheckReport, specs: Sequence[RuleSpec], version: str, uris: Mapping[str, str]) -> dict[str, Any]:
    """Return the report as one run of a SARIF log.

    A verdict that cannot tell is of kind "open". specs: the rules that were asked. uris: a URI for each file.
    """
    index = {spec.id: number for number, spec in enumerate(specs)}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "zhiban", "version": version, "rules": [_rule(spec) for spec in specs]}},
                "columnKind": "unicodeCodePoints",
                "artifacts": [{"location": {"uri": uri}} for uri in dict.fromkeys(uris.values())],
                "invocations": [_invocation(report, uris)],
                "results": [_result(finding, index, uris) for finding in report.findings],
            }
        ],
    }


def _rule(spec: RuleSpec) -> dict[str, Any]:
    return {
        "id": spec.id,
        "shortDescription": {"text": spec.title},
        "fullDescription": {"text": f"{spec.title} ({spec.title_zh}). Reference: {spec.reference}"},
        "defaultConfiguration": {"level": _LEVELS[spec.severity]},
        "properties": {"severity": spec.severity.value, "fields": list(spec.fields)},
    }


def _result(finding: Finding, index: Mapping[str, int], uris: Mapping[str, str]) -> dict[str, Any]:
    bad = finding.verdict == "bad"
    location: dict[str, Any] = {
        "logicalLocations": [{"name": finding.product, "fullyQualifiedName": f"{finding.product}/{finding.field}"}]
    }
    if finding.file:
        location["physicalLocation"] = _physical(uris[finding.file], finding.line)
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "kind": "fail" if bad else "open",
        "level": _LEVELS[finding.severity] if bad else "none",
        "message": {"text": f"{finding.product}: {finding.message}"},
        "locations": [location],
        "properties": {
            "product": finding.product,
            "severity": finding.severity.value,
            "verdict": finding.verdict,
            "field": finding.field,
            "value": finding.value,
        },
    }


def _physical(uri: str, line: int | None) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if line is not None:
        physical["region"] = {"startLine": line}
    return physical


def _invocation(report: CheckReport, uris: Mapping[str, str]) -> dict[str, Any]:
    notes = [_notification(f"row rejected: {r.field}: {r.reason}", r.file, r.line, uris) for r in report.rejects]
    notes += [_notification(f"{w.field}: {w.message}", w.file, None, uris) for w in report.warnings]
    return {"executionSuccessful": True, "toolExecutionNotifications": notes}


def _notification(text: str, file: str, line: int | None, uris: Mapping[str, str]) -> dict[str, Any]:
    note: dict[str, Any] = {"level": "warning", "message": {"text": encodable(text)}}
    return note | {"locations": [{"physicalLocation": _physical(uris[file], line)}]} if file else note
