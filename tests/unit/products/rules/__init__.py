"""Tables of cases for the rules, one file `cases_THEME.py` for each theme file `daemon/products/rules/THEME.py`.

Each holds `CASES`, a tuple of `case.Case` rows: a rule id, a sentence, a product, what the rule must say, and
where needed the context it is asked in. `test_rules.py` runs every row of every table and holds that every rule has
at least two bad and two good ones; `../test_mutations.py` negates the conditions of the theme file one at a
time and runs its table against each, so a condition that no row depends on fails there. What a table cannot say
(properties, files, speed) stands in `test_THEME.py` beside it.

    CASES = (
        Case("price_missing", "a listed product without a price is bad", listed(price=None), BAD),
        Case("price_missing", "a draft needs no price yet", listed(price=None, status=Status.DRAFT), NOT_APPLICABLE),
        Case("price_jump", "half the usual price", listed(price=D("5")), BAD, context(history={"p": flat("9", days=8)}),
             says={"field": "price", "severity": Severity.CRITICAL}),
    )
"""
