from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config import SourceSection
from daemon.errors import Conflict, Unavailable
from daemon.products.incidents import State
from daemon.services.sources import poll
from tests.house import House, house


@pytest.fixture
def home() -> House:
    return house()


async def incident(home: House) -> tuple[State, str] | None:
    found = await home.stores.incidents.latest_of_rule("source:shop")
    return None if found is None else (found.state, found.message)


async def test_a_source_that_cannot_be_read_has_an_incident_until_it_can(home: House, tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    section = SourceSection(name="shop", path=str(path))
    with pytest.raises(Unavailable):
        await poll(home.duty, section)
    state, message = await incident(home) or (None, "")
    assert state is State.OPEN
    assert "No such file" in message

    path.write_text('[{"id": 1, "title": "Tea"}, {"id"')
    assert (await poll(home.duty, section)).created == 1  # what was read is kept, and the incident stays
    state, message = await incident(home) or (None, "")
    assert state is State.OPEN

    path.write_text('[{"id": 1, "title": "Tea"}]')
    await poll(home.duty, section)
    assert (await incident(home) or (None, ""))[0] is State.RECOVERED


async def test_a_source_that_somebody_imports_just_now_is_no_incident(home: House, tmp_path: Path) -> None:
    home.duty.importing.add("shop")
    with pytest.raises(Conflict):
        await poll(home.duty, SourceSection(name="shop", path=str(tmp_path / "shop.json")))
    assert await incident(home) is None
