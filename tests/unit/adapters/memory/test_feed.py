from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.memory.feed import ChangeFeed


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=4)), st.integers(1, 4))
def test_reading_in_pieces_brings_what_reading_at_once_brings(moves: list[list[str]], limit: int) -> None:
    feed = ChangeFeed()
    last: list[str] = []
    for ids in moves:
        feed.move(ids)
        for moved in ids:
            last = [*(i for i in last if i != moved), moved]
    read: list[str] = []
    mark = None
    while True:
        piece, mark = feed.after(mark, limit)
        if not piece:
            break
        read += piece
    assert read == last
    assert mark == feed.head()


def test_a_feed_that_forgets_what_was_overtaken_keeps_its_marks() -> None:
    feed = ChangeFeed()
    feed.move(["first", "second"])
    middle = feed.head()
    for _ in range(5000):
        feed.move(["second", "third"])
    assert feed.after(middle, 10)[0] == ["second", "third"]
    assert feed.after(None, 10)[0] == ["first", "second", "third"]
    assert len(feed._ids) < 2000
