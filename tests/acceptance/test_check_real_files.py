"""`zhiban check` on real catalogues, against counts made straight from the files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from daemon.cli.check import check

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "products"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real catalogues are not beside this checkout")
FILES = ["shopee", "lazada", "shein", "shopify-apparel", "shopify-home-and-garden", "shopify-jewelery"]
FINDING = {"product", "rule", "severity", "verdict", "field", "value", "message"}
PRICE_RULES = {"price_missing", "price_type", "price_nonpositive", "sale_not_lower", "price_below_cost", "price_jump"}


def checked(name: str) -> dict[str, Any]:
    result = CliRunner().invoke(check, ["--offline", "--json", str(DATA / f"{name}.csv")])
    assert result.exit_code in {0, 1}, result.stderr
    assert result.stderr == ""
    told: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == int(any(f["verdict"] == "bad" for f in told["findings"]))
    return told


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def products(told: dict[str, Any], rule: str, *severities: str) -> set[str]:
    wanted = severities or ("info", "minor", "major", "critical")
    return {f["product"] for f in told["findings"] if f["rule"] == rule and f["severity"] in wanted}


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_read_whole_and_its_findings_are_complete(name: str) -> None:
    told = checked(name)
    summary = told["summary"]
    expected = len({row["Handle"] for row in rows(name)}) if name.startswith("shopify") else len(rows(name))
    assert (summary["products"], summary["rejected"]) == (expected, 0)
    assert summary["bad"] + summary["unknown"] == len(told["findings"])
    assert all(finding.keys() >= FINDING for finding in told["findings"])
    absent = {warning["field"] for warning in summary["warnings"]}
    assert not any(f["verdict"] == "unknown" and f["field"] in absent for f in told["findings"])


def test_blank_stock_opens_nothing_and_a_stock_of_0_is_sold_out() -> None:
    told = checked("shopee")
    assert products(told, "stock_invalid") == set()
    assert products(told, "soldout_listed") == {row["id"] for row in rows("shopee") if row["stock"] == "0"}


def test_a_list_price_of_0_opens_nothing() -> None:
    told = checked("lazada")
    without = {row["sku"] for row in rows("lazada") if row["initial_price"] == "0"}
    assert without
    assert not [
        f for f in told["findings"] if f["product"] in without and f["rule"] in PRICE_RULES | {"discount_absurd"}
    ]


def test_prices_that_are_right_open_nothing_in_any_file() -> None:
    for name in ("shopee", "lazada", "shein"):
        assert not {f["rule"] for f in checked(name)["findings"]} & PRICE_RULES, name


def test_absurd_discounts_are_those_below_a_tenth() -> None:
    absurd = {
        row["sku"] for row in rows("lazada") if float(row["final_price"]) < 0.1 * float(row["initial_price"] or 0)
    }
    assert products(checked("lazada"), "discount_absurd") == absurd
    assert absurd


@pytest.mark.parametrize(
    ("name", "key", "title"), [("lazada", "sku", "title"), ("shein", "product_id", "product_name")]
)
def test_titles_are_too_long_where_their_file_has_more_than_150_characters(name: str, key: str, title: str) -> None:
    told = checked(name)
    lengths = {row[key]: len(row[title].strip()) for row in rows(name)}
    assert products(told, "title_bad", "minor") == {product for product, length in lengths.items() if length > 150}
    assert products(told, "title_bad", "info") == {p for p, length in lengths.items() if 70 < length <= 150}


def test_damaged_text_is_found_where_the_file_has_a_replacement_character() -> None:
    for name, key, texts in (
        ("shopee", "id", ("title", "Product Description")),
        ("lazada", "sku", ("title", "product_description")),
    ):
        damaged = {row[key] for row in rows(name) if any("\ufffd" in row[text] for text in texts)}
        assert products(checked(name), "text_encoding") == damaged


def test_a_shopify_product_goes_by_its_handle() -> None:
    told = checked("shopify-apparel")
    assert {f["product"] for f in told["findings"]} <= {row["Handle"] for row in rows("shopify-apparel")}
