"""What was found at URLs."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from daemon.products.evidence import ImageFacts, Offer, PageFacts
from tests.contract.adapters import Stores
from tests.contract.makers import NOW, evidence, later


async def test_evidence_comes_back_with_the_one_before_it(stores: Stores) -> None:
    page = PageFacts(text="燈", offers=(Offer(price=Decimal("1.50"), currency="EUR", valid_until=NOW),))
    first = evidence("https://a/1", page=page, hops=("https://a/2",))
    await stores.evidence.keep([first, evidence("https://a/3")])
    assert await stores.evidence.evidence(["https://a/1", "https://ghost/"]) == {"https://a/1": first}
    second = evidence("https://a/1", fetched_at=later(hours=1), image=ImageFacts(format="png", width=1, height=2))
    third = evidence("https://a/1", fetched_at=later(hours=2))
    await stores.evidence.keep([second])
    await stores.evidence.keep([third])
    found = (await stores.evidence.evidence(["https://a/1"]))["https://a/1"]
    assert found == replace(third, previous=second)
    assert first.page == page


async def test_one_batch_may_hold_two_fetches_of_one_url(stores: Stores) -> None:
    first, second = evidence("https://a/"), evidence("https://a/", fetched_at=later(hours=1))
    await stores.evidence.keep([first, second])
    assert await stores.evidence.evidence(["https://a/"]) == {"https://a/": replace(second, previous=first)}


async def test_what_was_not_brought_again_is_forgotten(stores: Stores) -> None:
    urls = [f"https://a/{n}" for n in range(1_100)]
    await stores.evidence.keep([evidence(url) for url in urls])
    await stores.evidence.keep([evidence(urls[0], fetched_at=later(days=2)), evidence("https://b/", fetched_at=NOW)])

    assert await stores.evidence.forget(NOW) == 0
    assert await stores.evidence.forget(later(days=1)) == 1_100
    assert await stores.evidence.forget(later(days=1)) == 0

    left = await stores.evidence.evidence([*urls, "https://b/"])
    assert set(left) == {urls[0]}
    assert left[urls[0]].previous == evidence(urls[0])
