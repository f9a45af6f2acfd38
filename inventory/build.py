"""Draft -> Network. The draft has passed its checks: nothing here looks for mistakes."""

from collections import defaultdict
from collections.abc import Mapping
from ipaddress import IPv4Interface, IPv6Interface
from types import MappingProxyType
from typing import TypeVar

from inventory import addresses as plan
from inventory.build_interfaces import Wiring, interfaces_of, wire
from inventory.build_region import build_region, name_of
from inventory.derive import groups_of, link_facts, paths_of, platform_of, ratio
from inventory.draft import Draft, DraftLan, Host
from inventory.ifnames import svi
from inventory.model import Device, End, Lan, Link, Network, Site
from inventory.placement import Place
from inventory.schema import LinkSpec

T = TypeVar("T")


def build_network(draft: Draft, places: Mapping[str, Place]) -> Network:
    """The network that a good draft describes."""
    assert draft.region is not None  # noqa: S101  (a good draft has one)
    lans = {name: _lan(draft, lan, places[name]) for name, lan in draft.lans.items()}
    links = {name: _link(draft, name, link) for name, link in draft.links.items()}
    wiring = wire(draft, lans, links)
    devices = {name: _device(draft, name, host, wiring) for name, host in draft.devices.items()}
    region = build_region(draft.region, lans, devices)
    sites = _sites(draft, lans)
    return Network(
        region=region,
        sites=_sorted(sites),
        devices=_sorted(devices),
        links=_sorted(links),
        lans=_sorted(lans),
        revision=draft.revision,
    )


def _sorted(items: Mapping[str, T]) -> Mapping[str, T]:
    return MappingProxyType(dict(sorted(items.items())))


def lan_number(draft: Draft, lan: DraftLan) -> int:
    """The number that chooses its prefixes: its own, or its site's."""
    return draft.sites[lan.site].number if lan.spec.number is None else lan.spec.number


def _lan(draft: Draft, lan: DraftLan, place: Place) -> Lan:
    zone = draft.zones[lan.zone]
    assert draft.addresses is not None  # noqa: S101  (part of the region)
    number = lan_number(draft, lan)
    ipv4, ipv6 = plan.lan4(zone, number), plan.lan6(draft.addresses, zone, number)
    vlan = lan.spec.vlan or zone.vlan
    router = draft.devices[place.router].spec
    if place.switch is None:
        interface = svi(platform_of(draft, router) or "", vlan)
    else:
        interface = f"{_router_port(draft, place)}.{vlan}"
    of_switch = place.switch is not None and _is_management(draft, lan)
    return Lan(
        id=lan.id,
        site=lan.site,
        zone=lan.zone,
        vlan=vlan,
        ipv4=ipv4,
        ipv6=ipv6,
        gateway4=ipv4[plan.GATEWAY],
        gateway6=ipv6[plan.GATEWAY],
        router=place.router,
        interface=interface,
        switch=place.switch,
        host4=ipv4[plan.SWITCH if of_switch else plan.HOST4],
        host6=ipv6[plan.SWITCH if of_switch else plan.HOST6],
    )


def _is_management(draft: Draft, lan: DraftLan) -> bool:
    return draft.region is not None and lan.zone == draft.region.management_zone


def _router_port(draft: Draft, place: Place) -> str:
    assert place.link is not None  # noqa: S101  (a LAN behind a switch)
    link = draft.links[place.link]
    return link.a.interface if link.a.device == place.router else link.b.interface


def _link(draft: Draft, name: str, link: LinkSpec) -> Link:
    facts = link_facts(draft, link)
    a, b = _ends(draft, link)
    return Link(
        id=name,
        number=link.number,
        a=a,
        b=b,
        role=link.role,
        medium=facts.medium or "",
        bandwidth_bps=facts.bandwidth_bps or 0,
        mtu=facts.mtu,
        provider=facts.provider or "",
        circuit_id=link.circuit_id or "",
        target=facts.target or 0,
        cost=facts.cost or 0,
        bfd=facts.bfd,
        assumed=facts.assumed,
    )


def _ends(draft: Draft, link: LinkSpec) -> tuple[End, End]:
    a, b = link.a, link.b
    if link.number is None:
        return End(a.device, a.interface, None, None), End(b.device, b.interface, None, None)
    assert draft.addresses is not None  # noqa: S101  (part of the region)
    ipv4 = link.prefix or plan.transit4(draft.addresses, link.number)
    ipv6 = plan.transit6(draft.addresses, link.number)
    low, high = (
        (IPv4Interface((ipv4[i], ipv4.prefixlen)), IPv6Interface((ipv6[i], 127))) for i in (0, 1)
    )
    return End(a.device, a.interface, *low), End(b.device, b.interface, *high)


def _device(draft: Draft, name: str, host: Host, wiring: Wiring) -> Device:
    spec, site = host.spec, draft.sites[host.site]
    assert draft.addresses is not None  # noqa: S101  (part of the region)
    router_id = loopback6 = None
    if spec.number is not None:
        router_id, loopback6 = plan.loopbacks(draft.addresses, spec.number)
    management = router_id or wiring.management[name].host4
    platform = platform_of(draft, spec) or ""
    return Device(
        name=name,
        site=host.site,
        role=spec.role,
        platform=platform,
        groups=groups_of(draft, spec),
        number=spec.number,
        hardware=draft.hardware[spec.hardware].model,
        location=spec.location or site.name.en,
        router_id=router_id,
        loopback6=loopback6,
        management=management,
        interfaces=interfaces_of(draft, name, platform, (router_id, loopback6), wiring),
        paths=paths_of(draft, spec),
        snmp_port=spec.snmp_port,
        assumed=tuple(sorted(spec.assumed)),
    )


def _sites(draft: Draft, lans: Mapping[str, Lan]) -> dict[str, Site]:
    devices: dict[str, list[str]] = defaultdict(list)
    for name, host in sorted(draft.devices.items()):
        devices[host.site].append(name)
    lans_of: dict[str, list[Lan]] = defaultdict(list)
    for _, lan in sorted(lans.items()):
        lans_of[lan.site].append(lan)
    return {
        code: Site(
            code=code,
            number=site.number,
            name=name_of(site.name),
            role=site.role,
            latitude=site.latitude,
            longitude=site.longitude,
            parent=site.parent,
            devices=tuple(devices[code]),
            lans=tuple(lans_of[code]),
            target=ratio(site.target),
            assumed=tuple(sorted(site.assumed)),
        )
        for code, site in draft.sites.items()
    }
