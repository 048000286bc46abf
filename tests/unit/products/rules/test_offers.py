"""What is for sale, and how verdicts on parts become one."""

from __future__ import annotations

from decimal import Decimal

from daemon.products.product import Variant
from daemon.products.rules.offers import Offer, combined, offers
from daemon.products.verdicts import NOT_APPLICABLE, OK, Outcome, Severity, Verdict, bad, unknown
from tests.unit.products.rules.case import ahead, listed


def test_a_product_without_variants_is_its_own_only_offer() -> None:
    assert offers(listed()) == [Offer("", Decimal("20.00"), None, None)]


def test_variants_that_inherit_everything_are_one_offer() -> None:
    assert len(offers(listed(variants=(Variant(sku="S"), Variant(sku="M"))))) == 1


def test_nothing_said_is_not_applicable() -> None:
    assert combined(()) is NOT_APPLICABLE
    assert combined((NOT_APPLICABLE, NOT_APPLICABLE)) is NOT_APPLICABLE


def test_good_outweighs_not_applicable_and_unknown_outweighs_good() -> None:
    doubt = unknown("price", "x", "?")
    assert combined((NOT_APPLICABLE, OK)) is OK
    assert combined((OK, doubt, NOT_APPLICABLE)) == doubt


def test_the_gravest_fault_speaks_for_all() -> None:
    small, grave = bad("a", 1, "small", severity=Severity.INFO), bad("b", 2, "grave", severity=Severity.CRITICAL)
    verdict = combined((small, OK, grave))
    assert verdict.message == "grave (and 1 more)"
    assert verdict.fingerprint == "a=1; b=2"
    assert combined((grave, small)).fingerprint == verdict.fingerprint


def test_the_earliest_time_counts_whatever_is_said() -> None:
    sooner, later = Verdict(Outcome.OK, recheck_at=ahead(hours=1)), Verdict(Outcome.OK, recheck_at=ahead(hours=2))
    assert combined((later, sooner)).recheck_at == ahead(hours=1)
    assert combined((bad("a", 1, "x"), later)).recheck_at == ahead(hours=2)


def test_a_fingerprint_of_very_many_faults_stays_short_and_tells_them_apart() -> None:
    many = [bad("price", n, "x", fingerprint=f"variant-{n}|price=0") for n in range(60)]
    verdict = combined(many)
    assert len(verdict.fingerprint) < 100
    assert verdict.message == "x (and 59 more)"
    assert combined(many[1:]).fingerprint != verdict.fingerprint
    assert combined(reversed(many)).fingerprint == verdict.fingerprint
