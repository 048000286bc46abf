from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from daemon.products import sarif
from daemon.products.findings import (
    COLUMNS,
    CheckReport,
    FileTally,
    Finding,
    by_rule,
    csv_rows,
    encodable,
    guarded,
    json_chunks,
    summary,
    visible,
    worst,
)
from daemon.products.imports import FileWarning, Reject
from daemon.products.verdicts import OK, RuleSpec, Severity, bad, unknown


def finding(rule: str = "price_missing", severity: Severity = Severity.CRITICAL, **other: Any) -> Finding:
    given: dict[str, Any] = {
        "product": "p1",
        "verdict": "bad",
        "field": "price",
        "value": "",
        "message": "no price",
        "file": "a.csv",
        "line": 2,
    }
    return Finding(rule=rule, severity=severity, **(given | other))


def report(*findings: Finding) -> CheckReport:
    return CheckReport(
        findings=list(findings),
        files=[FileTally(file="a.csv", products=10, rejected=1)],
        rejects=[Reject(file="a.csv", line=7, field="id", reason="no id", row={"title": "x"})],
        warnings=[FileWarning(file="a.csv", field="stock", message="no such column")],
        rules=("price_missing", "title_bad"),
    )


def read_json(given: CheckReport) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(b"".join(json_chunks(given)))
    return read


def test_a_finding_takes_the_words_of_its_verdict() -> None:
    made = Finding.of("p1", "price_type", Severity.MAJOR, unknown("price", "1,234", "two readings"), "a.csv", 3)
    assert (made.verdict, made.field, made.value, made.message) == ("unknown", "price", "1,234", "two readings")
    assert Finding.of("p1", "price_type", Severity.MAJOR, bad("price", "x", "no number"), "", None).verdict == "bad"


def test_the_json_form_is_one_object_with_summary_and_every_finding() -> None:
    read = read_json(report(finding(), finding("title_bad", Severity.INFO, value='a"b\n')))
    assert list(read) == ["summary", "findings"]
    assert [f["rule"] for f in read["findings"]] == ["price_missing", "title_bad"]
    assert {"product", "rule", "severity", "verdict", "field", "value", "message"} <= read["findings"][0].keys()
    assert read["findings"][1]["value"] == 'a"b\n'


def test_the_json_form_of_a_clean_check_holds_an_empty_list() -> None:
    assert read_json(CheckReport())["findings"] == []


def test_the_summary_counts_products_verdicts_and_severities() -> None:
    told = summary(
        report(finding(), finding(line=3), finding("title_bad", Severity.INFO), finding("x", verdict="unknown"))
    )
    assert (told["products"], told["abnormal"], told["bad"], told["unknown"], told["rejected"]) == (10, 2, 3, 1, 1)
    assert told["by_severity"] == {"critical": 2, "major": 0, "minor": 0, "info": 1}
    assert told["by_rule"]["price_missing"] == {"severity": "critical", "bad": 2, "unknown": 0}


def test_the_summary_names_rejected_rows_and_file_warnings() -> None:
    told = summary(report())
    assert told["rejects"] == [{"file": "a.csv", "line": 7, "field": "id", "reason": "no id"}]
    assert told["warnings"] == [{"file": "a.csv", "field": "stock", "message": "no such column"}]


def test_rules_with_nothing_certain_come_last_and_graver_ones_first() -> None:
    found = [
        finding("often_minor", Severity.MINOR), finding("often_minor", Severity.MINOR),
        finding("only_unknown", Severity.CRITICAL, verdict="unknown"), finding("once_major", Severity.MAJOR),
    ]  # fmt: skip
    assert list(by_rule(found)) == ["once_major", "often_minor", "only_unknown"]


def test_a_rule_is_shown_at_its_gravest() -> None:
    assert (
        by_rule([finding(severity=Severity.INFO), finding(severity=Severity.MAJOR)])["price_missing"].severity
        == "major"
    )


def test_examples_are_the_gravest_and_differ_from_each_other_as_far_as_they_can() -> None:
    found = [
        finding(product="a", severity=Severity.INFO, value="1"),
        finding(product="b", severity=Severity.MAJOR, value="2"),
        finding(product="c", severity=Severity.MAJOR, value="2"),
        finding(product="d", severity=Severity.CRITICAL, value="3", verdict="unknown"),
    ]
    assert [f.product for f in worst(found, 3)["price_missing"]] == ["b", "a", "d"]
    assert [f.product for f in worst(found, 4)["price_missing"]] == ["b", "a", "d", "c"]
    assert [f.product for f in worst(found, 1)["price_missing"]] == ["b"]


def test_a_report_of_unknown_verdicts_alone_has_nothing_bad() -> None:
    assert not report(finding(verdict="unknown")).has_bad
    assert report(finding(verdict="unknown"), finding()).has_bad


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_is_guarded(start: str) -> None:
    assert guarded(f"{start}1+1") == f"'{start}1+1"


def test_other_cells_stay_as_they_are() -> None:
    assert [guarded(c) for c in ("", "a=b", "12", "'x")] == ["", "a=b", "12", "'x"]


def test_the_csv_form_reads_back_with_one_row_a_finding() -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(csv_rows(report(finding(value="=1+1", message='say "x",\nthen'), finding(line=None))))
    rows = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert rows[1][5:7] == ["'=1+1", 'say "x",\nthen']
    assert rows[2][-1] == ""


def test_an_unpaired_surrogate_becomes_its_escape_and_the_rest_stays() -> None:
    assert encodable("茶\ud800 café") == "茶\\ud800 café"
    assert Finding.of("a\udcff", "r", Severity.INFO, bad("title", "\ud83d", "m"), "", None).product == "a\\udcff"
    read_json(report(Finding.of("a\udcff", "r", Severity.INFO, bad("title", "\ud83d", "m"), "", None)))


def test_a_terminal_is_shown_nothing_that_it_would_obey() -> None:
    assert visible("a\x1b[31mb\u202ec\nd\u200b") == "a\\u001b[31mb\\u202ec d\\u200b"
    assert visible("👩\u200d👧 茶 ok") == "👩\u200d👧 茶 ok"


SPECS = [
    RuleSpec(
        id=rule, title=rule, title_zh="规则", fields=("price",), severity=severity, check=lambda *_: OK, reference="ref"
    )
    for rule, severity in (("price_missing", Severity.CRITICAL), ("title_bad", Severity.INFO))
]


def test_the_sarif_form_says_fail_for_bad_and_open_for_unknown() -> None:
    log = sarif.log(
        report(finding(), finding("title_bad", Severity.INFO), finding(verdict="unknown", line=None)),
        SPECS, "1.0", {"a.csv": "file:///a.csv"},
    )  # fmt: skip
    results = log["runs"][0]["results"]
    assert [(r["kind"], r["level"], r["ruleIndex"]) for r in results] == [
        ("fail", "error", 0),
        ("fail", "note", 1),
        ("open", "none", 0),
    ]
    assert results[0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "file:///a.csv"},
        "region": {"startLine": 2},
    }
    assert "region" not in results[2]["locations"][0]["physicalLocation"]


def test_the_sarif_form_carries_rejects_and_warnings_as_notifications() -> None:
    notes = sarif.log(report(), SPECS, "1.0", {"a.csv": "a.csv"})["runs"][0]["invocations"][0][
        "toolExecutionNotifications"
    ]
    assert [n["message"]["text"] for n in notes] == ["row rejected: id: no id", "stock: no such column"]


def test_a_finding_of_the_catalogue_has_no_physical_location_in_sarif() -> None:
    log = sarif.log(CheckReport(findings=[finding(file="", line=None)]), SPECS, "1.0", {})
    assert list(log["runs"][0]["results"][0]["locations"][0]) == ["logicalLocations"]
