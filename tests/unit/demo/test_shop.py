from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from daemon import demo
from daemon.demo.shop import Shop
from daemon.handlers.http.demo_shop import routes

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(routes(Shop()))
    async with TestClient(TestServer(app)) as opened:
        yield opened


def by_kind(kind: str) -> str:
    return next(slug for slug, facts in demo.page_facts().items() if facts.get("kind") == kind)


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(demo.shipped("catalogue.csv"))))


async def structured(client: Client, slug: str) -> Any:
    answer = await client.get(f"/demo/products/{slug}")
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', await answer.text(), re.DOTALL)
    return json.loads(found[1]) if found else None


async def picture(client: Client, name: str) -> tuple[int, int]:
    answer = await client.get(f"/demo/images/{name}")
    assert answer.status == 200
    with Image.open(io.BytesIO(await answer.read())) as image:
        return image.size


async def test_every_listed_product_has_a_page_and_an_image_that_the_shop_serves(client: Client) -> None:
    shop = Shop()
    for row in rows():
        if row["link"]:
            slug = row["link"].removeprefix("{base}/demo/products/")
            expected = demo.page_facts().get(slug, {}).get("kind", "product")
            assert (shop.product(slug).status == 200) == (
                expected not in {"gone", "busy", "home", "other", "loop", "slash"}
            )
        if row["image"] and "placeholder" not in row["image"]:
            name = row["image"].removeprefix("{base}/demo/images/")
            assert (shop.image(name).status == 404) == (name == "gone.jpg")


async def test_a_healthy_page_states_the_price_and_availability_of_the_catalogue(client: Client) -> None:
    row = rows()[0]
    product = await structured(client, row["slug"])
    assert product["name"] == row["title"]
    assert product["offers"] == {
        "@type": "Offer",
        "price": row["price"],
        "priceCurrency": row["currency"],
        "availability": "https://schema.org/InStock",
    }


async def test_a_page_may_hide_its_product_in_a_graph_or_state_several_offers_or_a_range(client: Client) -> None:
    graph = await structured(client, by_kind("graph"))
    assert graph["@graph"][1]["@type"] == "Product"
    several = await structured(client, by_kind("several"))
    assert len({offer["sku"] for offer in several["offers"]}) == 2
    several_in_range = await structured(client, by_kind("aggregate"))
    assert several_in_range["offers"]["@type"] == "AggregateOffer"
    assert await structured(client, by_kind("plain")) is None


@pytest.mark.parametrize(("kind", "status"), [("gone", 404), ("busy", 503), ("soft_404", 200)])
async def test_a_broken_page_answers_as_its_kind_says(client: Client, kind: str, status: int) -> None:
    slug = by_kind(kind)
    title = next(row["title"] for row in rows() if row["slug"] == slug)
    answer = await client.get(f"/demo/products/{slug}")
    assert answer.status == status
    assert title not in await answer.text()


@pytest.mark.parametrize(
    ("kind", "goal"), [("home", "/demo/"), ("other", "/demo/products/tea-001"), ("slash", "/demo/products/{slug}/")]
)
async def test_a_redirected_page_ends_where_its_kind_says(client: Client, kind: str, goal: str) -> None:
    slug = by_kind(kind)
    answer = await client.get(f"/demo/products/{slug}")
    assert answer.status == 200
    assert answer.url.path == goal.format(slug=slug)


async def test_a_loop_never_ends(client: Client) -> None:
    path = f"/demo/products/{by_kind('loop')}"
    for _ in range(8):
        answer = await client.get(path, allow_redirects=False)
        assert answer.status == 302
        path = answer.headers["Location"]


async def test_images_are_pictures_of_a_size_that_shops_accept(client: Client) -> None:
    assert await picture(client, "tea-1.png") == (480, 480)
    assert await picture(client, "typeless") == (480, 480)
    assert await picture(client, "png-called.jpg") == (480, 480)
    assert await picture(client, "moved.png") == (480, 480)
    assert await picture(client, "edge-100.png") == (100, 100)
    assert await picture(client, "dot.gif") == (1, 1)


async def test_broken_images_are_broken_in_four_ways(client: Client) -> None:
    assert (await client.get("/demo/images/gone.jpg")).status == 404
    assert (await client.get("/demo/images/busy.png")).status == 503
    assert await (await client.get("/demo/images/empty.png")).read() == b""
    html = await client.get("/demo/images/page.jpg")
    assert html.content_type == "image/jpeg"
    assert (await html.read()).startswith(b"<!doctype html>")


async def test_a_shop_may_refuse_head_and_still_serve_the_image(client: Client) -> None:
    assert (await client.head("/demo/images/no-head.png")).status == 405
    assert await picture(client, "no-head.png") == (480, 480)
    assert (await client.head("/demo/images/tea-1.png")).status == 200


async def test_names_that_the_catalogue_does_not_use_are_not_drawn(client: Client) -> None:
    assert (await client.get("/demo/images/tea-99.png")).status == 404
    assert (await client.get("/demo/images/..%2f..%2fetc%2fpasswd")).status == 404
    assert (await client.get("/demo/products/nothing")).status == 404


async def test_the_front_page_links_to_products_and_names_none_that_is_not_for_sale(client: Client) -> None:
    text = await (await client.get("/demo/")).text()
    draft = next(row for row in rows() if row["status"] == "draft")
    assert 'href="/demo/products/tea-001"' in text
    assert draft["title"] not in text


def test_text_of_products_cannot_end_the_script_element_or_make_elements() -> None:
    row = next(row for row in rows() if "script" in row["description"] and row["link"])
    page = Shop().product(row["slug"]).body.decode()
    assert page.count("<script") == page.count("</script>") == 1
