"""The association of a daemon, where it is configured."""

from __future__ import annotations

from daemon.config import AssociationSection
from daemon.errors import ZhibanError
from daemon.metrics import Metrics
from daemon.services.association import AssociationSystem, Loaded
from daemon.services.duty import Duty


def opened_association(duty: Duty, metrics: Metrics) -> AssociationSystem | None:
    """Return the association, which has nothing loaded yet; None where it is off."""
    gallery, cases = duty.ports.gallery, duty.ports.cases
    if duty.config.association.kind == "off" or gallery is None or cases is None:
        return None
    return AssociationSystem(duty.ports, gallery, cases, lambda: duty.config.association, load, metrics)


def load(section: AssociationSection) -> Loaded:
    """Open what pictures are embedded with and compile the kernels of searches. Blocks; raises ConfigError."""
    from daemon.inference.association.pictures.registry import open_embedder  # noqa: PLC0415 slow to import
    from daemon.inference.association.search.best_first import warm_up  # noqa: PLC0415 as above

    body = open_embedder(section.embedder)
    face, problems = None, dict[str, str]()
    if section.face:
        from daemon.inference.association.pictures.faces import open_faces  # noqa: PLC0415 as above

        try:
            face = open_faces()
        except ZhibanError as exc:
            problems["face"] = str(exc)
    warm_up()
    return Loaded(body=body, face=face, problems=problems)
