"""Checking that a query fits the site and the view that it is asked of."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InvalidInput
from daemon.inference.association.network.site_model import SiteModel
from daemon.inference.association.search.query import Query
from daemon.ports.sightings import SightingsView


def checked(site: SiteModel, view: SightingsView, query: Query) -> None:
    """Raise InvalidInput, naming each fault, for a query that cannot be searched."""
    faults: list[tuple[str, str]] = []
    known = len(view.cameras)
    if tuple(view.cameras) != site.cameras[:known]:
        faults.append(("site", "was learnt for other cameras than these; learn the site again"))
    if not 0 <= query.camera < min(known, len(site.cameras)):
        faults.append(("camera", f"{query.camera}, expected a number from 0 to {known - 1}"))
    if query.came_from is not None and not 0 <= query.came_from < len(site.cameras):
        faults.append(("came_from", f"{query.came_from}, expected a number from 0 to {len(site.cameras) - 1}"))
    if not math.isfinite(query.time_s):
        faults.append(("time_s", f"{query.time_s}, expected seconds since 1970"))
    if not (math.isfinite(query.horizon_s) and query.horizon_s > 0):
        faults.append(("horizon_s", f"{query.horizon_s}, expected more than 0 seconds"))
    if not (query.forwards or query.backwards):
        faults.append(("forwards", "neither forwards nor backwards is asked for"))
    faults += _vectors("body", query.body, site.appearance.body_mean.shape[1])
    faults += _vectors("face", query.face, site.appearance.face_mean.shape[1])
    if faults:
        raise InvalidInput("query: " + "; ".join(f"{path}: {fault}" for path, fault in faults), tuple(faults))


def _vectors(name: str, given: NDArray[np.float32], width: int) -> list[tuple[str, str]]:
    if given.ndim != 2:
        return [(name, f"an array of {given.ndim} dimensions, expected pictures x width")]
    if not np.isfinite(given).all():
        return [(name, "holds values that are not finite")]
    if len(given) and width and given.shape[1] != width:
        return [(name, f"vectors of width {given.shape[1]}, expected {width} as in the gallery")]
    return []
