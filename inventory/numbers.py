"""Numbers and prefixes: each number once, within its prefix; no prefix over another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from inventory import addresses as plan
from inventory.derive import is_layer2
from inventory.draft import Draft, DraftLan
from inventory.marked_yaml import Key
from inventory.model import LinkRole
from inventory.schema import AddressSpec, ExternalSpec

Net = IPv4Network | IPv6Network


def check_numbers(draft: Draft) -> None:
    """Add a problem for every number and prefix that is wrong, missing or taken."""
    _site_numbers(draft)
    _loopback_numbers(draft)
    _link_numbers(draft)
    _zone_vlans(draft)
    if draft.addresses is not None and _lengths_are_good(draft, draft.addresses):
        _capacities(draft, draft.addresses)
        _overlaps(draft, list(_blocks(draft, draft.addresses)))
    _lan_numbers(draft)
    _link_prefixes(draft)


@dataclass(frozen=True, slots=True)
class _Numbered:
    number: int
    name: str
    file: str
    key: Key


def _unique(draft: Draft, what: str, rows: Iterable[_Numbered]) -> None:
    first: dict[int, _Numbered] = {}
    numbered = list(rows)
    for row in numbered:
        taken = first.setdefault(row.number, row)
        if taken is not row:
            where = draft.line_of(taken.file, taken.key)
            message = f"{what} {row.number} is taken by {taken.name} ({where})."
            hint = f"A free one: {max(other.number for other in numbered) + 1}."
            draft.say(row.file, row.key, message, hint)


def _site_numbers(draft: Draft) -> None:
    rows = (
        _Numbered(site.number, code, f"sites/{code}.yaml", ("number",))
        for code, site in draft.sites.items()
    )
    _unique(draft, "site number", rows)


def _loopback_numbers(draft: Draft) -> None:
    rows: list[_Numbered] = []
    for name, host in draft.devices.items():
        number, file = host.spec.number, f"sites/{host.site}.yaml"
        if is_layer2(host.spec):
            if number is not None:
                message = f"a layer-2 switch has no loopback, found number {number}."
                draft.say_device(name, ("number",), message, "Remove the key.")
        elif number is None:
            message = "key 'number' is missing: it chooses the loopback address."
            draft.say_device(name, ("number",), message)
        else:
            rows.append(_Numbered(number, name, file, ("devices", name, "number")))
    _unique(draft, "loopback number", rows)


def _link_numbers(draft: Draft) -> None:
    rows: list[_Numbered] = []
    for name, link in draft.links.items():
        if link.role is LinkRole.ACCESS:
            if link.number is not None:
                message = f"an access link has no addresses, found number {link.number}."
                draft.say_link(name, ("number",), message, "Remove the key.")
        elif link.number is None:
            message = "key 'number' is missing: it chooses the link's /31."
            draft.say_link(name, ("number",), message)
        else:
            rows.append(_Numbered(link.number, name, "links.yaml", (name, "number")))
    _unique(draft, "link number", rows)


def _zone_vlans(draft: Draft) -> None:
    rows = (
        _Numbered(zone.vlan, f"zone {name}", "region.yaml", ("zones", name, "vlan"))
        for name, zone in draft.zones.items()
    )
    _unique(draft, "VLAN", rows)


def _lengths_are_good(draft: Draft, addresses: AddressSpec) -> bool:
    good = True
    if addresses.ipv6.prefixlen != 48:
        message = f"expected a /48, found {addresses.ipv6}."
        draft.say_region(("addresses", "ipv6"), message)
        good = False
    for name, zone in draft.zones.items():
        if not 8 <= zone.ipv4.prefixlen <= plan.LAN_LENGTH:
            message = f"expected a prefix from /8 to /24, found {zone.ipv4}."
            draft.say_region(("zones", name, "ipv4"), message)
            good = False
        elif (plan.zone_subnet6(zone) << 8) % plan.lan_capacity(zone):
            message = (
                f"subnet6 {plan.zone_subnet6(zone)} can't begin a zone of "
                f"{plan.lan_capacity(zone)} LANs: expected a multiple of "
                f"{plan.lan_capacity(zone) >> 8}."
            )
            draft.say_region(("zones", name, "subnet6"), message)
            good = False
    return good


def _capacities(draft: Draft, addresses: AddressSpec) -> None:
    room = addresses.loopback4.num_addresses
    for name, host in draft.devices.items():
        if host.spec.number is not None and host.spec.number >= room:
            message = _exhausted("loopback4", addresses.loopback4, room - 1, host.spec.number)
            draft.say_device(name, ("number",), message)
    room = addresses.transit4.num_addresses // 2
    for name, link in draft.links.items():
        if link.number is not None and link.number >= room:
            message = _exhausted("transit4", addresses.transit4, room - 1, link.number)
            draft.say_link(name, ("number",), message)
    for lan in draft.lans.values():
        zone, number = draft.zones.get(lan.zone), number_of(draft, lan)
        if zone is None or number is None or number < plan.lan_capacity(zone):
            continue
        message = _exhausted(f"zone {lan.zone}", zone.ipv4, plan.lan_capacity(zone) - 1, number)
        if lan.spec.number is None:
            draft.say_site(lan.site, ("number",), message)
        else:
            draft.say_lan(lan, ("number",), message)


def _exhausted(what: str, prefix: IPv4Network, last: int, number: int) -> str:
    return f"{what} {prefix} has room for numbers up to {last}, found {number}."


def number_of(draft: Draft, lan: DraftLan) -> int | None:
    """The number that chooses a LAN's prefixes: its own, or its site's."""
    if lan.spec.number is not None:
        return lan.spec.number
    site = draft.sites.get(lan.site)
    return None if site is None else site.number


@dataclass(frozen=True, slots=True)
class _Block:
    net: Net
    name: str
    key: Key


def _blocks(draft: Draft, addresses: AddressSpec) -> Iterator[_Block]:
    """Every prefix that region.yaml gives out or accepts, with where it stands."""
    for name, net in (("loopback4", addresses.loopback4), ("transit4", addresses.transit4)):
        yield _Block(net, name, ("addresses", name))
        subnet = plan.infrastructure6(addresses, net)
        yield _Block(subnet, f"{name} in IPv6", ("addresses", name))
    for name, zone in draft.zones.items():
        key: Key = ("zones", name, "ipv4")
        yield _Block(zone.ipv4, f"zone {name}", key)
        if zone.subnet6 is not None:
            key = ("zones", name, "subnet6")
        yield _Block(plan.zone6(addresses, zone), f"zone {name} in IPv6", key)
    for name, peer in draft.bgp.externals.items() if draft.bgp else ():
        yield from _peer_blocks(name, peer)


def _peer_blocks(name: str, peer: ExternalSpec) -> Iterator[_Block]:
    key: Key = ("bgp", "externals", name)
    yield _Block(peer.local4.network, f"{name}.local4", (*key, "local4"))
    yield _Block(peer.local6.network, f"{name}.local6", (*key, "local6"))
    for index, net in enumerate(peer.accepts4):
        yield _Block(net, f"{name}.accepts4", (*key, "accepts4", index))


def _overlaps(draft: Draft, blocks: list[_Block]) -> None:
    told: set[tuple[Key, Key]] = set()  # what overlaps in IPv4 mostly does in IPv6 too
    for index, block in enumerate(blocks):
        for other in blocks[:index]:
            if (block.key, other.key) in told:
                continue
            if block.net.version == other.net.version and block.net.overlaps(other.net):
                where = draft.line_of("region.yaml", other.key)
                message = f"{block.net} overlaps {other.net} of {other.name} ({where})."
                draft.say_region(block.key, message)
                told.add((block.key, other.key))


def _lan_numbers(draft: Draft) -> None:
    first: dict[tuple[str, int], DraftLan] = {}
    for lan in draft.lans.values():
        number = number_of(draft, lan)
        if number is None or lan.zone not in draft.zones:
            continue
        taken = first.setdefault((lan.zone, number), lan)
        own_numbers = taken.spec.number is not None or lan.spec.number is not None
        if taken is lan or not (own_numbers or taken.site == lan.site):
            continue  # two sites of one number are reported as that
        net = plan.lan4(draft.zones[lan.zone], number)
        where = draft.line_of(f"sites/{taken.site}.yaml", ("lans", taken.key))
        message = f"{net} is taken by LAN {taken.id} ({where})."
        draft.say_lan(lan, ("number",), message, "Give it a free `number` of its own.")


def _link_prefixes(draft: Draft) -> None:
    rows: list[tuple[IPv4Network, str, Key]] = []
    reserved = [] if draft.addresses is None else list(_blocks(draft, draft.addresses))
    for name, link in draft.links.items():
        if link.prefix is None:
            continue
        key: Key = (name, "prefix")
        if link.prefix.prefixlen != 31:
            draft.say_link(name, ("prefix",), f"expected a /31, found {link.prefix}.")
        for net, other, other_key in rows:
            if link.prefix.overlaps(net):
                where = draft.line_of("links.yaml", other_key)
                message = f"{link.prefix} overlaps {net} of {other} ({where})."
                draft.say_link(name, ("prefix",), message)
        for block in reserved:
            if isinstance(block.net, IPv4Network) and link.prefix.overlaps(block.net):
                where = draft.line_of("region.yaml", block.key)
                message = f"{link.prefix} overlaps {block.net} of {block.name} ({where})."
                hint = "Take one outside: what lies inside goes by the link's number."
                draft.say_link(name, ("prefix",), message, hint)
        rows.append((link.prefix, name, key))
