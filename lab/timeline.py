"""The demo's script: what goes wrong, when, and for how long, over and over. Pure.

One thing at a time and gently, so that whoever watches the dashboard sees an incident open, and
close again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from inventory.model import DeviceRole, LinkRole, Network

FIRST_S = 45.0
LASTS_S = 60.0
CALM_S = 75.0
DAMAGE_ERRORS_PS = 20.0
FAULTS = frozenset({"cut", "damage", "power-off"})


@dataclass(frozen=True, slots=True)
class Step:
    """One command for whoever runs the network, as `lab.simulator` obeys it."""

    after_s: float
    """Since the step before."""
    words: tuple[str, ...]
    says: str
    """For the terminal."""


def timeline(network: Network, kinds: frozenset[str] = FAULTS) -> Iterator[Step]:
    """Endless; the same network always gives the same script. Empty when it has no links.

    `kinds` are the faults that whoever runs the network can make.
    """
    circuits = _of_roles(network, LinkRole.WAN_PRIMARY) or sorted(network.links)
    noisy = _of_roles(network, LinkRole.SCHOOL, LinkRole.WAN_BACKUP) or circuits
    routers = [
        device.name
        for device in network.devices.values()
        if device.role in {DeviceRole.SCHOOL, DeviceRole.DISTRICT}
    ]
    if not circuits:
        return
    acts = cycle(act for act in _acts(circuits, noisy, routers) if act[0][0][0] in kinds)
    wait_s = FIRST_S
    while True:
        begin, end = next(acts)
        yield Step(wait_s, *begin)
        yield Step(LASTS_S, *end)
        wait_s = CALM_S


Command = tuple[tuple[str, ...], str]


def _acts(
    circuits: list[str], noisy: list[str], routers: list[str]
) -> list[tuple[Command, Command]]:
    """Pairs of a fault and its end, kinds taking turns."""
    acts: list[tuple[Command, Command]] = []
    for turn in range(max(len(circuits), len(noisy), len(routers))):
        circuit, noise = circuits[turn % len(circuits)], noisy[turn % len(noisy)]
        acts.append(
            (
                (("cut", circuit), f"circuit {circuit} is cut"),
                (("heal", circuit), f"circuit {circuit} is mended"),
            )
        )
        acts.append(
            (
                (
                    ("damage", noise, str(DAMAGE_ERRORS_PS)),
                    f"circuit {noise} damages {DAMAGE_ERRORS_PS:.0f} frames a second",
                ),
                (("heal", noise), f"circuit {noise} is clean again"),
            )
        )
        if routers:
            router = routers[turn % len(routers)]
            acts.append(
                (
                    (("power-off", router), f"{router} loses power"),
                    (("power-on", router), f"{router} has power again"),
                )
            )
    return acts


def _of_roles(network: Network, *roles: LinkRole) -> list[str]:
    return [link.id for link in network.links.values() if link.role in roles]
