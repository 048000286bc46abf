import gc
import tracemalloc
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from daemon.adapters.memory import FakeClock
from daemon.inference.chat.dialogue.sessions import MOST_OF_TURN, Sessions
from daemon.inference.chat.replies import Candidate
from tests.unit.inference.chat.dialogue.talk_kit import Scripted, talk

KEYS = st.sampled_from([f"r{room}:p{person}" for room in range(2) for person in range(3)])


class AnySessions(RuleBasedStateMachine):
    """Sessions against a plain account of who said what, when."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.sessions = Sessions(self.clock, most=4, turns=5, idle_s=60.0, language="en")
        self.said: dict[str, list[str]] = {}
        self.used: dict[str, float] = {}
        self.order: list[str] = []

    def forget(self, key: str) -> None:
        self.said.pop(key, None)
        self.used.pop(key, None)
        self.order = [one for one in self.order if one != key]

    @rule(key=KEYS, text=st.text(max_size=3 * MOST_OF_TURN))
    def speak(self, key: str, text: str) -> None:
        self.lapse(0)
        session = self.sessions.of(key, key.split(":")[1])
        assert list(session.turns) == self.said.get(key, [])[-5:]
        session.hear(text)
        if key not in self.said and len(self.said) == 4:
            self.forget(self.order[0])
        self.said.setdefault(key, []).append(text[:MOST_OF_TURN])
        self.used[key] = self.clock.monotonic()
        self.order = [one for one in self.order if one != key] + [key]

    @rule(seconds=st.integers(0, 45))
    def lapse(self, seconds: int) -> None:
        self.clock.advance(seconds)
        for key, used_s in list(self.used.items()):
            if used_s <= self.clock.monotonic() - 60.0:
                self.forget(key)

    @rule(key=KEYS)
    def forget_one(self, key: str) -> None:
        self.sessions.expire()
        assert self.sessions.forget(key) is (key in self.said)
        self.forget(key)

    @rule(person=st.sampled_from(["p0", "p1", "p2"]))
    def forget_person(self, person: str) -> None:
        self.sessions.expire()
        theirs = [key for key in self.said if key.endswith(f":{person}")]
        assert self.sessions.forget_person(person) == len(theirs)
        for key in theirs:
            self.forget(key)

    @invariant()
    def as_many_as_should_be_there(self) -> None:
        assert len(self.sessions) == len(self.said) <= 4


TestAnySessions = AnySessions.TestCase
TestAnySessions.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_new_bounds_hold_at_once() -> None:
    sessions = Sessions(FakeClock(), most=10, turns=10, idle_s=60.0, language="en")
    for number in range(10):
        for turn in range(10):
            sessions.of(str(number), "p").hear(str(turn))
    sessions.bound(most=2, turns=3, idle_s=60.0)
    assert len(sessions) == 2
    assert list(sessions.of("9", "p").turns) == ["7", "8", "9"]


@given(first=st.text(max_size=20), second=st.text(max_size=20))
@settings(deadline=None, max_examples=50)
async def test_the_state_of_one_key_is_never_that_of_another(first: str, second: str) -> None:
    sessions = Sessions(FakeClock(), most=10, turns=10, idle_s=60.0, language="en")
    sessions.of(first, first).hear("secret")
    assert ("secret" in sessions.of(second, second).turns) is (first == second)


async def simulated(people: int, turns: int, **parts: Any) -> None:
    """Everybody says things with their own number in it; whatever is heard or answered holds no other number."""
    echo = Scripted(lambda said: [Candidate(text=f"{said[-1]} indeed {len(said)}", score=1.0, speaker="retrieval")])
    house = talk(echo, films=False, detect=None, most=200, turns=8, idle_s=900.0, **parts)
    sizes = []
    tracemalloc.start()
    try:
        for turn in range(turns):
            who = (turn * 7919) % people
            answer = await house.say(f"number {who} says {turn} " + "x" * 300, key=f"room:{who}")
            assert answer.text.startswith(f"number {who} says {turn} ")
            assert all(f"number {who} " in one for one in echo.heard[-1])
            echo.heard.clear()
            house.clock.advance(4.0)
            if turn % (turns // 8) == turns // 8 - 1:
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert len(house.sessions) <= 200
    assert max(sizes[4:]) < 1.1 * max(sizes[1:4]) + 100_000
    house.clock.advance(901.0)
    assert len(house.sessions) == 0


async def test_much_talk_takes_no_more_memory_than_some() -> None:
    await simulated(people=250, turns=4_000, incoming=lambda _: None, outgoing=lambda _: None)
