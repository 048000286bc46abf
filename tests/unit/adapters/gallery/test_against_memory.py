"""The gallery in files and the gallery in memory hold the same, whatever is done to both."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from daemon.adapters.gallery import FileGallery
from daemon.adapters.memory.gallery import MemoryGallery
from daemon.errors import NotFound
from daemon.ports.sightings import CarriedThing, Sighting, SightingsView
from tests.contract.sighted import DAWN, cameras, files_of, seen

T = TypeVar("T")

COUNT: Final = 48
PAIRS: Final = (("osnet", "dlib"), ("osnet", ""), ("", "dlib"), ("other", ""))
#: Seconds over three days, so that a track may be cut by midnight, and in no order.
TIMES: Final = [((n * 29) % COUNT) * 4_000.0 + n / 64 for n in range(COUNT)]
NUMBERS: Final = st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=8)


def one(number: int) -> Sighting:
    """Return one of the sightings that there are: always the same for a number."""
    camera, seconds = "abx"[number % 3], TIMES[number]
    fields: dict[str, Any] = {
        "track": f"t{number % 5}" if number % 4 else None,
        "quality": number / COUNT if number % 6 else None,
        "direction_deg": float(number * 20 - 100) if number % 7 else None,
    }
    if number % 16 == 15:
        return seen(f"d{number}", camera, seconds, carried=CarriedThing("badge", str(number % 2)), **fields)
    if number % 12 == 11:
        return seen(f"d{number}", camera, seconds, body=number, body_model="other", **fields)
    body = number if number % 3 or number % 2 else None
    face = number + 100 if body is None or number % 5 == 0 else None
    return seen(f"d{number}", camera, seconds, body=body, face=face, **fields)


def same(ours: SightingsView, theirs: SightingsView) -> None:
    """Compare two views by all that they can be asked."""
    assert (ours.cameras, ours.size) == (theirs.cameras, theirs.size)
    start = DAWN.timestamp()
    for number in range(len(ours.cameras)):
        for begin, end in ((0.0, 1e12), (start + 30_000, start + 90_000)):
            mine, yours = ours.window(number, begin, end), theirs.window(number, begin, end)
            assert [ours.ids_of(int(row)) for row in mine.rows] == [theirs.ids_of(int(row)) for row in yours.rows]
            assert [ours.id_of(int(row)) for row in mine.rows] == [theirs.id_of(int(row)) for row in yours.rows]
            assert {ours.camera_of(int(row)) for row in mine.rows} <= {number}
            for name in ("times", "body", "quality", "direction_deg"):
                np.testing.assert_array_equal(getattr(mine, name), getattr(yours, name), name)
            has_face = mine.face_rows >= 0
            np.testing.assert_array_equal(has_face, yours.face_rows >= 0)
            np.testing.assert_array_equal(mine.faces[mine.face_rows[has_face]], yours.faces[yours.face_rows[has_face]])
            for row in mine.rows:
                assert {ours.row_of(name) for name in ours.ids_of(int(row))} == {row}
    for value in "01":
        assert ours.carried(CarriedThing("badge", value)) == theirs.carried(CarriedThing("badge", value))


class Machine(RuleBasedStateMachine):
    """Does the same to both, and looks at both."""

    @initialize()
    def opened(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.memory = MemoryGallery()
        self.views: list[tuple[SightingsView, SightingsView]] = []
        self.open()
        self.both("put_network", cameras("ab"), [])

    def open(self) -> None:
        self.stack = contextlib.AsyncExitStack()
        self.files: FileGallery = self.do(self.stack.enter_async_context(files_of(Path(self.folder.name))))

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def both(self, name: str, *given: Any) -> None:
        ours, theirs = (self.do(getattr(gallery, name)(*given)) for gallery in (self.files, self.memory))
        assert ours == theirs

    @rule(numbers=NUMBERS)
    def ingest(self, numbers: list[int]) -> None:
        self.both("ingest", [one(number) for number in numbers])

    @rule(number=st.integers(0, COUNT - 1))
    def ingest_other_content(self, number: int) -> None:
        self.both("ingest", [seen(f"d{number}", "b", 1e5 + number, body=200 + number)])

    @rule(numbers=NUMBERS)
    def forget(self, numbers: list[int]) -> None:
        self.both("forget", None, [f"d{number}" for number in numbers])

    @rule(hours=st.integers(0, 30))
    def forget_before(self, hours: int) -> None:
        self.both("forget", DAWN + timedelta(hours=hours), [])

    @rule(names=st.sampled_from(["ab", "abx", "x", "bx"]))
    def change_network(self, names: str) -> None:
        self.both("put_network", cameras(names), [])

    @rule()
    def compact(self) -> None:
        self.do(self.files.compact())

    @rule()
    def reopen(self) -> None:
        self.do(self.stack.aclose())
        self.open()

    @rule(pair=st.sampled_from(PAIRS))
    def view(self, pair: tuple[str, str]) -> None:
        views: list[SightingsView | None] = []
        for gallery in (self.files, self.memory):
            try:
                views.append(self.do(gallery.view(*pair)).__enter__())
            except NotFound:
                views.append(None)
        if views[0] is not None and views[1] is not None:
            self.views = [*self.views[-2:], (views[0], views[1])]
        else:
            assert views == [None, None]

    @invariant()
    def alike(self) -> None:
        if hasattr(self, "files"):
            self.both("models")
            for ours, theirs in self.views:
                same(ours, theirs)

    def teardown(self) -> None:
        if hasattr(self, "files"):
            assert self.do(self.files.verify()) == []
            for number in range(COUNT):
                try:
                    kept = self.do(self.memory.detection(f"d{number}"))
                except NotFound:
                    continue
                found = self.do(self.files.detection(f"d{number}"))
                assert found.detection == kept.detection
                np.testing.assert_array_equal(found.body, kept.body)
                np.testing.assert_array_equal(found.face, kept.face)
            self.do(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_both_hold_the_same_whatever_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)  # what is on disk after a power cut is not looked at here
    run(8, 12)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_both_hold_the_same_whatever_is_done_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)
    run(150, 40)
