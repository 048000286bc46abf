"""docs/mongodb.md says what is done with a shop's collection."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from daemon.adapters.mongo.defaults import PATHS, RELATIONS, UNMAPPED
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.config import Config, MongodbSection
from daemon.handlers.http.models import Paged
from daemon.handlers.http.products import ROUTES, ProductQuery
from daemon.services.catalogue_health import AWAY, SHORT

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS.joinpath("mongodb.md").read_text(encoding="utf-8")


def words_in(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def part(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def examples() -> list[str]:
    """Return the indented blocks that are configuration."""
    blocks = re.findall(r"(?:^ {4,}.*\n|^\n(?= {4}))+", PAGE, re.MULTILINE)
    return [re.sub(r"^ {4,7}", "", block, flags=re.MULTILINE) for block in blocks if "    [" in block]


def test_the_table_of_paths_is_what_is_read() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (`.+`) \|$", part("How a document becomes a product"), re.MULTILINE)
    assert {name: tuple(words_in(paths)) for name, paths in rows} == dict(PATHS)


def test_fields_and_relations_that_it_names_are_there() -> None:
    text = part("How a document becomes a product")
    assert {"sale_start", "expires_at", "availability"} <= set(UNMAPPED)
    for relation in RELATIONS["category"]:
        assert f"`{relation.partition('.')[0]}`" in text


@pytest.mark.parametrize("text", examples())
def test_configurations_that_it_shows_can_be_used(text: str) -> None:
    config = Config.model_validate(tomllib.loads(text))
    ShopMapping(config.mongodb, currency=config.catalogue.currency)


def test_settings_that_it_names_are_there() -> None:
    named = {"scan_interval", "poll_interval", "timeout", "driver", "stream"}
    assert named <= MongodbSection.model_fields.keys()
    section = MongodbSection()
    assert (section.poll_interval, section.scan_interval, section.timeout) == (1, 300, 2)


def test_events_that_it_names_are_logged() -> None:
    logged = DOCS.joinpath("events.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:catalogue|document)\.[a-z_]+)`", PAGE)
    assert len(set(named)) > 5
    assert all(f"| `{event}` |" in logged for event in named)


def test_incidents_that_it_names_are_opened() -> None:
    assert {f"{AWAY}shop", f"{SHORT}shop"} <= set(words_in(PAGE))


def test_filters_that_it_names_are_all_there_are() -> None:
    told = PAGE[PAGE.index("filters are") :].partition(".")[0]
    assert set(words_in(told)) == ProductQuery.model_fields.keys() - Paged.model_fields.keys()


def test_files_and_routes_of_the_example_are_there() -> None:
    example = DOCS / "examples" / "keystone"
    assert {file.name for file in example.iterdir()} == set(re.findall(r"^\| `(\w+\.js)` \|", PAGE, re.MULTILINE))
    served = {(route.method, route.path) for route in ROUTES}
    one = "/api/v1/products/{product_id}"
    assert {("GET", "/api/v1/products"), ("GET", one), ("PATCH", f"{one}/status")} <= served


def test_pages_that_it_points_to_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert DOCS.joinpath(target).exists(), target
    headings = {re.sub(r"\W+", "-", line.lower()) for line in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
