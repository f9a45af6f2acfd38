"""Addresses that region.yaml types: external peers and services lie where they can be reached."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from inventory import addresses as plan
from inventory.draft import Draft
from inventory.marked_yaml import Key
from inventory.numbers import number_of
from inventory.schema import ExternalSpec

Address = IPv4Address | IPv6Address
Net = IPv4Network | IPv6Network


def check_hosts(draft: Draft) -> None:
    """Add a problem for every typed address that is not where it must be."""
    for name, peer in draft.bgp.externals.items() if draft.bgp else ():
        key: Key = ("bgp", "externals", name)
        _both_ends(draft, key, peer)
        _probes(draft, key, peer)
        if draft.bgp and peer.asn == draft.bgp.asn:
            message = f"expected another AS than the region's own {draft.bgp.asn}."
            draft.say_region((*key, "asn"), message)
        for index, net in enumerate(peer.accepts6):
            if draft.addresses and net.overlaps(draft.addresses.ipv6):
                message = f"{net} overlaps the region's own {draft.addresses.ipv6}."
                draft.say_region((*key, "accepts6", index), message)
    if draft.services and draft.addresses and not draft.sites_in_unreadable_files():
        _services(draft)


def _both_ends(draft: Draft, key: Key, peer: ExternalSpec) -> None:
    for local, remote, field in (
        (peer.local4, peer.remote4, "remote4"),
        (peer.local6, peer.remote6, "remote6"),
    ):
        if remote not in local.network:
            message = f"expected an address of {local.network}, as {local.ip} is, found {remote}."
            draft.say_region((*key, field), message)
        elif remote == local.ip:
            draft.say_region((*key, field), f"both ends have {remote}.")


def _probes(draft: Draft, key: Key, peer: ExternalSpec) -> None:
    """A probe lies in a prefix that the peer may announce; else it can never answer."""
    four: tuple[Net, ...] = peer.accepts4
    six: tuple[Net, ...] = peer.accepts6
    for field, probe, nets in (("probe4", peer.probe4, four), ("probe6", peer.probe6, six)):
        if not any(probe in net for net in nets):
            message = f"{probe} is in none of the prefixes that the peer may announce."
            draft.say_region((*key, field), message, f"See `accepts{field[-1]}`.")


def _services(draft: Draft) -> None:
    """A service inside the region lies in a LAN that some site has."""
    assert draft.services is not None  # noqa: S101  (asked by the caller)
    lans = list(_lans(draft))
    zones: list[tuple[str, Net]] = [(name, zone.ipv4) for name, zone in draft.zones.items()]
    if draft.addresses:
        zones += [(n, plan.zone6(draft.addresses, zone)) for n, zone in draft.zones.items()]
    for key, address in _typed(draft):
        zone = next((name for name, net in zones if address in net), None)
        if zone is not None and not any(address in lan for lan in lans):
            message = f"{address} is an address of zone {zone}, but no site has a LAN with it."
            draft.say_region(key, message)


def _typed(draft: Draft) -> Iterator[tuple[Key, Address]]:
    assert draft.services is not None  # noqa: S101  (asked by the caller)
    yield ("services", "resolver4"), draft.services.resolver4
    yield ("services", "resolver6"), draft.services.resolver6
    for field, addresses in (("ntp", draft.services.ntp), ("syslog", draft.services.syslog)):
        for index, address in enumerate(addresses):
            yield ("services", field, index), address
    for index, address in enumerate(draft.services.snmp.collectors):
        yield ("services", "snmp", "collectors", index), address


def _lans(draft: Draft) -> Iterator[Net]:
    assert draft.addresses is not None  # noqa: S101  (asked by the caller)
    for lan in draft.lans.values():
        number, zone = number_of(draft, lan), draft.zones.get(lan.zone)
        if zone is None or number is None or number >= plan.lan_capacity(zone):
            continue
        yield plan.lan4(zone, number)
        yield plan.lan6(draft.addresses, zone, number)
