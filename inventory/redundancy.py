"""What a device's connection to the cores hangs on: the single circuits and cores it can't lose."""

from collections.abc import Collection
from dataclasses import dataclass

from inventory.paths import Topology


@dataclass(frozen=True, slots=True, order=True)
class WeakPoint:
    """A circuit or a core whose loss alone leaves a device without a path to any core."""

    kind: str
    """circuit or core."""
    name: str


def weak_points(topology: Topology, device: str, cores: Collection[str]) -> tuple[WeakPoint, ...]:
    """All single points of failure between `device` and the cores; empty when there is none.

    Only what lies on one path can be such a point, so one path is found and each part of it is
    taken away in turn. A device on an island has none: there is nothing to lose.
    """
    path = _way_to_core(topology, device, cores, None)
    if path is None:
        return ()
    points = [WeakPoint("circuit", link) for link in path[0]] + [WeakPoint("core", path[1])]
    return tuple(
        point for point in sorted(points) if _way_to_core(topology, device, cores, point) is None
    )


def _way_to_core(
    topology: Topology, device: str, cores: Collection[str], lost: WeakPoint | None
) -> tuple[list[str], str] | None:
    """Links of a shortest way (in hops) to a core, and that core, with one thing lost."""
    cut = lost.name if lost else None
    came_from: dict[str, tuple[str, str]] = {}
    waiting, seen = [device], {device}
    for here in waiting:
        for edge in topology.edges.get(here, ()):
            if edge.to in seen or cut in (edge.link, edge.to):
                continue
            seen.add(edge.to)
            came_from[edge.to] = (here, edge.link)
            if edge.to in cores:
                return _links_back(came_from, edge.to, device), edge.to
            waiting.append(edge.to)
    return None


def _links_back(came_from: dict[str, tuple[str, str]], core: str, device: str) -> list[str]:
    links: list[str] = []
    here = core
    while here != device:
        here, link = came_from[here]
        links.append(link)
    return links
