"""Change a circuit's provider, circuit id or bandwidth, in the inventory and on its routers."""

from inventory.errors import InputError, Problem
from nornir_tasks.play import Play

PARAMETERS = {
    "link": "id of the circuit",
    "provider": "its new provider",
    "circuit_id": "its new circuit id",
    "bandwidth": "its new bandwidth: 200M, 1G",
}
_KEYS = ("provider", "circuit_id", "bandwidth")


def run(play: Play) -> None:
    """The file is changed first and put back if the routers did not take the change."""
    link = play.argument("link")
    if link not in play.network.links:
        raise InputError((Problem("command line", 0, "link", f"there is no link '{link}'."),))
    given = [key for key in _KEYS if key in play.arguments]
    if not given:
        message = f"expected one of {', '.join(_KEYS)}."
        raise InputError((Problem("command line", 0, "", message),))
    ends = (play.network.links[link].a.device, play.network.links[link].b.device)
    routers = tuple(name for name in ends if play.network.devices[name].routes)
    for key in given:
        with play.inventory.link(link, key, play.arguments[key]) as network:
            play.apply(network, routers)
        play.say(f"{link}: {key} is {play.arguments[key]}")
