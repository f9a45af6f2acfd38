"""Take the traffic off a circuit or a router before work on it, or bring it back."""

from collections.abc import Iterable, Iterator

from inventory.errors import InputError, Problem
from inventory.model import Network
from nornir_tasks.loop_free import raised
from nornir_tasks.play import Play

PARAMETERS = {
    "link": "id of the circuit to drain",
    "device": "or the router to drain, by all its circuits",
    "back": "yes: bring the traffic back",
}


def run(play: Play) -> None:
    """One router and one step of cost after the other, so that no packet ever circles."""
    what, ends = _chosen(play)
    steps = tuple(draining(play.network, ends))
    networks = (play.network, *(network for _, network in steps))
    if play.arguments.get("back") == "yes":
        for (device, _), earlier in zip(reversed(steps), reversed(networks[:-1]), strict=True):
            play.apply(earlier, (device,))
        play.say(f"{what}: carries traffic again")
        return
    for device, network in steps:
        play.apply(network, (device,))
    play.say(f"{what}: drained; bring it back with the same words and back=yes")


def draining(
    network: Network, ends: Iterable[tuple[str, tuple[str, ...]]]
) -> Iterator[tuple[str, Network]]:
    """The device to change next, and the network that it is then to run.

    `ends`: devices and those of their interfaces that nothing is to leave through any more.
    """
    latest = network
    for device, interfaces in ends:
        for step in raised(latest, device, interfaces):
            yield device, step
            latest = step


def circuit_ends(network: Network, link: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Both ends of a circuit, as `draining` takes them."""
    both = (network.links[link].a, network.links[link].b)
    return tuple((end.device, (end.interface,)) for end in both)


def _chosen(play: Play) -> tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    network = play.network
    if "device" in play.arguments:
        name = play.arguments["device"]
        routed = [link for link in network.links.values() if link.routed]
        own = [
            link.end(name).interface for link in routed if name in {link.a.device, link.b.device}
        ]
        # What others send through it leaves it again: raising what leaves is enough.
        if own:
            return name, ((name, tuple(sorted(own))),)
    else:
        link = network.links.get(play.argument("link"))
        if link is not None and link.routed:
            return link.id, circuit_ends(network, link.id)
    message = "expected link=ID or device=NAME of something that routes."
    raise InputError((Problem("command line", 0, "link", message, "See: imereti show links"),))
