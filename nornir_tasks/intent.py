"""The intended configuration of one device, as values: what a template prints and nothing else.

Everything is worked out before a template sees it: addresses are text, lists are in the order in
which they are printed, secrets are placeholders. `nornir_tasks.compile` fills it from the Network.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from nornir_tasks.intent_ospf import OspfIntent, OspfInterfaceIntent


@dataclass(frozen=True, slots=True)
class Prefix:
    """An address or a network, in each spelling that a platform wants."""

    cidr: str
    """10.10.21.0/24; a host has /32 or /128. Two prefixes are equal when this is."""
    network: IPv4Network | IPv6Network = field(compare=False, repr=False)
    address: str = field(compare=False)
    mask: str = field(compare=False, default="")
    """Empty for IPv6."""
    wildcard: str = field(compare=False, default="")
    """Inverse of the mask; empty for IPv6."""
    host: bool = field(compare=False, default=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """The same list of prefixes in both families."""

    ipv4: tuple[Prefix, ...] = ()
    ipv6: tuple[Prefix, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a stateless access list; None stands for any."""

    action: str
    protocol: str
    """ip, tcp, udp or icmp, of the list's family."""
    source: Prefix | None = None
    destination: Prefix | None = None
    source_port: int | None = None
    destination_port: int | None = None
    established: bool = False
    message: str = ""
    """Kind of ICMP message, such as echo-reply."""
    log: bool = False


@dataclass(frozen=True, slots=True)
class AccessList:
    """A named stateless list, for platforms without connection tracking."""

    name: str
    version: int
    """4 or 6."""
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """One protocol that crosses zones towards named servers."""

    name: str
    protocols: tuple[str, ...]
    port: int
    servers: Pair
    clients: Pair
    answered: bool = True
    """Whether servers send anything back."""


@dataclass(frozen=True, slots=True)
class LanFilter:
    """What may enter and leave one LAN, seen from its gateway."""

    name: str
    """The LAN's id."""
    token: str
    """The same with underscores, for languages in which a hyphen is a minus."""
    interface: str
    prefix: Pair
    """The LAN's own prefix: one a family; any other source is spoofed."""
    gateway: Pair
    opens: Pair
    """Prefixes inside the region that its hosts may open connections to."""
    external: bool
    """Whether they may open connections to what lies outside the region."""
    answers: Pair
    """Prefixes inside the region that may open connections to its hosts."""
    asks: tuple[Service, ...]
    """Services elsewhere, besides `opens`, that its hosts may use."""
    serves: tuple[Service, ...]
    """Services on its hosts that others, besides `answers`, may use."""


@dataclass(frozen=True, slots=True)
class BorderFilter:
    """What may enter and leave the region at one external interface."""

    name: str
    """The external peer's id."""
    token: str
    interface: str
    local: Pair
    remote: Pair
    announced: Pair
    """Our prefixes that may be talked to from outside, in answer, and no others."""


@dataclass(frozen=True, slots=True)
class InterfaceIntent:
    """One interface."""

    name: str
    kind: str
    description: str
    ipv4: str
    """The interface's own address; empty when it has none."""
    ipv4_mask: str
    ipv4_cidr: str
    """The address with its length, 10.10.21.1/24."""
    ipv6: str
    """The same of IPv6; empty when it has none."""
    bandwidth_kbps: int
    """0 when it has none of its own."""
    mtu: int
    vlan: int | None
    vlans: str
    """VLANs of a trunk: 10,20,99."""
    subinterface: bool
    ospf: OspfInterfaceIntent | None
    filter: str
    """Name of its LanFilter or BorderFilter; empty when it has none."""


@dataclass(frozen=True, slots=True)
class PrefixListEntry:
    """One line of a prefix list."""

    seq: int
    action: str
    prefix: str
    le: int | None


@dataclass(frozen=True, slots=True)
class PrefixList:
    """A named list; lists come sorted by name."""

    name: str
    entries: tuple[PrefixListEntry, ...]


@dataclass(frozen=True, slots=True)
class Neighbor:
    """One BGP session, of one family."""

    address: str
    asn: int
    description: str
    password: str
    internal: bool
    list_in: str
    list_out: str
    max_prefix: int
    """0: no limit."""


@dataclass(frozen=True, slots=True)
class BgpIntent:
    """BGP of a router."""

    asn: int
    neighbors4: tuple[Neighbor, ...]
    neighbors6: tuple[Neighbor, ...]
    """Both sorted by address."""
    networks: Pair
    """Aggregates that it originates."""
    lists4: tuple[PrefixList, ...]
    lists6: tuple[PrefixList, ...]


@dataclass(frozen=True, slots=True)
class Vlan:
    """A VLAN of a switch."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class SwitchIntent:
    """The layer-2 side of a switch."""

    vlans: tuple[Vlan, ...]
    numbers: str
    """VLANs with users: 10,20."""
    native: Vlan
    """Untagged on trunks, and nobody is in it."""
    parking: Vlan
    """Unused ports are in it, and shut."""
    gateway4: str
    gateway6: str
    """Of the management LAN of a layer-2 switch; empty on a layer-3 one."""


@dataclass(frozen=True, slots=True)
class SnmpUserIntent:
    """A user of SNMPv3; its passwords are placeholders."""

    name: str
    auth: str
    priv: str


@dataclass(frozen=True, slots=True)
class SnmpIntent:
    """SNMPv3 authPriv."""

    user: str
    """Who sends the traps; the first of `users`."""
    users: tuple[SnmpUserIntent, ...]
    auth_protocol: str
    priv_protocol: str
    contact: str
    collectors: tuple[str, ...]
    """Where traps go."""
    trap_port: int


@dataclass(frozen=True, slots=True)
class RegionIntent:
    """What is the same on every device; made once for all of them."""

    code: str
    name: str
    domain: str
    banner: str
    ntp: tuple[str, ...]
    syslog: tuple[str, ...]
    admin_user: str
    admin_password: str
    enable_password: str
    snmp: SnmpIntent
    noc: Pair
    inside: Pair
    """Every prefix of the region: zones, loopbacks, links."""


@dataclass(frozen=True, slots=True)
class DeviceIntent:
    """Everything a template may print about one device."""

    name: str
    role: str
    title: str
    """Role and site in words, for a comment at the top."""
    location: str
    source: str
    """Interface whose address its own traffic carries."""
    router_id: str
    region: RegionIntent
    interfaces: tuple[InterfaceIntent, ...]
    """The loopback first."""
    by_name: tuple[InterfaceIntent, ...]
    """The same in the order of their names, the loopback among them."""
    ospf: OspfIntent | None
    bgp: BgpIntent | None
    discards: Pair
    """Aggregates are announced from discard routes, so that they never flap."""
    lans: tuple[LanFilter, ...]
    borders: tuple[BorderFilter, ...]
    access_lists: tuple[AccessList, ...]
    switch: SwitchIntent | None
    oob: tuple[str, ...]
    """Interfaces through which nothing is ever forwarded."""
