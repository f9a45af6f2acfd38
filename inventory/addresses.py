"""The address plan: every address follows from a number that stands in a file and never changes.

    LAN of zone z, site s   z.ipv4 with s in the third octet /24; subnet id z.subnet6 * 256 + s, /64
    loopback of router n    loopback4 + n /32; subnet id (second octet * 256), interface id n, /128
    transit of link n       transit4 + 2n /31; subnet id (second octet * 256), interface id 2n, /127

So a site, a router or a link that comes, goes or moves in its file changes no address but its own.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from inventory.schema import AddressSpec, ZoneSpec

LAN_LENGTH = 24
GATEWAY, SWITCH, HOST4, HOST6 = 1, 2, 10, 0x10
"""Last part of the addresses in a LAN: x.x.x.1 and ::1, .2 and ::2, .10 and ::10."""


def subnet_id(prefix: IPv4Network) -> int:
    """High byte of the IPv6 subnet id of what has `prefix` in IPv4: its second octet."""
    return int(prefix.network_address) >> 16 & 0xFF


def lan_capacity(zone: ZoneSpec) -> int:
    """How many site numbers fit into the zone, from 0 up."""
    return 2 ** (LAN_LENGTH - zone.ipv4.prefixlen) if zone.ipv4.prefixlen <= LAN_LENGTH else 0


def lan4(zone: ZoneSpec, number: int) -> IPv4Network:
    """The /24 of site `number` in `zone`."""
    return IPv4Network((int(zone.ipv4.network_address) + (number << 8), LAN_LENGTH))


def lan6(addresses: AddressSpec, zone: ZoneSpec, number: int) -> IPv6Network:
    """The /64 of site `number` in `zone`."""
    return IPv6Network((_subnet6(addresses, zone_subnet6(zone), number), 64))


def zone_subnet6(zone: ZoneSpec) -> int:
    """The zone's high byte of the subnet id, typed or taken from its IPv4 prefix."""
    return subnet_id(zone.ipv4) if zone.subnet6 is None else zone.subnet6


def zone6(addresses: AddressSpec, zone: ZoneSpec) -> IPv6Network:
    """All of the zone's /64s as one prefix: what the region announces of it."""
    length = 64 - max(0, lan_capacity(zone).bit_length() - 1)
    return IPv6Network((_subnet6(addresses, zone_subnet6(zone), 0), length), strict=False)


def loopbacks(addresses: AddressSpec, number: int) -> tuple[IPv4Address, IPv6Address]:
    """Addresses of router `number`."""
    base4 = addresses.loopback4
    base6 = _subnet6(addresses, subnet_id(base4), 0)
    return IPv4Address(int(base4.network_address) + number), IPv6Address(base6 + number)


def transit4(addresses: AddressSpec, number: int) -> IPv4Network:
    """The /31 of link `number`; end a has the lower address."""
    return IPv4Network((int(addresses.transit4.network_address) + 2 * number, 31))


def transit6(addresses: AddressSpec, number: int) -> IPv6Network:
    """The /127 of link `number`; end a has the lower address."""
    return IPv6Network((_subnet6(addresses, subnet_id(addresses.transit4), 0) + 2 * number, 127))


def infrastructure6(addresses: AddressSpec, prefix: IPv4Network) -> IPv6Network:
    """The /64 of all loopbacks, or of all transit links; `prefix` is theirs in IPv4."""
    return IPv6Network((_subnet6(addresses, subnet_id(prefix), 0), 64))


def _subnet6(addresses: AddressSpec, high: int, number: int) -> int:
    return int(addresses.ipv6.network_address) + (((high << 8) + number) << 64)
