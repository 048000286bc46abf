"""The history that the mirror keeps of a product, held against all that its document ever said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from daemon.products.imports import EditRecord
from tests.unit.adapters.mongo.back_end import PERSON, Fact, said_by, word_of

if TYPE_CHECKING:
    from tests.unit.adapters.mongo.plays import Performance


async def assert_history_is_true(show: Performance) -> None:
    """Nothing of a person's is overwritten, and the mirror tells everything in its order, by whom, and once."""
    assert show.back_end.wrongs == []
    stores, product_id = show.stores, show.back_end.product_id
    known = (await stores.mirror.known([product_id]))[product_id]
    edits: Sequence[EditRecord] = (await stores.catalogue.edits(product_id, 500)).items[::-1]
    assert known.intent is None
    assert [edit.revision for edit in edits] == list(range(2, known.product.revision + 1))
    _assert_mirror_says_what_stands(show, known.digest, said_by(known.product), known.product.missing_since is not None)
    _assert_history_follows(show, edits)
    await _assert_feed_tells_it(show, known.product.revision)


def _assert_mirror_says_what_stands(
    show: Performance, digest: bytes | None, said: Mapping[str, str], missing: bool
) -> None:
    document = show.back_end.document()
    assert missing is (document is None)
    assert digest == (document.digest if document else None)
    if document is not None:
        assert said == show.back_end.facts[-1].said


async def _assert_feed_tells_it(show: Performance, revision: int) -> None:
    """Whatever changed comes after the mark of before, so that it is judged again."""
    changed, _ = await show.stores.catalogue.changed(show.mark, 10)
    found = [product.revision for product in changed if product.id == show.back_end.product_id]
    assert found == ([revision] if revision > 1 else [])


def _assert_history_follows(show: Performance, edits: Sequence[EditRecord]) -> None:
    """Each edit leads to something that the document said, later than the one before, and names who wrote that."""
    facts, place = show.back_end.facts, 0
    said, exact = dict(facts[0].said or {}), dict[str, str]()
    missing = False
    for edit in edits:
        for name, (before, after) in edit.changes.items():
            assert exact.get(name, before) == before, f"{name} at revision {edit.revision}"
            exact[name] = after
            if name == "missing_since":
                missing = after != "null"
            else:
                said[name] = word_of(after) if name == "status" else after
        moved = set(edit.changes) != {"status"} or word_of(edit.changes["status"][0]) != word_of(
            edit.changes["status"][1]
        )
        if not moved:
            assert _says(facts[place], said, missing)
            continue
        place = _next(facts, place, edit, said, missing, show)
    assert _says(facts[-1], said, missing)
    _assert_each_write_is_told_once(show, edits)


def _next(
    facts: Sequence[Fact], place: int, edit: EditRecord, said: Mapping[str, str], missing: bool, show: Performance
) -> int:
    if edit.actor in _dead(show):
        return place  # what it had done when a person went on from there may never have been seen
    writer = PERSON if edit.actor.startswith("source:") else edit.actor
    for later in range(place + 1, len(facts)):
        if _says(facts[later], said, missing) and (facts[later].writer == writer or _dead(show)):
            return later
    told = [(fact.writer, _shown(fact.said, facts[0].said)) for fact in facts[place:]]
    tells = "missing" if missing else _shown(said, facts[0].said)
    raise AssertionError(f"revision {edit.revision} by {edit.actor}: {tells}, after {told}")


def _shown(said: Mapping[str, str] | None, first: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """Return what is not as in the beginning."""
    return said if said is None or first is None else {name: v for name, v in said.items() if first[name] != v}


def _says(fact: Fact, said: Mapping[str, str], missing: bool) -> bool:
    return missing if fact.said is None else not missing and fact.said == said


def _dead(show: Performance) -> set[str]:
    """Return the parts that were cut off: nobody can say then whether it was they or a person who did the same."""
    return {actor for actor, outcome in zip(show.actors, show.outcomes, strict=True) if outcome == "dead"}


def _assert_each_write_is_told_once(show: Performance, edits: Sequence[EditRecord]) -> None:
    told = [edit.actor for edit in edits if not edit.actor.startswith("source:")]
    assert len(told) == len(set(told)), "told twice"
    written = {fact.writer for fact in show.back_end.facts} - {PERSON}
    for actor, outcome in zip(show.actors, show.outcomes, strict=True):
        if outcome == "dead":
            continue
        assert (actor in told) is (outcome == "made"), f"{actor}: {outcome}"
        assert actor not in written or outcome == "made", f"{actor}: {outcome}, but it did write"
