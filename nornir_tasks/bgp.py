"""BGP of one router: sessions, filters both ways, what it originates."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from inventory.model import BgpPlan, Device, ExternalPeer, Network
from inventory.secrets import placeholder
from nornir_tasks.intent import BgpIntent, Neighbor, Pair, PrefixList, PrefixListEntry
from nornir_tasks.policy import prefix

DEFAULTS = {4: "0.0.0.0/0", 6: "::/0"}
LONGEST = {4: 32, 6: 128}
INTERNAL_IN, INTERNAL_OUT = "internal-in", "internal-out"


def external_peers(network: Network, device: Device) -> tuple[ExternalPeer, ...]:
    """The external peers behind `device`."""
    return tuple(peer for peer in network.region.bgp.externals if peer.device == device.name)


def border_scope(network: Network) -> frozenset[str]:
    """The borders and the speakers beside them: enough to tell whether the region's BGP works."""
    plan = network.region.bgp
    beside = {
        end.device
        for link in network.links.values()
        if {link.a.device, link.b.device} & plan.borders
        for end in (link.a, link.b)
    }
    return plan.borders | (beside & set(plan.speakers))


def bgp_intent(network: Network, device: Device) -> BgpIntent | None:
    """BGP of `device`; None when it speaks none."""
    internal = tuple(network.devices[n] for n in network.region.bgp.internal_peers(device.name))
    external = external_peers(network, device)
    if not internal and not external:
        return None
    plan = network.region.bgp
    networks = Pair()
    if external:
        networks = Pair(
            tuple(prefix(network4) for network4 in sorted(plan.aggregates4)),
            tuple(prefix(network6) for network6 in sorted(plan.aggregates6)),
        )
    return BgpIntent(
        asn=plan.asn,
        neighbors4=_neighbors(network, internal, external, 4),
        neighbors6=_neighbors(network, internal, external, 6),
        networks=networks,
        lists4=_lists(network, internal, external, 4),
        lists6=_lists(network, internal, external, 6),
    )


def _neighbors(
    network: Network,
    internal: tuple[Device, ...],
    external: tuple[ExternalPeer, ...],
    version: int,
) -> tuple[Neighbor, ...]:
    plan = network.region.bgp
    found: list[Neighbor] = []
    for device in internal:
        address = device.router_id if version == 4 else device.loopback6
        found.append(
            Neighbor(
                address=str(address),
                asn=plan.asn,
                description=device.name,
                password=placeholder(plan.ibgp_secret),
                internal=True,
                list_in=f"{INTERNAL_IN}{version}",
                list_out=f"{INTERNAL_OUT}{version}",
                max_prefix=0,
            )
        )
    for peer in external:
        found.append(  # noqa: PERF401  (a comprehension of ten lines is no clearer)
            Neighbor(
                address=str(peer.remote4 if version == 4 else peer.remote6),
                asn=peer.asn,
                description=peer.id,
                password=placeholder(peer.password_secret),
                internal=False,
                list_in=f"{peer.id}-in{version}",
                list_out=f"{peer.id}-out{version}",
                max_prefix=peer.max_prefix,
            )
        )
    return tuple(sorted(found, key=_by_address))


def _by_address(neighbor: Neighbor) -> IPv4Address | IPv6Address:
    return ip_address(neighbor.address)


def _lists(
    network: Network,
    internal: tuple[Device, ...],
    external: tuple[ExternalPeer, ...],
    version: int,
) -> tuple[PrefixList, ...]:
    plan = network.region.bgp
    aggregates = [str(one) for one in _aggregates(plan, version)]
    lists: list[PrefixList] = []
    for peer in external:
        lists.append(_list(f"{peer.id}-in{version}", _accepted(peer, version), version))
        lists.append(_list(f"{peer.id}-out{version}", aggregates, version))
    if internal:
        names = {device.name for device in internal}
        theirs = [peer for peer in plan.externals if peer.device in names]
        for name, peers in ((INTERNAL_IN, theirs), (INTERNAL_OUT, external)):
            accepted = [n for peer in peers for n in _accepted(peer, version)]
            lists.append(_list(f"{name}{version}", list(dict.fromkeys(accepted)), version))
    return tuple(sorted(lists, key=lambda one: one.name))


def _aggregates(plan: BgpPlan, version: int) -> list[IPv4Network] | list[IPv6Network]:
    return sorted(plan.aggregates4) if version == 4 else sorted(plan.aggregates6)


def _accepted(peer: ExternalPeer, version: int) -> list[str]:
    """What `peer` may announce: the default first, then its prefixes, exactly."""
    own = sorted(peer.accepts4) if version == 4 else sorted(peer.accepts6)
    default = [DEFAULTS[version]] if peer.accepts_default else []
    return [*default, *(str(network) for network in own)]


def _list(name: str, networks: list[str], version: int) -> PrefixList:
    """Permits exactly `networks`; one that permits nothing says so in a line."""
    if not networks:
        refuse = PrefixListEntry(5, "deny", DEFAULTS[version], LONGEST[version])
        return PrefixList(name, (refuse,))
    return PrefixList(
        name,
        tuple(
            PrefixListEntry(5 * place, "permit", network, None)
            for place, network in enumerate(networks, 1)
        ),
    )
