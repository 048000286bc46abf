"""Networks of cameras that come as files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from daemon.ports import Actor, Camera, Way
from daemon.services.association_sightings import put_network
from daemon.services.duty import Duty


async def import_file(duty: Duty, actor: Actor, path: Path) -> tuple[Sequence[Camera], Sequence[Way], Sequence[str]]:
    """Replace the network by a file's; return it with what is odd in it. Raises InvalidInput with every fault."""
    cameras, ways, warnings = await duty.ports.offload.run(partial(_read, path), what="association.network")
    await put_network(duty, actor, cameras, ways)
    return cameras, ways, warnings


def _read(path: Path) -> tuple[Sequence[Camera], Sequence[Way], Sequence[str]]:
    from daemon.inference.association.network.camera_files import read_cameras  # noqa: PLC0415 slow to import

    found = read_cameras(path)
    return found.cameras, found.ways, [f"{finding.place}: {finding.message}" for finding in found.warnings]
