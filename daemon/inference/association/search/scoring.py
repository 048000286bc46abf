"""Scoring what a window holds against the target, and again as the template grows."""

from __future__ import annotations

import math

import numpy as np

from daemon.inference.association.kernels import kernel
from daemon.inference.association.network.repeats import ALIKE, MOMENT_S
from daemon.inference.association.search.arena import (
    CHANGED,
    COMPARED,
    DETECTIONS,
    DETECTIONS_HERE,
    ECHOES,
    FIRST_DETECTION,
    FIRST_ROUTE,
    MEMBERS,
    RESCORED,
    ROUTES_HERE,
    STATES,
    Arena,
)
from daemon.inference.association.search.ground import LEAST_LIK, REPEATS, SIGN, Ground
from daemon.inference.association.search.growing import join

#: Rows of the templates.
_QUERY, _WHOLE = 0, 1
#: What the template may say beyond what the query's own pictures do: else a wrong turn, once in the template, would
#: prove itself by its own sequel. The same holds on every link, or a sighting between two others could never win.
_LEAD = 3.0
#: What the query alone has to say of a sighting that joins the template.
_LIKE_QUERY = 1.0
#: By how much the exponents of a single and of a half differ.
_BIAS = np.float32(2.0**112)


@kernel
def camera_offset(ground: Ground, camera: int, utc: float) -> float:
    """Seconds that a camera's clock is ahead at a time."""
    here = ground.cameras[camera]
    return float(here.offset + here.clock_rate * (utc - here.since))


@kernel
def _look_up(table: np.ndarray, pictures: int, cosine: float) -> float:
    row = table[min(pictures, len(table)) - 1]
    place = (min(max(cosine, -1.0), 1.0) + 1.0) * 0.5 * (len(row) - 1)
    below = min(int(place), len(row) - 2)
    return float(row[below] + (row[below + 1] - row[below]) * (place - below))


@kernel(fastmath={"reassoc", "contract"})
def _cosine(template: np.ndarray, vector: np.ndarray, without: bool) -> float:
    """Cosine of a vector with a sum of unit vectors, with the vector itself left out of it where it is in there."""
    product = square = 0.0
    for k in range(len(vector)):
        value = template[k] - vector[k] if without else template[k]
        product += value * vector[k]
        square += value * value
    return product / math.sqrt(max(square, 1e-12))


@kernel
def score(arena: Arena, ground: Ground, number: int) -> None:
    """Set what a detection's vectors say, of the query alone and of the whole template."""
    seen = arena.detections[number]
    if seen.thing >= 0:
        return
    query = whole = 0.0
    seen.body_llr = seen.face_llr = 0.0
    member = seen.member == 1
    if seen.has_body:
        vector = arena.body[number]
        if arena.pictures[0] > 0:
            query += _look_up(ground.body_table, arena.pictures[0], _cosine(arena.body_template[_QUERY], vector, False))
        pictures = arena.pictures[1] - member
        if pictures > 0:
            seen.body_cos = _cosine(arena.body_template[_WHOLE], vector, member)
            seen.body_llr = _look_up(ground.body_table, pictures, seen.body_cos)
    if seen.has_face:
        vector = arena.face[number]
        if arena.pictures[2] > 0:
            query += _look_up(ground.face_table, arena.pictures[2], _cosine(arena.face_template[_QUERY], vector, False))
        pictures = arena.pictures[3] - member
        if pictures > 0:
            seen.face_cos = _cosine(arena.face_template[_WHOLE], vector, member)
            seen.face_llr = _look_up(ground.face_table, pictures, seen.face_cos)
    whole = seen.body_llr + seen.face_llr
    seen.query_llr = query
    seen.lik = math.exp(min(whole, query + _LEAD))


@kernel(fastmath={"reassoc", "contract"})
def take_vector(kept: np.ndarray, vector: np.ndarray, mean: np.ndarray) -> bool:
    """Keep a vector, of halves as bits, less its camera's mean, of unit length. False: there is none.

    The bits of an IEEE 754 half, moved to their places in a single, are its value but for the bias of the exponent.
    """
    bits = kept.view(np.uint32)
    for k in range(len(kept)):
        half = np.uint32(vector[k])
        bits[k] = ((half & np.uint32(0x8000)) << np.uint32(16)) | ((half & np.uint32(0x7FFF)) << np.uint32(13))
    square = own = np.float32(0.0)
    for k in range(len(kept)):
        value = kept[k] * _BIAS
        own += value * value
        kept[k] = value - mean[k]
        square += kept[k] * kept[k]
    if own < 1e-6 or square < 1e-12:
        return False
    scale = np.float32(1.0 / math.sqrt(square))
    for k in range(len(kept)):
        kept[k] *= scale
    return True


@kernel
def add_detection(
    arena: Arena, ground: Ground, camera: int, row: int, time: float, direction: float, quality: float
) -> int:
    """Return a new detection without vectors. time: see Arena."""
    number = arena.counts[DETECTIONS]
    arena.counts[DETECTIONS] = number + 1
    seen = arena.detections[number]
    seen.row, seen.time, seen.camera = row, time, camera
    utc = time * ground.numbers[SIGN]
    seen.rate = ground.rate[camera, int(utc // 3600.0) % 24]
    seen.next, seen.first_state = arena.heads[camera, FIRST_DETECTION], -1
    seen.direction, seen.quality = direction, quality
    seen.body_cos = seen.face_cos = math.nan
    seen.body_llr = seen.face_llr = seen.query_llr = 0.0
    seen.lik = 1.0
    seen.marginal = 0.0
    seen.has_body = seen.has_face = seen.member = 0
    seen.idle = 1
    seen.thing = -1
    seen.passage = number
    seen.filled = 0
    arena.heads[camera, FIRST_DETECTION] = number
    arena.heads[camera, DETECTIONS_HERE] += 1
    return int(number)


@kernel
def absorb(
    arena: Arena, ground: Ground, camera: int, skipped_row: int, overlaps: bool, rows: np.ndarray, times: np.ndarray,
    body: np.ndarray, face_rows: np.ndarray, faces: np.ndarray, quality: np.ndarray, direction: np.ndarray,
) -> int:  # fmt: skip
    """Score the detections of a window, and join them to every route that ends there; return how many were compared.

    skipped_row: the query's own. overlaps: some of it may have been searched before. body, faces: halves, as the
    uint16 that they are stored in.
    """
    first = arena.counts[DETECTIONS]
    sign = ground.numbers[SIGN]
    for i in range(len(rows)):
        if rows[i] == skipped_row or (overlaps and _known(arena, camera, rows[i])):
            continue
        time = sign * (times[i] - camera_offset(ground, camera, times[i]))
        turned = direction[i] + 180.0 if sign < 0 else direction[i]
        number = add_detection(arena, ground, camera, rows[i], time, turned, quality[i])
        seen = arena.detections[number]
        if body.shape[1] == arena.body.shape[1] and body.shape[1] > 0:
            seen.has_body = take_vector(arena.body[number], body[i], ground.body_mean[camera])
        if face_rows[i] >= 0 and arena.face.shape[1] > 0:
            seen.has_face = take_vector(arena.face[number], faces[face_rows[i]], ground.face_mean[camera])
        score(arena, ground, number)
    for number in range(first, arena.counts[DETECTIONS]):
        if arena.detections[number].lik >= ground.numbers[LEAST_LIK]:
            _wake(arena, ground, number)
    compared = arena.counts[DETECTIONS] - first
    arena.counts[COMPARED] += compared
    return int(compared)


@kernel
def _wake(arena: Arena, ground: Ground, number: int) -> None:
    """Join a detection to every route that ends at its camera, or to the passage that it is another picture of."""
    seen = arena.detections[number]
    if ground.numbers[REPEATS] > 0.0 and _join_passage(arena, ground, number):
        return
    seen.idle = 0
    at = arena.heads[seen.camera, FIRST_ROUTE]
    while at >= 0:
        join(arena, ground, at, number)
        at = arena.routes[at].next_here


@kernel
def _join_passage(arena: Arena, ground: Ground, number: int) -> bool:
    """Make a detection an echo of one just before or after that looks alike; the better picture stands for both."""
    seen = arena.detections[number]
    strangers = seen.rate * MOMENT_S / ground.numbers[REPEATS]
    best, least = -1, max(ALIKE, math.log(max(strangers, 1e-9)) + 1.0)
    at = arena.heads[seen.camera, FIRST_DETECTION]
    while at >= 0:
        other = arena.detections[at]
        if other.idle == 0 and other.thing < 0 and abs(other.time - seen.time) <= MOMENT_S:
            llr = _alike(arena, ground, number, at)
            if llr > least:
                best, least = at, llr
        at = other.next
    if best < 0:
        return False
    seen.idle, seen.passage = 2, best
    arena.counts[ECHOES] += 1
    first = arena.detections[best]
    if first.member != 1 and first.lik < seen.lik:
        _swap_pictures(arena, number, best)
        score(arena, ground, number)
        score(arena, ground, best)
    return True


@kernel
def _alike(arena: Arena, ground: Ground, one: int, other: int) -> float:
    """Logarithm of how much likelier the vectors of two detections are of one person than of two; 0 without any."""
    first, second = arena.detections[one], arena.detections[other]
    llr = 0.0
    if first.has_body and second.has_body:
        llr += _look_up(ground.body_table, 1, _cosine(arena.body[one], arena.body[other], False))
    if first.has_face and second.has_face:
        llr += _look_up(ground.face_table, 1, _cosine(arena.face[one], arena.face[other], False))
    return llr


@kernel
def _swap_pictures(arena: Arena, one: int, other: int) -> None:
    first, second = arena.detections[one], arena.detections[other]
    first.has_body, second.has_body = second.has_body, first.has_body
    first.has_face, second.has_face = second.has_face, first.has_face
    for k in range(arena.body.shape[1]):
        arena.body[one, k], arena.body[other, k] = arena.body[other, k], arena.body[one, k]
    for k in range(arena.face.shape[1]):
        arena.face[one, k], arena.face[other, k] = arena.face[other, k], arena.face[one, k]


@kernel
def wake(arena: Arena, ground: Ground, needs: np.ndarray) -> bool:
    """Join the detections that were idle and are so no more. False: `needs` says what has to grow first."""
    if arena.counts[CHANGED] == 0:
        return True
    for number in range(1, arena.counts[DETECTIONS]):
        seen = arena.detections[number]
        if seen.idle != 1 or seen.lik < ground.numbers[LEAST_LIK]:
            continue
        joins = arena.heads[seen.camera, ROUTES_HERE]
        needs[:] = 0
        needs[1] = needs[3] = joins
        if arena.counts[1] + joins > len(arena.states) or arena.counts[3] + joins > len(arena.edges):
            return False
        _wake(arena, ground, number)
    arena.counts[CHANGED] = 0
    return True


@kernel
def _known(arena: Arena, camera: int, row: int) -> bool:
    at = arena.heads[camera, FIRST_DETECTION]
    while at >= 0:
        if arena.detections[at].row == row:
            return True
        at = arena.detections[at].next
    return False


@kernel
def renew_template(arena: Arena, ground: Ground, sure: float, unsure: float, most: int) -> bool:
    """Take into the template what is surely the target, out what no longer is; score again where that changed it."""
    changed = False
    for place in range(1, arena.counts[STATES]):
        number = arena.states[arena.order[place]].detection
        seen = arena.detections[number]
        if seen.member == 0 and seen.marginal > sure and seen.query_llr > _LIKE_QUERY and arena.counts[MEMBERS] < most:
            if seen.has_body or seen.has_face:
                _change_member(arena, number, 1)
                changed = True
        elif seen.member == 1 and seen.marginal < unsure:
            _change_member(arena, number, -1)
            changed = True
    if changed:
        for number in range(1, arena.counts[DETECTIONS]):
            score(arena, ground, number)
        arena.counts[RESCORED] += arena.counts[DETECTIONS] - 1
        arena.counts[CHANGED] = 1
    return changed


@kernel
def _change_member(arena: Arena, number: int, sign: int) -> None:
    seen = arena.detections[number]
    seen.member = 1 if sign > 0 else 2  # what was taken out never comes in again: it could go on for ever
    arena.counts[MEMBERS] += sign
    if seen.has_body:
        arena.pictures[1] += sign
        for k in range(arena.body.shape[1]):
            arena.body_template[_WHOLE, k] += sign * arena.body[number, k]
    if seen.has_face:
        arena.pictures[3] += sign
        for k in range(arena.face.shape[1]):
            arena.face_template[_WHOLE, k] += sign * arena.face[number, k]
