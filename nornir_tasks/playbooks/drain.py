"""Take the traffic off a circuit or a router before work on it, or bring it back."""

from collections.abc import Iterable, Iterator

from inventory.errors import UsageError
from inventory.model import Network
from inventory.nearest import nearest
from nornir_tasks.loop_free import LAST_RESORT, raised
from nornir_tasks.play import Play

PARAMETERS = {
    "link": "id of the circuit to drain",
    "device": "or the router to drain, by all its circuits",
    "back": "yes: bring the traffic back",
}
End = tuple[str, tuple[str, ...]]
"""A device, and those of its interfaces that are meant."""
Step = tuple[str, Network]
"""The device to change next, and the network that it is then to run."""


def run(play: Play) -> None:
    """One router and one step of cost after the other, so that no packet ever circles."""
    what, ends = _chosen(play)
    steps = tuple(draining(play.network, ends))
    if play.arguments.get("back") == "yes":
        for device, network in backwards(play.network, steps):
            play.apply(network, (device,))
        play.say(f"{what}: carries traffic again")
        return
    for device, network in steps:
        play.apply(network, (device,))
    play.say(f"{what}: drained; bring it back with the same words and back=yes")


def draining(network: Network, ends: Iterable[End], to: int = LAST_RESORT) -> Iterator[Step]:
    """Steps until what leaves through `ends` costs `to`, which is not less than it costs now."""
    latest = network
    for device, interfaces in ends:
        for step in raised(latest, device, interfaces, to):
            yield device, step
            latest = step


def backwards(network: Network, steps: tuple[Step, ...]) -> Iterator[Step]:
    """The steps that undo `steps`, which begin where `network` runs."""
    networks = (network, *(made for _, made in steps))
    for (device, _), earlier in zip(reversed(steps), reversed(networks[:-1]), strict=True):
        yield device, earlier


def circuit_ends(network: Network, link: str) -> tuple[End, ...]:
    """Both ends of a circuit, as `draining` takes them."""
    both = (network.links[link].a, network.links[link].b)
    return tuple((end.device, (end.interface,)) for end in both)


def _chosen(play: Play) -> tuple[str, tuple[End, ...]]:
    key = "device" if "device" in play.arguments else "link"
    word = play.arguments.get(key, "")
    known = (_routers if key == "device" else _circuits)(play.network)
    if word in known:
        return word, known[word]
    hint = nearest(word, list(known)) or f"See: imereti show {key}s"
    message = f"expected link=ID or device=NAME of something that routes, found {word or 'none'}."
    raise UsageError.of(key, message, hint)


def _circuits(network: Network) -> dict[str, tuple[End, ...]]:
    return {
        link.id: circuit_ends(network, link.id) for link in network.links.values() if link.routed
    }


def _routers(network: Network) -> dict[str, tuple[End, ...]]:
    """What others send through it leaves it again: raising what leaves is enough."""
    own: dict[str, list[str]] = {}
    for link in network.links.values():
        for end in (link.a, link.b) if link.routed else ():
            own.setdefault(end.device, []).append(end.interface)
    return {name: ((name, tuple(sorted(interfaces))),) for name, interfaces in own.items()}
