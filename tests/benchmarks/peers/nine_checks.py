"""Nine checks that pandera and Great Expectations both have, to tell which of them is the faster peer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import great_expectations
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from tests.benchmarks.peers import pandera_rules, plain_rules

#: Its modules name nothing for export, which a type checker cannot follow.
gx: Any = great_expectations

CURRENCIES: Final = ["EUR", "USD", "CNY", "JPY"]
PATTERNS: Final = (
    f"{plain_rules._CONTROL.pattern}|{plain_rules._MOJIBAKE.pattern}",
    f"(?i){pandera_rules._DANGER.pattern}",
    f"(?i){plain_rules._BANNED.pattern}",
)


def in_pandera(table: pd.DataFrame) -> Callable[[], None]:
    """Return the checks as a call."""
    texts = [
        pa.Check(lambda s, p=pattern: ~s.str.contains(p), name=f"text {number}")
        for number, pattern in enumerate(PATTERNS)
    ]
    prices = [
        pa.Check(lambda s: ~(s <= 0), name="positive", ignore_na=False),
        pa.Check(lambda s: s.notna(), name="there", ignore_na=False),
    ]
    lower = pa.Check(lambda df: ~(df["sale_price"] >= df["price"]), name="lower", ignore_na=False)
    schema = pa.DataFrameSchema(
        {
            "price": pa.Column(nullable=True, checks=prices),
            "currency": pa.Column(checks=[pa.Check.isin(CURRENCIES)]),
            "stock": pa.Column(nullable=True, checks=[pa.Check.ge(0)]),
            "title": pa.Column(checks=[pa.Check.str_length(1, 70)]),
            "description": pa.Column(checks=texts),
        },
        checks=[lower],
    )

    def run() -> None:
        try:
            schema.validate(table, lazy=True)
        except SchemaErrors:
            return

    return run


def in_great_expectations(table: pd.DataFrame) -> Callable[[], Any]:
    """Return the checks as a call."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("products").add_dataframe_asset("table")
    lower = gx.expectations.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="price", column_B="sale_price", ignore_row_if="either_value_is_missing"
    )
    expectations = [
        gx.expectations.ExpectColumnValuesToNotBeNull(column="price"),
        gx.expectations.ExpectColumnValuesToBeBetween(column="price", min_value=0, strict_min=True),
        gx.expectations.ExpectColumnValuesToBeInSet(column="currency", value_set=CURRENCIES),
        gx.expectations.ExpectColumnValuesToBeBetween(column="stock", min_value=0),
        gx.expectations.ExpectColumnValueLengthsToBeBetween(column="title", min_value=1, max_value=70),
        *(
            gx.expectations.ExpectColumnValuesToNotMatchRegex(column="description", regex=pattern)
            for pattern in PATTERNS
        ),
        lower,
    ]
    suite = context.suites.add(gx.ExpectationSuite(name="nine", expectations=expectations))
    batch = asset.add_batch_definition_whole_dataframe("whole")
    definition = context.validation_definitions.add(gx.ValidationDefinition(name="nine", data=batch, suite=suite))
    return lambda: definition.run(batch_parameters={"dataframe": table}, result_format="COMPLETE")
