"""Which drivers there are."""

from lab.containerlab import Containerlab
from lab.driver import Driver, Namespaces
from lab.state import CONTAINERLAB, NETNS

DRIVERS: dict[str, type[Driver]] = {NETNS: Namespaces, CONTAINERLAB: Containerlab}
"""lab.driver -> the class; one is made where it is needed, since it holds nothing."""


def driver_of(kind: str) -> Driver:
    """The driver of that name."""
    return DRIVERS[kind]()
