from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.cli.check import check
from daemon.products.rules import SPECS
from daemon.products.verdicts import Needs

HEADER = "id,title,price,currency,category,image,stock,link,description,brand,sku,gtin,status\n"
GOOD = "a,Green Tea,12.50,EUR,Tea,https://x.example/a.jpg,5,,Fresh,Leaf,S1,,listed\n"
NO_PRICE = "b,Black Tea,,EUR,Tea,https://x.example/b.jpg,5,,Fresh,Leaf,S2,,listed\n"
SHOUTING = "c,VERY LOUD BLACK TEA,9.00,EUR,Tea,https://x.example/c.jpg,5,,Fresh,Leaf,S3,,listed\n"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def written(*rows: str, name: str = "shop.csv", header: str = HEADER) -> str:
        path = tmp_path / name
        path.write_text(header + "".join(rows), encoding="utf-8")
        return str(path)

    return written


def run(*arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(check, ["--offline", *arguments], input=stdin, env=env)


def read(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_a_clean_file_ends_with_status_0(write: Any) -> None:
    result = run(write(GOOD))
    assert result.exit_code == 0
    assert "Nothing found" in result.stdout


def test_anything_bad_ends_with_status_1_and_is_shown_with_its_product_and_line(write: Any) -> None:
    result = run(write(GOOD, NO_PRICE))
    assert result.exit_code == 1
    assert "price_missing" in result.stdout
    assert "b (line 3) price: no price" in result.stdout
    assert result.stderr == ""


def test_json_is_alone_on_standard_output_and_lists_every_finding(write: Any) -> None:
    told = read(run("--json", write(GOOD, NO_PRICE, SHOUTING)))
    assert list(told) == ["summary", "findings"]
    assert [(f["product"], f["rule"], f["severity"], f["verdict"], f["field"]) for f in told["findings"]] == [
        ("b", "price_missing", "critical", "bad", "price"),
        ("c", "title_shouting", "info", "bad", "title"),
    ]
    assert told["findings"][1]["value"] == "VERY LOUD BLACK TEA"
    assert told["summary"]["products"] == 3
    assert told["summary"]["by_rule"]["price_missing"]["bad"] == 1


def test_severity_leaves_out_what_is_below_it_and_its_exit_status(write: Any) -> None:
    path = write(GOOD, SHOUTING)
    assert run(path).exit_code == 1
    result = run("--json", "--severity", "major", path)
    assert result.exit_code == 0
    assert read(result)["findings"] == []


def test_an_unknown_verdict_alone_is_listed_and_ends_with_status_0(write: Any) -> None:
    result = run("--json", "--rules", "price_type", write(GOOD.replace("12.50", '"1,250"')))
    assert result.exit_code == 0
    (finding,) = read(result)["findings"]
    assert (finding["verdict"], finding["value"]) == ("unknown", "1,250")


def test_a_locale_decides_what_no_one_could_tell(write: Any) -> None:
    result = run("--json", "--locale", "en_US", "--rules", "price_type", write(GOOD.replace("12.50", '"1,250"')))
    assert read(result)["findings"] == []


def test_only_the_rules_that_were_named_are_asked(write: Any) -> None:
    told = read(run("--json", "--rules", " title_shouting ,gtin_bad", write(NO_PRICE, SHOUTING)))
    assert {f["rule"] for f in told["findings"]} == {"title_shouting"}
    assert sorted(told["summary"]["rules"]) == ["gtin_bad", "title_shouting"]


def test_offline_leaves_out_the_rules_that_need_the_network(write: Any) -> None:
    asked = read(run("--json", write(GOOD)))["summary"]["rules"]
    assert asked == [spec.id for spec in SPECS if spec.needs is not Needs.EVIDENCE]


def test_a_rule_that_does_not_exist_is_a_usage_error_with_the_nearest_one(write: Any) -> None:
    result = run("--rules", "price_mising", write(GOOD))
    assert result.exit_code == 2
    assert 'did you mean "price_missing"' in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rules", " , "],
        ["--map", "title"],
        ["--map", "titel=Name"],
        ["--map", "title="],
        ["--currency", "euro"],
        ["--timezone", "Asia/Nowhere"],
        ["--locale", "!"],
        ["--time-limit", "soon"],
        ["--severity", "huge"],
        ["--json", "--format", "csv"],
        ["--config", "/nowhere.toml"],
    ],
)
def test_wrong_usage_ends_with_status_2_and_says_why(write: Any, arguments: list[str]) -> None:
    result = run(*arguments, write(GOOD))
    assert result.exit_code == 2
    assert result.stderr
    assert result.stdout == ""


def test_a_file_that_cannot_be_read_ends_with_status_2_and_the_others_are_checked(write: Any, tmp_path: Path) -> None:
    binary = tmp_path / "image.csv"
    binary.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    result = run("--json", str(tmp_path / "none.csv"), str(binary), write(NO_PRICE))
    assert result.exit_code == 2
    assert "none.csv" in result.stderr
    assert "image.csv" in result.stderr
    assert [f["product"] for f in read(result)["findings"]] == ["b"]


def test_rejected_rows_are_reported_and_do_not_make_status_2(write: Any) -> None:
    result = run("--json", write(GOOD, GOOD))
    assert result.exit_code == 0
    summary = read(result)["summary"]
    assert (summary["products"], summary["rejected"]) == (1, 1)
    assert summary["rejects"][0]["line"] == 3
    table = run(write(GOOD, GOOD))
    assert "Rows that could not be read" in table.stdout
    assert table.stderr == ""


def test_a_column_absent_from_the_whole_file_is_one_warning_and_no_finding(write: Any) -> None:
    path = write("a,Tea\n", "b,More Tea\n", header="id,title\n")
    told = read(run("--json", path))
    assert told["findings"] == []
    warned = [warning["field"] for warning in told["summary"]["warnings"]]
    assert len(warned) == len(set(warned))
    assert {"price", "currency", "image", "category"} <= set(warned)
    assert "About the files" in run(path).stdout


def test_products_go_by_id_then_sku_then_row_number(write: Any) -> None:
    by_sku = write("S9,\n", name="sku.csv", header="sku,title\n")
    by_row = write("Tea,\n", ",x\n", name="row.csv", header="title,brand\n")
    told = read(run("--json", "--rules", "title_bad", by_sku, by_row))
    assert [f["product"] for f in told["findings"]] == ["S9", "2"]


def test_a_duplicate_is_found_within_a_file_and_not_across_files(write: Any) -> None:
    twin = NO_PRICE.replace("b,", "z,", 1)
    within = read(run("--json", "--rules", "duplicate_key", write(NO_PRICE, twin)))
    assert [f["product"] for f in within["findings"]] == ["b", "z"]
    across = read(run("--json", "--rules", "duplicate_key", write(NO_PRICE), write(twin, name="other.csv")))
    assert across["findings"] == []


def test_columns_can_be_mapped_and_the_currency_filled_in(write: Any) -> None:
    path = write("a,Tea,5.00\n", header="id,Bezeichnung,Betrag XY\n")
    told = read(run("--json", "--map", "title=Bezeichnung", "--map", "price=Betrag XY", "--currency", "JPY", path))
    assert [f["rule"] for f in told["findings"]] == []
    absent = {warning["field"] for warning in told["summary"]["warnings"]}
    assert not {"title", "price", "currency"} & absent


def test_a_configuration_sets_severities_and_switches_rules_off(write: Any, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[rules.title_shouting]\nseverity = "critical"\n[rules.price_missing]\nenabled = false\n')
    told = read(run("--json", "--config", str(config), write(NO_PRICE, SHOUTING)))
    assert [(f["rule"], f["severity"]) for f in told["findings"]] == [("title_shouting", "critical")]


def test_a_broken_configuration_is_a_usage_error(write: Any, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[rules.price_mising]\nenabled = false\n")
    result = run("--config", str(config), write(GOOD))
    assert result.exit_code == 2
    assert "price_mising" in result.stderr


def test_standard_input_is_read_and_named(write: Any) -> None:
    result = run("--json", "-", stdin=(HEADER + NO_PRICE).encode())
    assert result.exit_code == 1
    assert read(result)["findings"][0]["file"] == "standard input"


def test_a_pipe_is_read_though_it_cannot_be_read_twice(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, (HEADER + NO_PRICE).encode())
    os.close(writing)
    try:
        result = run("--json", f"/dev/fd/{reading}")
    finally:
        os.close(reading)
    assert [f["product"] for f in read(result)["findings"]] == ["b"]


def test_the_csv_form_guards_formulas(write: Any) -> None:
    result = run("--format", "csv", write(NO_PRICE.replace("b,", "=b,", 1)))
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["product"], row["rule"]) for row in rows] == [("'=b", "price_missing")]
    assert result.exit_code == 1


def test_the_sarif_form_names_rules_lines_and_a_relative_file(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(write(GOOD, NO_PRICE, name="my shop.csv"))
    monkeypatch.chdir(path.parent)
    log = json.loads(run("--format", "sarif", path.name).stdout)
    (result,) = log["runs"][0]["results"]
    assert log["version"] == "2.1.0"
    assert result["ruleId"] == "price_missing"
    assert log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "price_missing"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "my%20shop.csv"},
        "region": {"startLine": 3},
    }


def test_the_table_fits_a_narrow_terminal_in_chinese(write: Any) -> None:
    row = 'd,"全网最低价 高山云雾茶 明前特级手工炒制礼盒装送礼自用皆宜",,EUR,茶叶,https://x.example/d.jpg,5,,好茶,山岚,S4,,listed\n'
    result = run(write(row), env={"COLUMNS": "60", "LANG": "zh_CN.UTF-8", "LC_ALL": ""})
    assert "缺少价格" in result.stdout
    assert "共检查 1 件商品" in result.stdout
    wide = [sum(2 if ord(c) > 0x2E80 else 1 for c in line) for line in result.stdout.splitlines()]
    assert max(wide) <= 60


def test_text_of_products_is_no_markup_and_no_command_of_the_terminal(write: Any) -> None:
    row = NO_PRICE.replace("b,Black Tea", '"[red]b\x1b]0;owned\x07",[/]VERY LOUD BLACK TEA')
    result = run(write(row))
    assert "[red]b" in result.stdout
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout


def test_text_that_utf_8_cannot_carry_is_shown_by_its_escape_in_every_form(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    path.write_text('[{"id": "a", "title": "Tea \\ud800", "price": "1.00", "currency": "EUR"}]')
    (finding,) = read(run("--json", "--rules", "text_encoding", str(path)))["findings"]
    assert finding["value"] == "Tea \\ud800"
    for form in ("table", "csv", "sarif"):
        assert run("--format", form, "--rules", "text_encoding", str(path)).exit_code == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: (HEADER + text).encode("utf-8", "replace")))
def test_any_bytes_end_with_a_status_of_the_three(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    result = run("--json", str(path))
    assert result.exit_code in {0, 1, 2}, result.exception
    assert (result.exit_code == 2) == bool(result.stderr)
    assert set(read(result)) == {"summary", "findings"}


def test_it_needs_no_state_directory_and_leaves_nothing_behind(write: Any, tmp_path: Path) -> None:
    path = write(GOOD)
    run(path, env={"STATE_DIRECTORY": str(tmp_path / "state")})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["shop.csv"]


def test_without_a_file_and_without_a_catalogue_it_says_so(tmp_path: Path) -> None:
    result = run(env={"STATE_DIRECTORY": str(tmp_path / "state")})
    assert result.exit_code == 2
    assert "no catalogue" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("form", ["table", "json", "sarif", "csv"])
def test_output_that_cannot_be_written_is_a_line_and_not_a_crash(write: Any, form: str) -> None:
    path = write("a,Tea,0\n", header="id,title,price\n")
    command = [sys.executable, "-m", "daemon", "check", "--offline", "--format", form, path]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.decode() == "zhiban check: standard output: No space left on device\n"


def test_a_reader_that_goes_away_is_no_error(write: Any, tmp_path: Path) -> None:
    path = write(*(NO_PRICE.replace("b,", f"b{n},", 1).replace("S2", f"T{n}") for n in range(3000)))
    command = f"{sys.executable} -m daemon check --offline --json {path} | head -c 100; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False, timeout=60)
    assert len(done.stdout) == 100
    assert done.stderr == b""
    assert done.returncode == 1


def _heeds_interrupts() -> None:
    """Let a child be interrupted, also where tests run in the background of a shell, which ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_an_interrupt_ends_with_status_130_and_without_a_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "daemon", "check", "--offline", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=_heeds_interrupts,  # noqa: PLW1509 no thread of a test takes a lock that this needs
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(HEADER.encode() * 20_000)  # more than a pipe holds: the command reads by now
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
