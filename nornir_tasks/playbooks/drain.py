"""Take the traffic off a circuit or a router before work on it, or bring it back."""

from dataclasses import replace
from types import MappingProxyType

from inventory.errors import InputError, Problem
from inventory.model import Device, Network
from nornir_tasks.play import Play

PARAMETERS = {
    "link": "id of the circuit to drain",
    "device": "or the router to drain, by all its circuits",
    "back": "yes: bring the traffic back",
}
LAST_RESORT = 65535
"""The highest OSPF cost of an interface: used only when there is no other way."""


def run(play: Play) -> None:
    """One end after the other: traffic moves while both still forward it."""
    links = _links(play)
    ends = {end for link in links for end in _ends(play.network, link)}
    devices = tuple(sorted(ends & set(play.network.devices)))
    if play.arguments.get("back") == "yes":
        play.apply(play.network, devices)
        play.say(f"{', '.join(sorted(links))}: carries traffic again")
        return
    play.apply(drained(play.network, links), devices)
    play.say(f"{', '.join(sorted(links))}: drained; bring it back with the same words and back=yes")


def drained(network: Network, links: frozenset[str]) -> Network:
    """The network with the highest cost on both ends of `links`."""
    devices = {name: _drained(device, links) for name, device in network.devices.items()}
    return replace(network, devices=MappingProxyType(devices))


def _drained(device: Device, links: frozenset[str]) -> Device:
    interfaces = tuple(
        replace(interface, ospf=replace(interface.ospf, cost=LAST_RESORT))
        if interface.ospf is not None and interface.link in links
        else interface
        for interface in device.interfaces
    )
    return replace(device, interfaces=interfaces)


def _links(play: Play) -> frozenset[str]:
    if "device" in play.arguments:
        name = play.arguments["device"]
        found = {id_ for id_ in play.network.links if name in _ends(play.network, id_)}
    else:
        found = {play.argument("link")} & set(play.network.links)
    routed = frozenset(id_ for id_ in found if play.network.links[id_].routed)
    if not routed:
        message = "expected link=ID or device=NAME of something that routes."
        raise InputError((Problem("command line", 0, "link", message, "See: imereti show links"),))
    return routed


def _ends(network: Network, link: str) -> set[str]:
    return {network.links[link].a.device, network.links[link].b.device}
