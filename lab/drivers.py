"""Which drivers there are."""

from lab.driver import Driver, Namespaces
from lab.state import NETNS

DRIVERS: dict[str, type[Driver]] = {NETNS: Namespaces}
"""lab.driver -> the class; one is made where it is needed, since it holds nothing."""


def driver_of(kind: str) -> Driver:
    """The driver of that name."""
    return DRIVERS[kind]()
