"""Acceptance 4: kill -9 while sightings are kept, merged and forgotten; none is lost or doubled, none comes back."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from daemon.ports.sightings import Gallery
from tests.acceptance.gallery_writer import BATCH, FORGOTTEN, batch
from tests.contract.sighted import files_of, ids, unit


@dataclass
class Told:
    """What the writer acknowledged, and which batches it was forgetting parts of."""

    kept: set[str] = field(default_factory=set)
    forgetting: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)

    def read(self, lines: list[str]) -> None:
        for line in lines:
            if line.endswith("\n"):
                what, name = line.split()
                if what != "open":
                    getattr(self, what).add(name)


def killed(folder: Path, run: int, after_lines: int, then_s: float) -> list[str]:
    """Run the writer, kill it some time after it has said so many lines, return all that it said."""
    command = [sys.executable, "-m", "tests.acceptance.gallery_writer", str(folder), str(run)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(after_lines)]
        time.sleep(then_s)
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    return lines


async def holds_what_was_told(gallery: Gallery, told: Told) -> None:
    assert await gallery.verify() == []
    names = [name for passage in await ids(gallery) for name in passage]
    assert set(Counter(names).values()) <= {1}, "a detection was doubled"
    found: dict[str, set[int]] = defaultdict(set)
    for name in names:
        run, _, number = name.rpartition("-")
        found[run].add(int(number))
    whole, left = set(range(BATCH)), set(range(FORGOTTEN, BATCH))
    for name in told.kept:
        if name in told.forgotten:
            assert found[name] == left, "what was forgotten came back, or more was lost"
        elif name in told.forgetting:
            assert found[name] in (whole, left), "a detection was lost"
        else:
            assert found[name] == whole, "a detection was lost"
    assert all(numbers in (whole, left) for numbers in found.values()), "half a batch was kept"
    assert sum((await gallery.models()).values()) == len(names)
    for name in random.Random(1).sample(sorted(told.kept), 3):
        one = batch(name)[-1]
        kept = await gallery.detection(one.detection.id)
        assert kept.detection == one.detection
        assert kept.body is not None
        np.testing.assert_array_equal(kept.body, unit(sum(map(ord, name)) + BATCH - 1).astype(np.float32))


async def die(folder: Path, rounds: int, seed: int) -> None:
    chance, told = random.Random(seed), Told()
    for run in range(rounds):
        told.read(killed(folder, run, chance.randrange(5, 40), chance.random() / 20))
        async with files_of(folder) as gallery:
            await holds_what_was_told(gallery, told)
        assert not list((folder / "association").glob("*.part"))


async def test_three_deaths_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    await die(tmp_path, 3, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_twenty_deaths_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    await die(tmp_path, 20, seed=2)


async def test_a_power_cut_that_takes_what_was_not_told_takes_nothing_else(tmp_path: Path) -> None:
    """What a power cut may leave: files without a word of them in the database, whole, cut short or empty."""
    told = Told()
    told.read(killed(tmp_path, 0, 12, 0))
    folder = tmp_path / "association"
    some = next(folder.glob("*.block"))
    for number, length in enumerate((0, 10, some.stat().st_size // 2, some.stat().st_size)):
        shutil.copy(some, folder / f"lost-{number}.block")
        with (folder / f"lost-{number}.block").open("r+b") as file:
            file.truncate(length)
        (folder / f"lost-{number}.part").write_bytes(bytes(length))
    async with files_of(tmp_path) as gallery:
        await holds_what_was_told(gallery, told)
    assert not list(folder.glob("lost-*"))
