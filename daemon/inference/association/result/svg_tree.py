"""The tree of tasks over time: each window that was searched or left, beneath the sighting that it was opened for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import drawsvg as draw

from daemon.inference.association.result.svg_parts import (
    FAINT,
    INK,
    INNER,
    NETWORK,
    PAPER,
    RULE,
    SEARCHED,
    SOFT,
    fitted,
    polyline,
    sureness,
    text,
    titled,
)
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import SearchedTask, Trajectory

_ROW: Final = 18.0
_TOP: Final = 26.0
#: Columns on the left: the name of the camera from 0 on, the mass and the count up to here, the bars from here.
_NAME: Final = 118.0
_MASS: Final = 168.0
_COUNT: Final = 266.0
_LEFT: Final = 280.0
_RIGHT: Final = 16.0
_BAR: Final = 9.0
_SMALL: Final = 11.0
_MOST_ROWS: Final = 48
_TICKS_S: Final = (10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400, 604_800)
_MOST_TICKS: Final = 9
#: How far a sighting's time by UTC may be outside its window by the camera's own clock.
_CLOCKS_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Row:
    """A task and the nodes of the tree that were found in it. accepted: one of them is taken to be the target."""

    task: SearchedTask
    nodes: tuple[int, ...]
    accepted: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """The rows that are drawn, parents before children, and how many are not. holder: row of each node."""

    rows: tuple[Row, ...]
    holder: Mapping[int, int]
    left_out: int


def tree_of(trajectory: Trajectory, most: int = _MOST_ROWS) -> Tree:
    """Return the tree of a trajectory: all tasks on its way, and of the others those with most of the target."""
    nodes_of = _nodes_by_task(trajectory)
    accepted_rows = {hop.row for hop in trajectory.hops}
    rows = [
        Row(task, nodes, any(trajectory.tree[node].row in accepted_rows for node in nodes))
        for task, nodes in zip(trajectory.tasks, nodes_of, strict=True)
    ]
    task_of_node = {node: number for number, row in enumerate(rows) for node in row.nodes}
    chosen = _chosen(rows, task_of_node, most)
    order = _in_order(rows, chosen, task_of_node)
    shown = tuple(rows[number] for number in order)
    holder = {node: place for place, row in enumerate(shown) for node in row.nodes}
    return Tree(shown, holder, len(rows) - len(shown))


def _nodes_by_task(trajectory: Trajectory) -> list[tuple[int, ...]]:
    """Return the nodes that each task found: those of its camera in its window, of its own parent where there are such.

    A sighting may hang on a likelier parent than the one for which the window was opened that found it.
    """
    by_camera: dict[str, list[int]] = {}
    for number, task in enumerate(trajectory.tasks):
        if not task.reason:
            by_camera.setdefault(task.camera, []).append(number)
    found: list[list[int]] = [[] for _ in trajectory.tasks]
    for node, hop in enumerate(trajectory.tree):
        fit = {
            number: (round(outside), task.parent != hop.parent, outside)
            for number in by_camera.get(hop.camera, ())
            if (outside := _outside(task := trajectory.tasks[number], hop.time_s)) <= _CLOCKS_S
        }
        if fit:
            found[min(fit, key=fit.__getitem__)].append(node)
    return [tuple(nodes) for nodes in found]


def _outside(task: SearchedTask, time_s: float) -> float:
    return max(task.start_s - time_s, time_s - task.end_s, 0.0)


def _chosen(rows: Sequence[Row], task_of_node: Mapping[int, int], most: int) -> set[int]:
    ranked = sorted(range(len(rows)), key=lambda number: (not rows[number].accepted, -rows[number].task.mass, number))
    chosen: set[int] = set()
    for number in ranked:
        chain: list[int] = []
        at: int | None = number
        while at is not None and at not in chosen and at not in chain:
            chain.append(at)
            at = task_of_node.get(rows[at].task.parent)
        if len(chosen) + len(chain) <= most:
            chosen.update(chain)
    return chosen


def _in_order(rows: Sequence[Row], chosen: set[int], task_of_node: Mapping[int, int]) -> list[int]:
    """Return tasks parents first; the one that the way goes on in comes last, so that it runs down the picture."""
    children: dict[int | None, list[int]] = {}
    for number in chosen:
        parent = task_of_node.get(rows[number].task.parent)
        children.setdefault(parent if parent in chosen and parent != number else None, []).append(number)
    order: list[int] = []
    stack: list[int] = []
    at: int | None = None
    while True:  # what is pushed first comes back last
        stack += sorted(children.get(at, []), key=lambda below: (not rows[below].accepted, -rows[below].task.start_s))
        if not stack:
            return order
        at = stack.pop()
        order.append(at)


def draw_tree(trajectory: Trajectory, tree: Tree, words: Words) -> tuple[draw.Group, float]:
    """Return the panel, its upper left corner at 0, 0, and its height."""
    axis = _Axis.of(trajectory, tree)
    height = _TOP + _ROW * len(tree.rows) + 6
    panel = draw.Group()
    panel.append(text(words.say("column.camera"), _SMALL, 0, _TOP - 14, SOFT, font_weight="bold"))
    panel.append(text(words.say("column.share"), _SMALL, _MASS, _TOP - 14, SOFT, font_weight="bold", text_anchor="end"))
    _draw_ticks(panel, axis, height, words)
    _draw_links(panel, trajectory, tree, axis)
    for place, row in enumerate(tree.rows):
        _draw_row(panel, trajectory, row, _y(place), axis, words)
    x = axis.x(trajectory.query_time_s)
    panel.append(draw.Rectangle(round(x - 5, 1), _TOP - 11, 10, 10, fill=INK, stroke=PAPER))
    if tree.left_out:
        panel.append(text(words.say("more_windows", n=f"{tree.left_out:,}"), _SMALL, 0, height + 10, SOFT))
        height += 18
    return panel, height


@dataclass(frozen=True, slots=True)
class _Axis:
    start_s: float
    end_s: float

    @classmethod
    def of(cls, trajectory: Trajectory, tree: Tree) -> _Axis:
        times = [trajectory.query_time_s, *(hop.time_s for hop in trajectory.hops)]
        times += [time for row in tree.rows for time in (row.task.start_s, row.task.end_s)]
        return cls(min(times), max(*times, min(times) + 1.0))

    def x(self, time_s: float) -> float:
        share = (time_s - self.start_s) / (self.end_s - self.start_s)
        return _LEFT + min(max(share, 0.0), 1.0) * (INNER - _LEFT - _RIGHT)


def _y(place: int) -> float:
    return _TOP + _ROW * place + _ROW / 2


def _draw_ticks(panel: draw.Group, axis: _Axis, height: float, words: Words) -> None:
    span = axis.end_s - axis.start_s
    step = next((step for step in _TICKS_S if span / step <= _MOST_TICKS), _TICKS_S[-1])
    time_s = axis.start_s - axis.start_s % step + step
    while time_s <= axis.end_s and span / step <= 10 * _MOST_TICKS:
        x = round(axis.x(time_s), 1)
        panel.append(polyline([(x, _TOP - 6), (x, height)], stroke=RULE, stroke_width=1))
        panel.append(text(words.time(time_s), _SMALL, x, _TOP - 14, SOFT, text_anchor="middle"))
        time_s += step


def _draw_links(panel: draw.Group, trajectory: Trajectory, tree: Tree, axis: _Axis) -> None:
    lines = draw.Path(fill="none", stroke=FAINT, stroke_width=1)
    for place, row in enumerate(tree.rows):
        parent, y = row.task.parent, _y(place)
        if parent in tree.holder:
            x, above = axis.x(trajectory.tree[parent].time_s), _y(tree.holder[parent])
        else:
            x, above = axis.x(trajectory.query_time_s), _TOP - 6
        lines.M(round(x, 1), round(above, 1)).L(round(x, 1), round(y, 1)).L(
            round(axis.x(row.task.start_s), 1), round(y, 1)
        )
    panel.append(lines)


def _draw_row(panel: draw.Group, trajectory: Trajectory, row: Row, y: float, axis: _Axis, words: Words) -> None:
    task, name = row.task, words.camera(row.task.camera)
    colour = INK if row.accepted else SOFT
    panel.append(text(fitted(name, _NAME, _SMALL), _SMALL, 0, y + 4, colour))
    panel.append(text(words.share(task.mass), _SMALL, _MASS, y + 4, colour, text_anchor="end"))
    compared = words.say("compared", n=task.compared) if not task.reason else "–"
    panel.append(text(compared, _SMALL, _COUNT, y + 4, colour, text_anchor="end"))
    start, end = axis.x(task.start_s), axis.x(task.end_s)
    bar = draw.Group()
    bar.append(window_mark(start, y, max(end - start, 2.0), left=bool(task.reason)))
    told = words.unsearched([task])[0] if task.reason else words.say("compared", n=task.compared)
    span = f"{words.time(task.start_s)}–{words.time(task.end_s)}"
    panel.append(titled(bar, f"{name}, {span}, {words.share(task.mass)}: {told}"))
    accepted = {hop.row for hop in trajectory.hops}
    for node in row.nodes:
        hop = trajectory.tree[node]
        mark = draw.Group()
        mark.append(node_mark(axis.x(hop.time_s), y, hop.posterior, taken=hop.row in accepted))
        panel.append(titled(mark, words.alternative(hop)))


def window_mark(x: float, y: float, width: float, *, left: bool) -> draw.Rectangle:
    """Return the bar of a window; left: it was not searched."""
    look = (
        {"fill": PAPER, "stroke": FAINT, "stroke_dasharray": "3 2"} if left else {"fill": "#dbe4ee", "stroke": SEARCHED}
    )
    return draw.Rectangle(round(x, 1), round(y - _BAR / 2, 1), round(width, 1), _BAR, rx=2, stroke_width=0.8, **look)


def node_mark(x: float, y: float, posterior: float, *, taken: bool) -> draw.Circle:
    """Return the disc of a sighting that was taken, the ring of one that was weighed."""
    colour = sureness(posterior).colour
    look = (
        {"fill": colour, "stroke": PAPER}
        if taken
        else {"fill": PAPER, "stroke": NETWORK if posterior < 0.05 else colour}
    )
    return draw.Circle(round(x, 1), round(y, 1), 5.5 if taken else 3.5, stroke_width=1.5, **look)
