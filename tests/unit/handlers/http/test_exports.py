from __future__ import annotations

import pytest

from tests.house import product
from tests.unit.handlers.http.api import api


async def test_changes_that_the_shop_does_not_show_come_in_pages() -> None:
    async with api() as service:
        await service.home.shelve(*(product(f"{n}") for n in range(5)))
        for n in range(5):
            await service.ask(
                "PATCH", f"/api/v1/products/{n}/status", json={"status": "review"}, headers={"If-Match": "*"}
            )
        first = await service.get("/products:export?limit=3")
        assert [row["id"] for row in first.json["items"]] == ["0", "1", "2"]
        assert first.json["items"][0].keys() == {"id", "source", "status", "source_status", "reason", "since"}
        rest = await service.get(f"/products:export?limit=3&cursor={first.json['next_cursor']}")
        assert [row["id"] for row in rest.json["items"]] == ["3", "4"]
        assert rest.json["next_cursor"] is None
        assert (await service.get("/products:export?source=elsewhere")).json["items"] == []


async def test_an_import_says_how_its_file_is_to_be_read() -> None:
    async with api() as service:
        path = "/products:import?source=hand&map=price%3DNetto&currency=EUR&locale=de_DE&id_prefix=x-&name=shop.csv"
        answer = await service.post(path, data=b"id;Netto\n1;12,50\n2\n", headers={"Content-Type": "text/csv"})
        assert (answer.status, answer.json["created"]) == (200, 1)
        assert answer.json["rejects"][0]["file"] == "shop.csv"
        stored = await service.home.stores.catalogue.get("x-1")
        assert (str(stored.price), stored.currency) == ("12.50", "EUR")


@pytest.mark.parametrize(
    "wrong",
    ["map=price", "map=prize%3DNetto", "locale=xx_YY", "timezone=Mars%2FBase", "currency=euro", "map=price%3DBrutto"],
)
async def test_a_way_to_read_that_means_nothing_is_422(wrong: str) -> None:
    async with api() as service:
        answer = await service.post(
            f"/products:import?source=hand&{wrong}", data=b"id;Netto\n1;5\n", headers={"Content-Type": "text/csv"}
        )
        assert answer.status == 422
        assert await service.home.stores.catalogue.count() == 0
