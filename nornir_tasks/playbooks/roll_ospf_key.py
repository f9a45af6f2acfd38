"""Let another OSPF key take the place of the present one, without an adjacency in between lost."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from inventory.errors import UsageError
from inventory.model import Device, Link, Network, OspfKey
from nornir_tasks.play import Play

PARAMETERS = {
    "secret": "name of the secret that is the new key",
    "key_id": "the new key's id; without it the next one",
    "mixed": "yes: also where FRR meets IOS, whose OSPFv3 adjacency is then away for some seconds",
}
LINKS_AT_ONCE = 3
_LAST_ID = 255
Keys = Mapping[tuple[str, str], tuple[OspfKey, ...]]
"""(device, interface) -> its keys, the one it sends with first."""


def run(play: Play) -> None:
    """IOS takes several keys, so its routers learn the new one, change over, and forget the old.

    FRR takes and sends the newest alone, so both ends of a link load the new one at one moment;
    likewise where it meets IOS, when that changes over.
    """
    plan = play.network.region.ospf
    old = OspfKey(plan.key_id, plan.key_secret)
    new = OspfKey(_new_id(play, old), play.argument("secret"))
    _refuse_mixed(play)
    values = {"key_id": str(new.id), "key_secret": new.secret}
    with play.inventory.region(("ospf",), values) as after:
        keys = _learnt(play, old, new)
        for group in groups(_links(play.network, "frr")):
            for link in group:
                keys |= {(end.device, end.interface): (new,) for end in (link.a, link.b)}
            ends = tuple(sorted({end.device for link in group for end in (link.a, link.b)}))
            play.apply(with_keys(play.network, keys), ends, together=True)
            play.say(f"{', '.join(link.id for link in group)}: key {new.id}")
        for platform in ("frr", "cisco_ios"):
            left = _routers(after, platform)
            if left:
                play.apply(after, left)
    play.say(f"every adjacency uses key {new.id}")


def _learnt(play: Play, old: OspfKey, new: OspfKey) -> dict[tuple[str, str], tuple[OspfKey, ...]]:
    """Every IOS router learns the new key, then sends with it; whose keys are others by then."""
    network = play.network
    several = _routers(network, "cisco_ios")
    keys: dict[tuple[str, str], tuple[OspfKey, ...]] = {
        end: (old, new) for name in several for end in _ends(network.devices[name])
    }
    if several:
        play.apply(with_keys(network, keys), several)
    meeting = {name: tuple(_frr_ends(network, name)) for name in several}
    alone = tuple(name for name in several if not meeting[name])
    keys |= {end: (new, old) for name in alone for end in _ends(network.devices[name])}
    if alone:
        play.apply(with_keys(network, keys), alone)
    for name, theirs in meeting.items():
        if theirs:
            keys |= dict.fromkeys(theirs, (new,))
            keys |= dict.fromkeys(_ends(network.devices[name]), (new, old))
            both = (name, *sorted({device for device, _ in theirs}))
            play.apply(with_keys(network, keys), both, together=True)
    return keys


def _frr_ends(network: Network, router: str) -> Iterator[tuple[str, str]]:
    """The other ends of its routed links where FRR is."""
    for link in network.links.values():
        if link.routed and router in {link.a.device, link.b.device}:
            far = link.other(router)
            if network.devices[far.device].platform == "frr":
                yield far.device, far.interface


def with_keys(network: Network, keys: Keys) -> Network:
    """`network` with keys of their own on those interfaces."""

    def keyed(device: Device) -> Device:
        interfaces = tuple(
            replace(one, ospf=replace(one.ospf, keys=keys[device.name, one.name]))
            if one.ospf is not None and (device.name, one.name) in keys
            else one
            for one in device.interfaces
        )
        return replace(device, interfaces=interfaces)

    devices = {name: keyed(device) for name, device in network.devices.items()}
    return replace(network, devices=MappingProxyType(devices))


def groups(links: Iterable[Link]) -> Iterator[tuple[Link, ...]]:
    """First the link of the highest cost, alone; then links that share no router, a few at once."""
    left = sorted(links, key=lambda link: (-link.cost, link.id))
    if left:
        yield (left.pop(0),)
    while left:
        group: list[Link] = []
        used: set[str] = set()
        for link in list(left):
            ends = {link.a.device, link.b.device}
            if not ends & used and len(group) < LINKS_AT_ONCE:
                group.append(link)
                used |= ends
                left.remove(link)
        yield tuple(group)


def _links(network: Network, platform: str) -> list[Link]:
    """Routed links of which every end is of that platform."""
    return [
        link
        for link in network.links.values()
        if link.routed
        and {network.devices[e.device].platform for e in (link.a, link.b)} == {platform}
    ]


def _routers(network: Network, platform: str) -> tuple[str, ...]:
    return tuple(n for n, one in network.devices.items() if one.routes and one.platform == platform)


def _ends(device: Device) -> Iterator[tuple[str, str]]:
    for interface in device.interfaces:
        if interface.ospf is not None and not interface.ospf.passive:
            yield device.name, interface.name


def _new_id(play: Play, old: OspfKey) -> int:
    said = play.arguments.get("key_id", str(old.id % _LAST_ID + 1))
    if said.isdigit() and 1 <= int(said) <= _LAST_ID and int(said) != old.id:
        return int(said)
    message = f"expected a number from 1 to {_LAST_ID} that is not {old.id}, found '{said}'."
    raise UsageError.of("key_id", message)


def _refuse_mixed(play: Play) -> None:
    network = play.network
    mixed = [
        link.id
        for link in network.links.values()
        if link.routed and len({network.devices[e.device].platform for e in (link.a, link.b)}) > 1
    ]
    if mixed and play.arguments.get("mixed") != "yes":
        message = f"{', '.join(mixed)}: OSPFv3 will be away there; expected mixed=yes to accept it."
        raise UsageError.of("mixed", message)
