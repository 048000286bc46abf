from __future__ import annotations

import asyncio
import csv
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.test_main import config, on_duty

ROOT = Path(__file__).parents[2]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


class Done(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str


async def zhiban(state: Path, *arguments: str) -> Done:
    """Run the command as a process of its own: the daemon of the test logs to the standard output of this one."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "daemon", "products", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env={"PATH": os.environ["PATH"], "STATE_DIRECTORY": str(state), "PYTHONUTF8": "1"},
    )  # fmt: skip
    out, errors = await process.communicate()
    return Done(process.returncode or 0, out.decode(), errors.decode())


async def test_a_file_is_imported_into_the_running_daemon_and_what_changed_comes_back(
    state: Path, tmp_path: Path
) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("id,title,Netto,status\n1,=Tea,5,active\n2,Coffee,6\n", encoding="utf-8")
    async with on_duty(state, config()) as running:
        done = await zhiban(state, "import", str(path), "--source", "shop", "--map", "price=Netto", "--currency", "EUR")
        assert done.exit_code == 0, done.stderr
        assert "1 read, 1 created, 1 rejected" in done.stdout
        assert "line 3: 3 cells where the header has 4" in done.stdout
        assert f"rejected rows are kept in {state / 'rejects'}" in done.stdout

        odd = tmp_path / "odd.csv"
        odd.write_text('id,title\n"a/b é%2F?#",Tea\n', encoding="utf-8")
        assert (await zhiban(state, "import", str(odd), "--source", "odd")).exit_code == 0
        assert json.loads((await zhiban(state, "show", "a/b é%2F?#")).stdout)["title"] == "Tea"

        shown = json.loads((await zhiban(state, "show", "1")).stdout)
        assert (shown["price"], shown["currency"], shown["source"]) == ("5", "EUR", "shop")

        token = (state / "token").read_text(encoding="utf-8").strip()
        headers = {"Authorization": f"Bearer {token}", "If-Match": "*"}
        address = f"{running.url}/api/v1/products/1/status"
        async with running.session.patch(address, json={"status": "review"}, headers=headers) as answer:
            assert answer.status == 200
        exported = await zhiban(state, "export", "--changed")
        (row,) = csv.DictReader(exported.stdout.splitlines())
        assert (row["id"], row["status"], row["source_status"]) == ("1", "review", "listed")
        target = tmp_path / "changed.jsonl"
        await zhiban(state, "export", "--changed", "--source", "shop", "--format", "jsonl", "--output", str(target))
        assert json.loads(target.read_text(encoding="utf-8"))["id"] == "1"


async def test_files_that_cannot_be_read_are_named_and_the_others_imported(state: Path, tmp_path: Path) -> None:
    good, empty = tmp_path / "good.csv", tmp_path / "empty.csv"
    good.write_text("id,title\n1,Tea\n", encoding="utf-8")
    empty.touch()
    async with on_duty(state, config()):
        done = await zhiban(state, "import", str(tmp_path / "absent.csv"), str(empty), str(good), "--json")
    assert done.exit_code == 2
    assert "absent.csv: cannot be read: No such file" in done.stderr
    assert "empty" in done.stderr
    assert json.loads(done.stdout)["created"] == 1


async def test_a_whole_file_makes_what_it_does_not_name_missing(state: Path, tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    async with on_duty(state, config()):
        path.write_text("id,title\n1,Tea\n2,Coffee\n", encoding="utf-8")
        await zhiban(state, "import", str(path))
        path.write_text("id,title\n1,Tea\n", encoding="utf-8")
        assert "missing" not in (await zhiban(state, "import", str(path))).stdout
        assert "1 missing" in (await zhiban(state, "import", str(path), "--whole")).stdout


async def test_without_a_daemon_there_is_nothing_to_import_into(state: Path, tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.touch()
    done = await zhiban(state, "import", str(path))
    assert done.exit_code == 1
    assert "no daemon runs" in done.stderr


async def test_an_empty_export_has_its_header(state: Path) -> None:
    async with on_duty(state, config()):
        done = await zhiban(state, "export", "--changed")
    assert done.stdout.strip() == "id,source,status,source_status,reason,since"


@pytest.mark.parametrize("arguments", [["import"], ["export"], ["import", "x.csv", "--map", "price"]])
async def test_wrong_usage_is_told(state: Path, arguments: list[str]) -> None:
    assert (await zhiban(state, *arguments)).exit_code == 2
