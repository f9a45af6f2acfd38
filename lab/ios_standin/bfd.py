"""BFD of OSPF's neighbours: whether the two ends of a circuit run it, and what is shown of it."""

from dataclasses import dataclass

from lab.ios_standin.block import Block


@dataclass(frozen=True, slots=True)
class BfdSession:
    """One session of `show bfd neighbors`; OSPF makes it when it has a neighbour."""

    port: str
    version: int
    neighbour: str
    up: bool


def runs(process: Block, interface: Block, own: str | None) -> bool:
    """Whether OSPF asks for BFD there, and BFD has an interval for it.

    `own` is what the interface itself says of it: "", "disable", or None for nothing.
    """
    if not any(interface.starting("bfd", "interval")):
        return False
    if own is None:
        return process.find("bfd", "all-interfaces") is not None
    return own != "disable"
