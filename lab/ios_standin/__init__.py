"""A stand-in for a cisco_ios device: what to use where no real one can be had.

    async with serve([IosStandin("zes-rtr1", running_configuration)]) as ports:
        ...  # ssh admin@127.0.0.1 -p ports["zes-rtr1"]

docs/ios-standin.md says what it answers and where it stops.
"""

from lab.ios_standin.clock import LoopClock, ManualClock
from lab.ios_standin.device import IosStandin
from lab.ios_standin.faults import Faults
from lab.ios_standin.hardware import Hardware
from lab.ios_standin.server import Served, serve
from lab.ios_standin.state import StateFile
from lab.ios_standin.surroundings import Cable

__all__ = [
    "Cable",
    "Faults",
    "Hardware",
    "IosStandin",
    "LoopClock",
    "ManualClock",
    "Served",
    "StateFile",
    "serve",
]
