"""What searches are examined on: one view, what may be learnt of it, queries, and their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daemon.errors import NotFound
from daemon.inference.association.folders.folder import DataFolder
from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.search.query import Query
from daemon.ports.sightings import Camera, Way


@dataclass(frozen=True, slots=True)
class Exam:
    """One view to be searched.

    passages: ids of detections of one target each, in order of time. queries, answers: by name; an answer is the ids of
    the true later detections; answers is None where nobody knows any.
    """

    cameras: Sequence[Camera]
    ways: Sequence[Way]
    view: FolderView
    passages: Sequence[Sequence[str]]
    queries: Mapping[str, Query]
    answers: Mapping[str, Sequence[str]] | None

    def found(self, query: Query, rows: Sequence[int]) -> list[str]:
        """Return the ids of rows, the query's own left out."""
        return [name for row in rows if row != query.row for name in self.view.ids_of(row)]

    def true(self, name: str) -> frozenset[str]:
        """Return the ids of the answer that are not the query's own passage."""
        own = self.queries[name].row
        answer = self.answers[name] if self.answers is not None else ()
        return frozenset(answer) - frozenset(() if own is None else self.view.ids_of(own))


def exams_of(folder: DataFolder, most: int | None = None) -> list[Exam]:
    """Return an exam for each body model of a folder that is asked for; at most so many queries in all."""
    numbers = {camera.id: number for number, camera in enumerate(folder.cameras)}
    models = dict(zip(folder.rows.ids, folder.rows.body_models, strict=True))
    usual = next((body for body, _ in folder.models() if body), "")
    asked: dict[str, list[int]] = {}
    for place, one in enumerate(folder.queries[:most]):
        asked.setdefault(models[str(one.detection)] or usual, []).append(place)
    found = []
    for model, places in asked.items():
        view = FolderView.of(folder, model or None)
        queries = {}
        for place in places:
            one = folder.queries[place]
            came_from = None if one.came_from is None else numbers[str(one.came_from)]
            queries[one.id] = view.query(view.row_of(str(one.detection)), one.horizon_s, came_from)
        found.append(Exam(folder.cameras, folder.ways, view, _within(view, folder.passages), queries, folder.truth))
    return found


def _within(view: FolderView, passages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return passages without the detections of other models, each row once."""
    return [kept for passage in passages if (kept := _known(view, passage))]


def _known(view: FolderView, passage: Sequence[str]) -> list[str]:
    rows: dict[int, str] = {}
    for name in passage:
        try:
            rows.setdefault(view.row_of(name), name)
        except NotFound:
            continue
    return list(rows.values())
