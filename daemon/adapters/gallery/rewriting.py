"""Blocks written anew: several as one, or one without what is forgotten. The files that they replace stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from daemon.adapters.gallery.arrangement import arranged
from daemon.adapters.gallery.batches import Kind
from daemon.adapters.gallery.block import Block, write_block
from daemon.adapters.gallery.deletions import Deletion, Journal
from daemon.adapters.gallery.rows import DAY_S, Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bytes of a block that is merged with no other any more, and of all that are merged at once.
FULL: Final = 256 << 20
MOST: Final = 2 * FULL
#: Blocks of about one size that are merged by and by.
SEVERAL: Final = 8
_SMALLEST_BITS: Final = 20  # up to a megabyte all blocks are of one size


class Damaged(Exception):
    """A block cannot be written anew, for what is in it is not what was written."""

    def __init__(self, block: Block, why: str) -> None:
        super().__init__(why)
        self.block = block


def write_rows(folder: Path, rows: Iterable[tuple[Kind, Rows]]) -> list[Block]:
    """Write rows as blocks and open these; all of them, or nothing is left. Raises StoreFull, Unavailable."""
    written: list[Block] = []
    try:
        for kind, some in rows:
            name = write_block(folder, arranged([some]), day=kind.day, body_model=kind.body_model)
            written.append(Block(folder, name))
    except BaseException:
        unlink(block.path for block in written)
        raise
    return written


def rewrite(folder: Path, blocks: Sequence[Block], kept: Sequence[NDArray[np.bool_]] | None = None) -> Block | None:
    """Write blocks of one kind as one, or those of their records that are kept; None when that is nothing.

    Raises Damaged, StoreFull, Unavailable; then nothing of it is left.
    """
    if kept is not None and not any(some.any() for some in kept):
        return None
    for block in blocks:
        for fault in block.faults(counts=False):
            raise Damaged(block, fault)
    about = blocks[0].about
    whole = arranged([block.rows() for block in blocks], kept)
    return Block(folder, write_block(folder, whole, day=about.day, body_model=about.body_model))


def due(blocks: Sequence[Block]) -> Sequence[Block]:
    """Return blocks of one kind and about one size when there are several: what is merged by and by."""
    sizes: dict[tuple[Kind, int], list[Block]] = defaultdict(list)
    for block in blocks:
        if block.size < FULL:
            power = max(0, block.size.bit_length() - _SMALLEST_BITS) // 3
            sizes[_kind(block), power].append(block)
    return next((some[:SEVERAL] for some in sizes.values() if len(some) >= SEVERAL), ())


def mergeable(blocks: Sequence[Block]) -> Sequence[Block]:
    """Return blocks of one kind that together are not too much, when there are two: what is merged in one step."""
    kinds: dict[Kind, list[Block]] = defaultdict(list)
    for block in sorted(blocks, key=lambda block: (block.size, block.name)):
        if block.size < FULL:
            kinds[_kind(block)].append(block)
    for some in kinds.values():
        if len(some) > 1:
            total = np.cumsum([block.size for block in some])
            return some[: max(2, int(np.searchsorted(total, MOST)))]
    return ()


def kept_of(
    block: Block, deletion: Deletion, journal: Journal, ids: Collection[str] | None
) -> NDArray[np.bool_] | None:
    """Return which records of a block a deletion leaves, None for all. ids: its ids, None when only digests are known.

    Then every record's id has to be read.
    """
    kept = np.ones(block.about.records, bool)
    if deletion.before_s is not None and block.about.day * DAY_S < deletion.before_s:
        kept &= block.column("own") >= deletion.before_s
    if ids is not None:
        kept[[record for name in ids if (record := block.find(name)) is not None]] = False
    elif deletion.ids:
        digests = set(deletion.ids)
        kept[[n for n in range(len(kept)) if journal.digest(block.detection(n).id) in digests]] = False
    return None if kept.all() else kept


def unlink(paths: Iterable[Path]) -> None:
    """Delete files. Views that have them open keep them."""
    for path in paths:
        path.unlink(missing_ok=True)


def _kind(block: Block) -> Kind:
    return Kind(block.about.day, block.about.body_model)
