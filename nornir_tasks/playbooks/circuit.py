"""Change a circuit's provider, circuit id or bandwidth, in the inventory and on its routers."""

from inventory.errors import UsageError
from inventory.model import Network
from nornir_tasks.loop_free import with_costs
from nornir_tasks.play import Play
from nornir_tasks.playbooks.drain import Step, backwards, circuit_ends, draining

PARAMETERS = {
    "link": "id of the circuit",
    "provider": "its new provider",
    "circuit_id": "its new circuit id",
    "bandwidth": "its new bandwidth: 200M, 1G",
}
_KEYS = ("provider", "circuit_id", "bandwidth")


def run(play: Play) -> None:
    """The file is changed first and put back if the routers did not take the change.

    One router after the other; another bandwidth is another cost, which goes as a drain's does.
    """
    link = play.named("link", play.network.links)
    given = [key for key in _KEYS if key in play.arguments]
    if not given:
        raise UsageError.of("", f"expected one of {', '.join(_KEYS)}.")
    ends = (play.network.links[link].a.device, play.network.links[link].b.device)
    routers = tuple(name for name in ends if play.network.devices[name].routes)
    present = play.network
    for key in given:
        with play.inventory.link(link, key, play.arguments[key]) as network:
            steps = _costing(present, network, link)
            for device, step in steps:
                play.apply(step, (device,))
            if not steps:
                play.apply(network, routers)
        present = network
        play.say(f"{link}: {key} is {play.arguments[key]}")


def _costing(present: Network, wanted: Network, link: str) -> tuple[Step, ...]:
    """Steps from the present cost to the wanted one during which no packet circles."""
    if not wanted.links[link].routed:
        return ()
    old, new = present.links[link].cost, wanted.links[link].cost
    ends = circuit_ends(wanted, link)
    low = wanted
    for device, interfaces in ends:
        low = with_costs(low, device, {(device, name): min(old, new) for name in interfaces})
    rising = tuple(draining(low, ends, max(old, new)))
    return rising if new > old else tuple(backwards(low, rising))
