"""A result as one SVG page: the way on its network, the sightings with their reasons, what follows, the tree of tasks.

It needs nothing from outside, holds no script, and is as readable in a browser as on paper.
"""

from __future__ import annotations

from typing import Final

import drawsvg as draw

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.result.about import About
from daemon.inference.association.result.about_words import about_lines, who
from daemon.inference.association.result.following import Following, stops, what_follows
from daemon.inference.association.result.following_words import follows, leg_words, summary
from daemon.inference.association.result.svg_map import draw_map
from daemon.inference.association.result.svg_parts import FONT, INK, MARGIN, PAGE, PAPER, SOFT, Description, text
from daemon.inference.association.result.svg_table import (
    draw_columns,
    draw_legend,
    draw_lines,
    draw_sightings,
    draw_tree_legend,
)
from daemon.inference.association.result.svg_tree import draw_tree, tree_of
from daemon.inference.association.result.svg_view import view_of
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import Trajectory
from daemon.products.phrases import Language

_MOST_LEGS: Final = 40
_TITLE_ID: Final = "title"
_DESCRIPTION_ID: Final = "description"


def draw_page(
    trajectory: Trajectory, graph: CameraGraph, about: About, language: Language = "en", zone: str = "UTC"
) -> str:
    """Return the page of a result as SVG text, for 10 cameras as for 10,000: only what lies around the way is drawn."""
    words = Words.of(trajectory, graph, language, zone)
    following = what_follows(trajectory, graph)
    page = _Page()
    title = _title(len(trajectory.hops), words)
    page.add(*draw_lines([title], 22))
    told = [summary(trajectory, following, words), words.zone_shown(trajectory.query_time_s)]
    page.add(*draw_lines(told))
    page.add(*draw_lines(about_lines(about, words), 11.5, SOFT))
    _add_map(page, trajectory, graph, words)
    page.section(words.say("section.hops"), *draw_sightings(trajectory, words))
    told = [*follows(following, words)]
    if following.legs or told:
        page.section(words.say("section.follows"), *draw_lines(told))
        page.add(*draw_columns([leg_words(leg, words) for leg in following.legs[:_MOST_LEGS]]))
    if trajectory.tasks:
        page.section(words.say("section.tree"), *draw_tree_legend(words))
        page.add(*draw_tree(trajectory, tree_of(trajectory), words))
    left = words.unsearched(trajectory.tasks)
    page.section(words.say("section.unsearched"), *draw_lines([*left, words.ended(trajectory), words.cost(trajectory)]))
    return page.finished(title, _description(trajectory, following, about, words))


def _title(sightings: int, words: Words) -> str:
    few = {0: "title.none", 1: "title.one"}
    return words.say(few[sightings]) if sightings in few else words.say("title", n=sightings)


def _add_map(page: _Page, trajectory: Trajectory, graph: CameraGraph, words: Words) -> None:
    view = view_of(trajectory, graph)
    if view is not None:
        page.section(words.say("section.way"), draw_map(trajectory, graph, view, words), view.height)
        page.add(*draw_legend(words))
    gone = [stop.camera for stop in stops(trajectory) if stop.camera not in graph]
    if gone:
        listed = words.listed(map(words.camera, dict.fromkeys(gone)))
        page.add(*draw_lines([words.say("unplaced", cameras=listed)], 11.5, SOFT))


def _description(trajectory: Trajectory, following: Following, about: About, words: Words) -> str:
    return words.say(
        "description",
        camera=words.camera(trajectory.query_camera),
        time=words.time(trajectory.query_time_s),
        summary=summary(trajectory, following, words),
        search=about.search,
        case=about.case,
        searcher=who(about.searcher_name, about.searcher, words),
    )


class _Page:
    """Panels one below the other."""

    def __init__(self) -> None:
        self._panels: list[tuple[draw.Group, float]] = []
        self._height = float(MARGIN)

    def add(self, panel: draw.Group, height: float) -> None:
        """Set a panel below the others."""
        self._panels.append((panel, self._height))
        self._height += height + 8

    def section(self, heading: str, panel: draw.Group, height: float) -> None:
        """Set a panel with a heading below the others."""
        head = draw.Group()
        head.append(text(heading, 16, 0, 22, font_weight="bold"))
        self.add(head, 26)
        self.add(panel, height)

    def finished(self, title: str, description: str) -> str:
        """Return the page as SVG text."""
        named = {"role": "img", "aria-labelledby": f"{_TITLE_ID} {_DESCRIPTION_ID}"}
        height = round(self._height + MARGIN)
        drawing = draw.Drawing(PAGE, height, font_family=FONT, **named)
        drawing.append(draw.Title(title, id=_TITLE_ID))
        drawing.append(Description(description, id=_DESCRIPTION_ID))
        drawing.append(draw.Rectangle(0, 0, PAGE, height, fill=PAPER))
        for panel, y in self._panels:
            placed = draw.Group(transform=f"translate({MARGIN},{round(y, 1)})", fill=INK)
            placed.append(panel)
            drawing.append(placed)
        return str(drawing.as_svg())
