"""The cameras of a network and the ways between them, with distances, bearings and turns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Self

import networkx as nx

from daemon.errors import NotFound
from daemon.inference.association.network.geodesy import Line, line_between, turn_deg
from daemon.inference.association.network.validation import Finding, check_network, quoted
from daemon.ports.sightings import Camera, Way

_METRES: Final = "metres"


class CameraGraph:
    """A network that never changes: what adds, moves or removes a camera returns another one and leaves this as it is.

    A search keeps the graph that it began with, and adopts another one between two rounds when it is given it.
    """

    __slots__ = ("_cameras", "_graph", "_lines")

    def __init__(self, cameras: Mapping[str, Camera], graph: nx.DiGraph) -> None:
        self._cameras = MappingProxyType(dict(cameras))
        self._graph = nx.freeze(graph)
        self._lines: dict[tuple[str, str], Line] = {}  # worked out when first asked for: few ever are

    @classmethod
    def of(cls, cameras: Sequence[Camera], ways: Sequence[Way], *, name: str = "the network") -> Self:
        """Return the graph of cameras and ways. Raises InvalidInput naming every fault by its place."""
        check_network(cameras, ways).refuse(name)
        by_id = {camera.id: camera for camera in cameras}
        graph = nx.DiGraph()
        graph.add_nodes_from(by_id)
        _add_ways(graph, ways)
        return cls(by_id, graph)

    @property
    def cameras(self) -> Mapping[str, Camera]:
        """The cameras by id, in the order in which they were given."""
        return self._cameras

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way, in both directions where it has both."""
        edges = self._graph.edges(data=_METRES)
        return tuple(Way(origin=origin, target=target, metres=metres) for origin, target, metres in edges)

    def __len__(self) -> int:
        return len(self._cameras)

    def __contains__(self, camera_id: object) -> bool:
        return camera_id in self._cameras

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CameraGraph):
            return NotImplemented
        return self._cameras == other._cameras and set(self.ways) == set(other.ways)

    __hash__ = None  # type: ignore[assignment]  # two graphs of one content are equal, and nobody keys by one

    def camera(self, camera_id: str) -> Camera:
        """Return a camera by its id. Raises NotFound."""
        try:
            return self._cameras[camera_id]
        except KeyError:
            raise NotFound(f"there is no camera {quoted(camera_id)}") from None

    def neighbours(self, camera_id: str) -> tuple[str, ...]:
        """Return where ways lead to from a camera. Raises NotFound."""
        self.camera(camera_id)
        return tuple(self._graph.successors(camera_id))

    def origins(self, camera_id: str) -> tuple[str, ...]:
        """Return where ways lead to a camera from. Raises NotFound."""
        self.camera(camera_id)
        return tuple(self._graph.predecessors(camera_id))

    def metres(self, origin: str, target: str) -> float | None:
        """Return the length of the way between two neighbours, None where none leads straight there."""
        found: float | None = self._graph.get_edge_data(origin, target, {}).get(_METRES)
        return found

    def line(self, origin: str, target: str) -> Line:
        """Return the straight line between two cameras with its bearings, neighbours or not. Raises NotFound."""
        found = self._lines.get((origin, target))
        if found is None:
            found = line_between(self.camera(origin), self.camera(target))
            if self._graph.has_edge(origin, target):  # of other pairs there are too many to keep
                self._lines[origin, target] = found
        return found

    def bearing_deg(self, origin: str, target: str) -> float | None:
        """Return the direction of the way from one camera to another, None where they are at one place."""
        return self.line(origin, target).bearing_deg

    def turn_deg(self, came_from: str, here: str, to: str) -> float | None:
        """Return how far who came from a camera turns on the way to the next: 0 straight on, right positive, 180 back.

        None where two of the cameras are at one place. Raises NotFound.
        """
        if came_from == to:
            self.camera(here)
            self.camera(to)
            return 180.0
        return self.turn_from_deg(self.line(came_from, here).arrival_deg, here, to)

    def turn_from_deg(self, direction_deg: float | None, here: str, to: str) -> float | None:
        """Return how far who moves in a direction at a camera turns on the way to the next; None as above."""
        leaving = self.line(here, to).bearing_deg
        return None if direction_deg is None or leaving is None else turn_deg(direction_deg, leaving)

    def rings(self, camera_id: str, hops: int) -> tuple[tuple[str, ...], ...]:
        """Return the cameras that are one way away, those that are two, and so on up to `hops`. Raises NotFound."""
        self.camera(camera_id)
        layers = nx.bfs_layers(self._graph, camera_id)
        next(layers)
        return tuple(tuple(layer) for layer, _ in zip(layers, range(hops), strict=False))

    def around(self, camera_ids: Iterable[str], hops: int) -> frozenset[str]:
        """Return cameras and all that are within some ways of them, in whatever direction those may be gone."""
        known = [camera_id for camera_id in dict.fromkeys(camera_ids) if camera_id in self._cameras]
        if not known:
            return frozenset()
        layers = nx.bfs_layers(self._graph.to_undirected(as_view=True), known)
        return frozenset(camera_id for layer, _ in zip(layers, range(hops + 1), strict=False) for camera_id in layer)

    def distances(self, camera_id: str, within_m: float | None = None) -> dict[str, float]:
        """Return the metres of the shortest way to every camera that can be reached, nearest first. Raises NotFound."""
        self.camera(camera_id)
        found: dict[str, float] = nx.single_source_dijkstra_path_length(
            self._graph, camera_id, cutoff=within_m, weight=_METRES
        )
        return found

    def shortest(self, origin: str, target: str) -> tuple[float, tuple[str, ...]]:
        """Return the metres of the shortest way and the cameras on it, both ends among them.

        Metres are infinite, and there are no cameras, where no way leads there. Raises NotFound.
        """
        self.camera(origin)
        self.camera(target)
        try:
            metres, cameras = nx.bidirectional_dijkstra(self._graph, origin, target, weight=_METRES)
        except nx.NetworkXNoPath:
            return math.inf, ()
        return float(metres), tuple(cameras)

    def parts(self) -> tuple[frozenset[str], ...]:
        """Return the sets of cameras that hang together by ways, whatever their direction, the largest first."""
        return tuple(map(frozenset, sorted(nx.weakly_connected_components(self._graph), key=len, reverse=True)))

    def with_camera(self, camera: Camera, ways: Sequence[Way]) -> Self:
        """Return the network with one camera more, or moved, and with these ways from and to it in place of its own.

        Raises InvalidInput naming every fault of the camera and its ways.
        """
        ends = {end for way in ways for end in (way.origin, way.target)} & self._cameras.keys() - {camera.id}
        findings = check_network([camera, *(self._cameras[end] for end in sorted(ends))], ways)
        findings.faults.extend(
            Finding(f"ways.{number}", f"a way of {quoted(camera.id)} is expected, found one of two others")
            for number, way in enumerate(ways)
            if camera.id not in {way.origin, way.target}
        )
        findings.refuse("the camera")
        cameras = {**self._cameras, camera.id: camera}
        graph = nx.DiGraph(self._graph)
        if camera.id in self._cameras:
            graph.remove_node(camera.id)
        graph.add_node(camera.id)
        _add_ways(graph, ways)
        return type(self)(cameras, graph)

    def without_camera(self, camera_id: str) -> Self:
        """Return the network without a camera and its ways. Raises NotFound."""
        self.camera(camera_id)
        graph = nx.DiGraph(self._graph)
        graph.remove_node(camera_id)
        return type(self)({known: camera for known, camera in self._cameras.items() if known != camera_id}, graph)


def _add_ways(graph: nx.DiGraph, ways: Iterable[Way]) -> None:
    graph.add_weighted_edges_from(((way.origin, way.target, way.metres) for way in ways), weight=_METRES)
