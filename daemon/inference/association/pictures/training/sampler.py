"""Batches of some pictures of each of some people, so that every picture has one alike and many unlike beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def batches(identities: NDArray[np.int64], people: int, pictures: int, seed: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return the batches of an epoch: numbers of pictures, `pictures` of each of `people` (Hermans et al., 2017).

    identities: (n,) of each picture. Fewer people than asked for make smaller batches. A person with fewer pictures
    than asked for has some twice; of one with more, every picture comes before any comes again. The same seed gives
    the same batches.
    """
    chance = np.random.default_rng(list(seed))
    people = min(people, len(np.unique(identities)))
    left = {int(one): _groups(np.flatnonzero(identities == one), pictures, chance) for one in np.unique(identities)}
    found = []
    while len(left) >= people:
        # those with most left first, else a few with many pictures would be left over alone
        order = sorted(left, key=lambda one: (-len(left[one]), chance.random()))[:people]
        found.append(np.concatenate([left[one].pop() for one in order]))
        left = {one: groups for one, groups in left.items() if groups}
    return [found[number] for number in chance.permutation(len(found))]


def _groups(numbers: NDArray[np.int64], size: int, chance: np.random.Generator) -> list[NDArray[np.int64]]:
    """Divide a person's pictures into groups of one size; what does not fill one is left to other epochs."""
    numbers = chance.permutation(numbers)
    if len(numbers) < size:
        return [np.concatenate([numbers, chance.choice(numbers, size - len(numbers))])]
    whole = len(numbers) // size * size
    return list(numbers[:whole].reshape(-1, size))
