from pathlib import Path

import pytest

from tests.event_catalogue import PAGE, Faulty, found_events, page


def source(tmp_path: Path, text: str) -> Path:
    (tmp_path / "daemon").mkdir()
    (tmp_path / "daemon" / "x.py").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_page_lists_what_the_source_logs() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(found_events()), "run `python -m tests.event_catalogue`"


def test_events_are_found_however_they_are_logged(tmp_path: Path) -> None:
    text = (
        "T = {1: 'c.told', 2: 'd.told'}\n"
        "def f(quiet):\n"
        "    log.info('a.told', n=1, exc_info=True)\n"
        "    level = _log.debug if quiet else _log.warning\n"
        "    level('b.told' if quiet else 'b.shouted', m=2)\n"
        "    log.exception(T[quiet])\n"
    )

    events = found_events(source(tmp_path, text))

    assert {name: (event.levels, event.fields) for name, event in events.items()} == {
        "a.told": ({"info"}, {"n"}),
        "b.shouted": ({"debug", "warning"}, {"m"}),
        "b.told": ({"debug", "warning"}, {"m"}),
        "c.told": ({"error"}, set()),
        "d.told": ({"error"}, set()),
    }


@pytest.mark.parametrize("call", ["log.info(f'a.{b}')", "log.info(name)", "log.info('a sentence')", "log.info()"])
def test_an_event_that_cannot_be_searched_for_is_a_fault(tmp_path: Path, call: str) -> None:
    with pytest.raises(Faulty, match=r"daemon/x\.py:1"):
        found_events(source(tmp_path, call))
