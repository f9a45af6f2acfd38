"""What templates print about OSPF. A part of `nornir_tasks.intent`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OspfKeyIntent:
    """A key of OSPF; the key itself is a placeholder."""

    id: int
    key: str


@dataclass(frozen=True, slots=True)
class OspfInterfaceIntent:
    """OSPF on an interface, both versions."""

    cost: int
    passive: bool
    bfd: bool
    keys: tuple[OspfKeyIntent, ...]
    """Those it accepts, where the platform can accept several; it sends with the first."""


@dataclass(frozen=True, slots=True)
class OspfIntent:
    """OSPFv2 and OSPFv3 of a router."""

    area: int
    reference_mbps: int
    hello_s: int
    dead_s: int
    retransmit_s: int
    keys: tuple[OspfKeyIntent, ...]
    """Of all its interfaces; those of the first come first."""
    bfd_interval_ms: int
    bfd_multiplier: int
    bfd: bool
    """Whether any of its interfaces runs BFD."""
    active: tuple[str, ...]
    """Interfaces with an adjacency."""
    originates_default: bool
    """It hands its default route to OSPF, for as long as it has one."""
