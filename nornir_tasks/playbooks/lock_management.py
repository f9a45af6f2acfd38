"""Let only the given prefixes manage devices; the next plan shows what the inventory allows."""

from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_network

from inventory.errors import UsageError
from nornir_tasks.play import Play

PARAMETERS = {
    "only": "prefixes that may manage from now on, with commas: 10.99.1.16/28",
    "back": "yes: what the inventory allows",
}


def run(play: Play) -> None:
    """A prefix that does not hold this machine locks it out, and the devices take it back.

    Of a family without a prefix the inventory's own stay.
    """
    if play.arguments.get("back") == "yes":
        play.apply(play.network, play.devices)
        return
    prefixes = tuple(_prefix(word) for word in play.argument("only").split(","))
    usual = play.network.region
    region = replace(
        usual,
        noc4=tuple(one for one in prefixes if isinstance(one, IPv4Network)) or usual.noc4,
        noc6=tuple(one for one in prefixes if isinstance(one, IPv6Network)) or usual.noc6,
    )
    play.apply(replace(play.network, region=region), play.devices)
    play.say(f"managed from {', '.join(map(str, prefixes))} only; undo with back=yes")


def _prefix(word: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(word.strip())
    except ValueError as error:
        raise UsageError.of("only", f"{error}.") from None
