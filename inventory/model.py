"""The network, typed and frozen: what every other room reads and none writes.

A `Network` is made by `inventory.load.load_network` and holds everything derived from the files:
addresses, descriptions, costs, peers. Templates, poller, lab and map only look things up.
Collections are tuples or read-only mappings, sorted by name, so that the order of files and rows
never shows in what is made from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)


class SiteRole(StrEnum):
    """What a site is to the network."""

    HUB = "hub"
    OFFICE = "office"
    DISTRICT = "district"
    SCHOOL = "school"
    GATEWAY = "gateway"


class DeviceRole(StrEnum):
    """What a device is for; a Nornir group of the same name exists for each."""

    CORE = "core"
    DISTRIBUTION = "distribution"
    EDGE = "edge"
    DISTRICT = "district"
    SCHOOL = "school"
    GATEWAY = "gateway"
    DC_SWITCH = "dc-switch"
    OFFICE_SWITCH = "office-switch"
    DISTRICT_SWITCH = "district-switch"
    SCHOOL_SWITCH = "school-switch"


LAYER2_ROLES = frozenset(
    {DeviceRole.OFFICE_SWITCH, DeviceRole.DISTRICT_SWITCH, DeviceRole.SCHOOL_SWITCH}
)


class LinkRole(StrEnum):
    """What a link is for; the last two kinds and `access` carry no region-wide transit."""

    CORE = "core"
    MAN = "man"
    WAN_PRIMARY = "wan-primary"
    WAN_BACKUP = "wan-backup"
    ACCESS = "access"
    SCHOOL = "school"
    TBILISI_PRIMARY = "tbilisi-primary"
    TBILISI_BACKUP = "tbilisi-backup"


BACKUP_ROLES = frozenset({LinkRole.WAN_BACKUP, LinkRole.TBILISI_BACKUP})


class InterfaceKind(StrEnum):
    """What an interface is to the configuration of its device."""

    LOOPBACK = "loopback"
    TRANSIT = "transit"
    """A routed point-to-point link, /31 and /127, OSPF on it."""
    TRUNK = "trunk"
    """A physical port that carries VLANs: a router's towards its switch, or the switch's uplink."""
    GATEWAY = "gateway"
    """A LAN's gateway: a subinterface of a TRUNK, or an SVI of a layer-3 switch."""
    MANAGEMENT = "management"
    """The address of a layer-2 switch in its management VLAN."""
    ACCESS = "access"
    """A switch port for users of one LAN."""
    UNUSED = "unused"
    """A switch port that nobody uses: shut."""
    EXTERNAL = "external"
    """Towards a network that is not ours: eBGP, no OSPF."""
    OOB = "oob"
    """An out-of-band management port; nothing is ever forwarded through it."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in both languages of the product."""

    en: str
    ka: str


@dataclass(frozen=True, slots=True)
class OspfKey:
    """A key that authenticates an adjacency, with the name of its secret."""

    id: int
    secret: str


@dataclass(frozen=True, slots=True)
class OspfInterface:
    """How OSPF runs on an interface (OSPFv2 and OSPFv3 alike)."""

    cost: int
    passive: bool
    """No hellos: LANs and loopbacks. An active interface is point-to-point and authenticated."""
    bfd: bool
    keys: tuple[OspfKey, ...] = ()
    """Instead of the region's key while another takes its place; it sends with the first."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface, complete: everything a template prints about it."""

    device: str
    name: str
    """As the device's platform spells it: GigabitEthernet0/0/1.10, ge0-0-1.10, Loopback0, lo."""
    if_name: str
    """IF-MIB ifName of the same: Gi0/0/1.10, ge0-0-1.10. The poller matches on it."""
    kind: InterfaceKind
    description: str
    """Carries the link id or the LAN id."""
    ipv4: IPv4Interface | None = None
    ipv6: IPv6Interface | None = None
    bandwidth_bps: int = 0
    """Of the circuit, not of the port; 0 when it has none of its own."""
    mtu: int = 1500
    link: str | None = None
    """Id of the Link; a router's TRUNK and a switch's uplink have one too."""
    lan: str | None = None
    """Id of the Lan of a GATEWAY, MANAGEMENT or ACCESS interface."""
    vlan: int | None = None
    parent: str | None = None
    """Name of the TRUNK under a subinterface; None for an SVI and for physical ports."""
    peer: tuple[str, str] | None = None
    """(device, interface) at the other end of the link."""
    vlans: tuple[int, ...] = ()
    """VLANs that a TRUNK carries, ascending."""
    ospf: OspfInterface | None = None


@dataclass(frozen=True, slots=True)
class Lan:
    """One VLAN of one site: a zone's prefix, its gateway, its switch."""

    id: str
    """`<site>-<zone>`, or `<site>-<zone>-<tag>` where a site has two of a zone."""
    site: str
    zone: str
    vlan: int
    ipv4: IPv4Network
    ipv6: IPv6Network
    gateway4: IPv4Address
    gateway6: IPv6Address
    router: str
    """The device that routes it."""
    interface: str
    """Its GATEWAY interface there."""
    switch: str | None
    """The layer-2 switch with its ports; None when the router is the switch itself."""
    host4: IPv4Address
    """Of the lab's test host (.10); in a management LAN the switch's own address (.2)."""
    host6: IPv6Address


@dataclass(frozen=True, slots=True)
class Site:
    """A place with devices."""

    code: str
    number: int
    """Chooses the third octet of its prefixes; never changes."""
    name: Name
    role: SiteRole
    latitude: float
    longitude: float
    parent: str | None
    """Code of the site that it hangs from: a school's district, an office's hub."""
    devices: tuple[str, ...]
    lans: tuple[Lan, ...]
    target: float
    """Availability promised, 0 to 1."""
    assumed: tuple[str, ...] = ()
    """Keys whose values are an engineering assumption."""


@dataclass(frozen=True, slots=True)
class Device:
    """One router or switch."""

    name: str
    site: str
    role: DeviceRole
    platform: str
    """cisco_ios, frr; in the lab also linux_bridge for a layer-2 switch."""
    groups: tuple[str, ...]
    """Nornir groups, nearest first."""
    number: int | None
    """Loopback number of a routing device; never changes. None for a layer-2 switch."""
    hardware: str
    location: str
    router_id: IPv4Address | None
    """Loopback address; None for a layer-2 switch."""
    loopback6: IPv6Address | None
    management: IPv4Address
    """Where SSH and SNMP are reached: the loopback, or a switch's management address."""
    interfaces: tuple[Interface, ...]
    """In natural order: Loopback0 first, then Gi0/0/2 before Gi0/0/10."""
    paths: int = 1
    """How many disjoint paths to a core its role demands."""
    snmp_port: int = 161
    assumed: tuple[str, ...] = ()

    @property
    def routes(self) -> bool:
        """Whether it is a layer-3 device (a router, or the data-centre switch)."""
        return self.router_id is not None

    def interface(self, name: str) -> Interface:
        """The interface of that name; KeyError when it has none."""
        for interface in self.interfaces:
            if interface.name == name:
                return interface
        raise KeyError(f"{self.name} has no interface {name}")


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link."""

    device: str
    interface: str
    ipv4: IPv4Interface | None
    ipv6: IPv6Interface | None


@dataclass(frozen=True, slots=True)
class Link:
    """One circuit or cable, the unit of incidents and reports."""

    id: str
    number: int | None
    """Chooses the /31 of a routed link; never changes. None for an access link."""
    a: End
    b: End
    role: LinkRole
    medium: str
    bandwidth_bps: int
    mtu: int
    provider: str
    circuit_id: str
    target: float
    """Availability promised, 0 to 1."""
    cost: int
    """OSPF cost of both directions; 0 for an access link."""
    bfd: bool
    assumed: tuple[str, ...] = ()

    @property
    def routed(self) -> bool:
        """Whether both ends have addresses and an OSPF adjacency."""
        return self.number is not None

    def end(self, device: str) -> End:
        """The end at `device`; KeyError when it is at neither."""
        for end in (self.a, self.b):
            if end.device == device:
                return end
        raise KeyError(f"{self.id} does not end at {device}")

    def other(self, device: str) -> End:
        """The end that is not at `device`."""
        return self.b if self.end(device) is self.a else self.a


@dataclass(frozen=True, slots=True)
class Zone:
    """A class of users; the security policy is written between zones."""

    name: str
    title: Name
    ipv4: IPv4Network
    """All its LANs' prefixes come from here, one by site number."""
    ipv6: IPv6Network
    """The same in IPv6: as many /64s as there are /24s in `ipv4`."""
    vlan: int
    reaches: tuple[str, ...]
    """Zones it may open connections to, and `external` for what lies beyond the external peer."""
    announced: bool
    """Whether its prefix is one of the region's aggregates."""
    color_hint: str = ""


@dataclass(frozen=True, slots=True)
class OspfPlan:
    """OSPF for the whole region."""

    area: str
    reference_bps: int
    backup_factor: int
    """A backup's cost is its cost from bandwidth times this."""
    hello_s: int
    dead_s: int
    retransmit_s: int
    key_id: int
    key_secret: str
    """Name of the secret that authenticates every adjacency."""
    bfd_interval_ms: int
    bfd_multiplier: int
    bfd_roles: tuple[LinkRole, ...]


@dataclass(frozen=True, slots=True)
class ExternalPeer:
    """A network that is not ours, behind one of our interfaces."""

    id: str
    name: Name
    asn: int
    device: str
    interface: str
    local4: IPv4Interface
    local6: IPv6Interface
    remote4: IPv4Address
    remote6: IPv6Address
    password_secret: str
    accepts4: tuple[IPv4Network, ...]
    """Prefixes that it may announce, besides the default route."""
    accepts6: tuple[IPv6Network, ...]
    accepts_default: bool
    max_prefix: int
    probe4: IPv4Address
    """A host inside its own network, for reachability checks."""
    probe6: IPv6Address
    internet4: IPv4Address
    """A host on the Internet beyond it; the lab's stand-in answers there."""
    internet6: IPv6Address
    bandwidth_bps: int
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BgpPlan:
    """BGP for the whole region."""

    asn: int
    speakers: tuple[str, ...]
    """Devices with an iBGP session to each border: those of the roles that the region names."""
    aggregates4: tuple[IPv4Network, ...]
    aggregates6: tuple[IPv6Network, ...]
    externals: tuple[ExternalPeer, ...]
    ibgp_secret: str

    @property
    def borders(self) -> frozenset[str]:
        """The external peers' devices."""
        return frozenset(peer.device for peer in self.externals)

    def internal_peers(self, device: str) -> tuple[str, ...]:
        """Whom a device has iBGP sessions with: a border every speaker, a speaker every border."""
        borders = self.borders
        names = set(self.speakers) if device in borders else set[str]()
        if device in self.speakers:
            names |= borders
        return tuple(sorted(names - {device}))


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """A user of SNMPv3, with the names of its secrets."""

    name: str
    auth_secret: str
    priv_secret: str


@dataclass(frozen=True, slots=True)
class SnmpPlan:
    """SNMPv3 authPriv (RFC 3414, RFC 3826)."""

    user: str
    auth_protocol: str
    """sha or sha256."""
    auth_secret: str
    priv_protocol: str
    """aes128."""
    priv_secret: str
    contact: str
    collectors: tuple[IPv4Address, ...] = ()
    """Where devices send their traps; in the lab the machine that runs it."""
    trap_port: int = 162
    """UDP port of the collectors."""
    besides: tuple[SnmpUser, ...] = ()
    """Users that devices know, too, while one takes the place of another."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that people use and that must answer: a web server, or a name."""

    id: str
    name: Name
    site: str | None
    """Where it stands; None for what is not in the region."""
    url: str
    """http or https; empty for a name."""
    address: IPv4Address | None
    """Where the URL's host, or the name server, is; None: looked up, or the region's resolver."""
    status: int
    """Of the answer."""
    contains: str
    """Text that the answer's body holds; empty: any."""
    query: str
    """Name that is looked up; empty for a URL."""
    answer: IPv4Address | None
    """One of its addresses; None: any."""


@dataclass(frozen=True, slots=True)
class Services:
    """What every device uses, and what people use."""

    domain: str
    ntp: tuple[IPv4Address, ...]
    syslog: tuple[IPv4Address, ...]
    resolver4: IPv4Address
    """Name server that every zone, the public one too, may ask on port 53."""
    resolver6: IPv6Address
    banner: str
    admin_user: str
    admin_secret: str
    enable_secret: str
    snmp: SnmpPlan
    checks: tuple[Check, ...] = ()
    """Asked by the monitor; none in the lab, which has no servers."""


@dataclass(frozen=True, slots=True)
class Region:
    """What is true of the whole network."""

    code: str
    name: Name
    timezone: str
    loopback4: IPv4Network
    transit4: IPv4Network
    ipv6: IPv6Network
    """The /48 of everything."""
    zones: tuple[Zone, ...]
    noc4: tuple[IPv4Network, ...]
    """Where management may come from: the NOC's LAN (and the lab's management network)."""
    noc6: tuple[IPv6Network, ...]
    ospf: OspfPlan
    bgp: BgpPlan
    services: Services
    management_zone: str = "mgmt"
    """Name of the zone with the addresses of switches and the NOC."""

    def zone(self, name: str) -> Zone:
        """The zone of that name; KeyError when there is none."""
        for zone in self.zones:
            if zone.name == name:
                return zone
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Network:
    """Everything. `sites`, `devices` and `links` are read-only mappings sorted by key."""

    region: Region
    sites: Mapping[str, Site]
    devices: Mapping[str, Device]
    links: Mapping[str, Link]
    lans: Mapping[str, Lan]
    revision: str
    """sha256 of the files it was read from, first 12 hex digits."""
