"""Paths that the modelled OSPF costs give; the same network with links or devices taken away."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from inventory.model import Network


@dataclass(frozen=True, slots=True)
class Edge:
    """One direction of a routed link."""

    link: str
    to: str
    cost: int


@dataclass(frozen=True, slots=True)
class Hop:
    """One link of a path, in the direction of travel."""

    link: str
    source: str
    target: str
    cost: int


@dataclass(frozen=True, slots=True)
class BestPath:
    """A best path. Of several equally good ones, the first by the names of its devices."""

    source: str
    target: str
    hops: tuple[Hop, ...]
    cost: int
    """Sum of the OSPF costs of its links."""
    equals: int
    """How many paths are as good, this one included (equal-cost multipath)."""

    @property
    def devices(self) -> tuple[str, ...]:
        """Every router on the way, both ends included."""
        return (self.source, *(hop.target for hop in self.hops))

    @property
    def links(self) -> tuple[str, ...]:
        """Ids of the links on the way."""
        return tuple(hop.link for hop in self.hops)


@dataclass(frozen=True, slots=True)
class Topology:
    """Routing devices and the routed links between them."""

    edges: Mapping[str, tuple[Edge, ...]]
    """By device, sorted; a device without a link has an empty tuple."""

    @staticmethod
    def of(network: Network) -> "Topology":
        """All routing devices and routed links of a network."""
        rows = (
            (link.id, link.a.device, link.b.device, link.cost)
            for link in network.links.values()
            if link.routed
        )
        return Topology.from_rows(
            (name for name, device in network.devices.items() if device.routes), rows
        )

    @staticmethod
    def from_rows(devices: Iterable[str], rows: Iterable[tuple[str, str, str, int]]) -> "Topology":
        """From device names and rows of (link id, one end, other end, cost)."""
        edges: dict[str, list[Edge]] = defaultdict(list, {name: [] for name in devices})
        for link, a, b, cost in rows:
            edges[a].append(Edge(link, b, cost))
            edges[b].append(Edge(link, a, cost))
        return Topology(
            {
                name: tuple(sorted(rows, key=lambda edge: (edge.to, edge.link)))
                for name, rows in sorted(edges.items())
            }
        )

    def without_links(self, links: Collection[str]) -> "Topology":
        """The same with those links cut."""
        return Topology(
            {
                name: tuple(edge for edge in edges if edge.link not in links)
                for name, edges in self.edges.items()
            }
        )

    def without_devices(self, devices: Collection[str]) -> "Topology":
        """The same with those devices, and every link to them, gone."""
        return Topology(
            {
                name: tuple(edge for edge in edges if edge.to not in devices)
                for name, edges in self.edges.items()
                if name not in devices
            }
        )

    def costs_from(self, source: str) -> dict[str, int]:
        """Cost of the best path from `source` to every device that it reaches (Dijkstra)."""
        if source not in self.edges:
            return {}
        best: dict[str, int] = {}
        waiting = [(0, source)]
        while waiting:
            cost, here = heapq.heappop(waiting)
            if here in best:
                continue
            best[here] = cost
            for edge in self.edges[here]:
                if edge.to not in best:
                    heapq.heappush(waiting, (cost + edge.cost, edge.to))
        return best

    def reached_from(self, source: str) -> frozenset[str]:
        """Every device that `source` reaches, itself included."""
        seen = {source} if source in self.edges else set()
        waiting = list(seen)
        while waiting:
            for edge in self.edges[waiting.pop()]:
                if edge.to not in seen:
                    seen.add(edge.to)
                    waiting.append(edge.to)
        return frozenset(seen)

    def path(self, source: str, target: str) -> BestPath | None:
        """The best path, or None when there is none."""
        to_target = self.costs_from(target)
        if source not in to_target:
            return None
        hops: list[Hop] = []
        here = source
        while here != target:
            edge = self._next(here, to_target)[0]
            hops.append(Hop(edge.link, here, edge.to, edge.cost))
            here = edge.to
        equals = self._count(source, to_target, {target: 1})
        return BestPath(source, target, tuple(hops), to_target[source], equals)

    def _next(self, here: str, to_target: Mapping[str, int]) -> list[Edge]:
        """Edges that lie on a best path; a cost is at least 1, so that each one leads nearer."""
        return [
            edge
            for edge in self.edges[here]
            if edge.to in to_target and to_target[edge.to] + edge.cost == to_target[here]
        ]

    def _count(self, here: str, to_target: Mapping[str, int], known: dict[str, int]) -> int:
        if here not in known:
            edges = self._next(here, to_target)
            known[here] = sum(self._count(edge.to, to_target, known) for edge in edges)
        return known[here]


def shortest_path(network: Network, source: str, target: str) -> BestPath | None:
    """The best path between two routing devices of a network without faults, or None."""
    return Topology.of(network).path(source, target)


def without_links(network: Network, links: Collection[str]) -> Topology:
    """The network's topology with those links cut."""
    return Topology.of(network).without_links(links)


def without_devices(network: Network, devices: Collection[str]) -> Topology:
    """The network's topology with those devices gone."""
    return Topology.of(network).without_devices(devices)
