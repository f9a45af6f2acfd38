"""What the files may hold, key by key. Nothing here looks from one file into another."""

from functools import cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

from inventory.model import DeviceRole, LinkRole, SiteRole
from inventory.units import parse_bandwidth, parse_ports

CODE = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
SECRET = r"[A-Z][A-Z0-9_]*"  # noqa: S105  (the form of a name)

Whole = Annotated[int, Strict()]
"""True and "7" are not numbers."""
Flag = Annotated[bool, Strict()]
Bandwidth = Annotated[int, BeforeValidator(parse_bandwidth)]
Ports = Annotated[tuple[int, ...], BeforeValidator(parse_ports)]
Percent = Annotated[float, Strict(), Field(gt=0, le=100)]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00-\x1f]*$")]
Code = Annotated[str, StringConstraints(pattern=f"^{CODE}$")]
SecretName = Annotated[str, StringConstraints(pattern=f"^{SECRET}$")]
InterfaceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9/.-]*$")]
Mtu = Annotated[Whole, Field(ge=1280, le=9216)]
Seconds = Annotated[Whole, Field(ge=1, le=65535)]
Asn = Annotated[Whole, Field(ge=1, le=4294967294)]
Medium = Literal["fibre", "copper", "microwave", "radio", "satellite"]


class Spec(BaseModel):
    """Base of all: unknown keys are errors, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class NameSpec(Spec):
    """A name in both languages."""

    en: Text
    ka: Text


class ZoneSpec(Spec):
    """`zones.<name>` of region.yaml."""

    title: NameSpec
    ipv4: IPv4Network
    subnet6: Annotated[Whole, Field(ge=0, le=255)] | None = None
    """High byte of the IPv6 subnet id; the second octet of `ipv4` when absent."""
    vlan: Annotated[Whole, Field(ge=2, le=4094)]
    reaches: tuple[str, ...] = ()
    announced: Flag = False
    color_hint: str = ""


class AddressSpec(Spec):
    """`addresses` of region.yaml."""

    loopback4: IPv4Network
    transit4: IPv4Network
    ipv6: IPv6Network


class SiteRoleSpec(Spec):
    """`site_roles.<role>` of region.yaml: what a site of that role may and must have."""

    zones: tuple[str, ...] = ()
    parent: SiteRole | None = None
    needs: tuple[SiteRole, ...] = ()


class LinkRoleSpec(Spec):
    """`link_roles.<role>` of region.yaml: what a row of links.yaml need not repeat."""

    medium: Medium | None = None
    bandwidth: Bandwidth | None = None
    target: Percent | None = None
    provider: Text | None = None
    mtu: Mtu = 1500
    bfd: Flag = False
    assumed: tuple[str, ...] = ()


class OspfSpec(Spec):
    """`ospf` of region.yaml."""

    area: IPv4Address
    reference: Bandwidth
    backup_factor: Annotated[Whole, Field(ge=1, le=100)] = 4
    hello_s: Seconds = 1
    dead_s: Seconds = 4
    retransmit_s: Seconds = 1
    key_id: Annotated[Whole, Field(ge=1, le=255)] = 1
    key_secret: SecretName
    bfd_interval_ms: Annotated[Whole, Field(ge=50, le=60000)] = 300
    bfd_multiplier: Annotated[Whole, Field(ge=2, le=50)] = 3


class ExternalSpec(Spec):
    """`bgp.externals.<id>` of region.yaml: a network that is not ours."""

    name: NameSpec
    asn: Asn
    device: Code
    interface: InterfaceName
    bandwidth: Bandwidth
    local4: IPv4Interface
    remote4: IPv4Address
    local6: IPv6Interface
    remote6: IPv6Address
    password_secret: SecretName
    accepts4: tuple[IPv4Network, ...] = ()
    accepts6: tuple[IPv6Network, ...] = ()
    accepts_default: Flag = True
    max_prefix: Annotated[Whole, Field(ge=1, le=2000000)]
    probe4: IPv4Address
    probe6: IPv6Address
    internet4: IPv4Address
    internet6: IPv6Address
    assumed: tuple[str, ...] = ()


class BgpSpec(Spec):
    """`bgp` of region.yaml."""

    asn: Asn
    speaker_roles: tuple[DeviceRole, ...] = ()
    ibgp_secret: SecretName
    externals: dict[Code, ExternalSpec] = Field(default_factory=dict)


class SnmpSpec(Spec):
    """`services.snmp` of region.yaml: SNMPv3 with authentication and privacy."""

    user: Text
    auth_protocol: Literal["sha", "sha256"] = "sha"
    auth_secret: SecretName
    priv_protocol: Literal["aes128"] = "aes128"
    priv_secret: SecretName
    contact: Text
    collectors: tuple[IPv4Address, ...] = ()
    trap_port: Annotated[Whole, Field(ge=1, le=65535)] = 162


class CheckSpec(Spec):
    """`services.checks.<id>` of region.yaml: something that people use and that must answer."""

    name: NameSpec
    site: str | None = None
    url: Annotated[str, StringConstraints(pattern=r"^https?://[a-z0-9.-]+(:\d+)?(/\S*)?$")] = ""
    address: IPv4Address | None = None
    status: Annotated[Whole, Field(ge=100, le=599)] = 200
    contains: str = ""
    query: Annotated[str, StringConstraints(pattern=r"^([a-zA-Z0-9_-]+\.)*[a-zA-Z0-9-]+$|^$")] = ""
    answer: IPv4Address | None = None
    assumed: tuple[str, ...] = ()


class ServicesSpec(Spec):
    """`services` of region.yaml."""

    domain: Text
    ntp: tuple[IPv4Address, ...] = ()
    syslog: tuple[IPv4Address, ...] = ()
    resolver4: IPv4Address
    resolver6: IPv6Address
    banner: Text
    admin_user: Text
    admin_secret: SecretName
    enable_secret: SecretName
    snmp: SnmpSpec
    checks: dict[Code, CheckSpec] = Field(default_factory=dict)


class RegionSpec(Spec):
    """region.yaml."""

    code: Code
    name: NameSpec
    timezone: Text
    addresses: AddressSpec
    management_zone: str
    noc: tuple[str, ...]
    zones: dict[Code, ZoneSpec]
    site_roles: dict[SiteRole, SiteRoleSpec]
    link_roles: dict[LinkRole, LinkRoleSpec]
    ospf: OspfSpec
    bgp: BgpSpec
    services: ServicesSpec


class HardwareSpec(Spec):
    """`<model>` of hardware.yaml."""

    model: Text
    ports: dict[str, Bandwidth]
    access: str | None = None
    mtu: Mtu = 1500
    """The largest that its ports take."""


class LanSpec(Spec):
    """`lans.<zone>` or `lans.<zone>-<tag>` of a site."""

    ports: Ports = ()
    router: Code | None = None
    switch: Code | None = None
    number: Annotated[Whole, Field(ge=0)] | None = None
    vlan: Annotated[Whole, Field(ge=2, le=4094)] | None = None
    assumed: tuple[str, ...] = ()


class DeviceSpec(Spec):
    """`devices.<host>` of a site."""

    role: DeviceRole
    number: Annotated[Whole, Field(ge=1)] | None = None
    hardware: str
    platform: Literal["cisco_ios", "frr"] | None = None
    groups: tuple[str, ...] = ()
    location: Text | None = None
    snmp_port: Annotated[Whole, Field(ge=1, le=65535)] = 161
    assumed: tuple[str, ...] = ()


class SiteSpec(Spec):
    """sites/<code>.yaml; the code is the file's name."""

    number: Annotated[Whole, Field(ge=0)]
    name: NameSpec
    role: SiteRole
    latitude: Annotated[float, Strict(), Field(ge=-90, le=90)]
    longitude: Annotated[float, Strict(), Field(ge=-180, le=180)]
    target: Percent
    parent: Code | None = None
    assumed: tuple[str, ...] = ()
    devices: dict[Code, DeviceSpec] = Field(default_factory=dict)
    lans: dict[Code, LanSpec] = Field(default_factory=dict)


class EndSpec(Spec):
    """`a` or `b` of a row of links.yaml; `speed`, `mtu` and `vlans` say what the end is set to."""

    device: Code
    interface: InterfaceName
    speed: Bandwidth | None = None
    mtu: Mtu | None = None
    vlans: tuple[Whole, ...] | None = None


class LinkSpec(Spec):
    """A row of links.yaml."""

    role: LinkRole
    number: Annotated[Whole, Field(ge=0)] | None = None
    a: EndSpec
    b: EndSpec
    medium: Medium | None = None
    bandwidth: Bandwidth | None = None
    provider: Text | None = None
    circuit_id: Text | None = None
    target: Percent | None = None
    cost: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    mtu: Mtu | None = None
    bfd: Flag | None = None
    prefix: IPv4Network | None = None
    assumed: tuple[str, ...] = ()


class ConnectionSpec(Spec):
    """`connection_options.<plugin>` of a group or of the defaults, in Nornir's form."""

    hostname: Text | None = None
    port: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    username: Text | None = None
    platform: Text | None = None
    extras: dict[str, Any] | None = None


class GroupSpec(Spec):
    """`<group>` of groups.yaml, in Nornir's form."""

    platform: Literal["cisco_ios", "frr"] | None = None
    groups: tuple[str, ...] = ()
    username: Text | None = None
    port: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    connection_options: dict[str, ConnectionSpec] = Field(default_factory=dict)


class DefaultsSpec(Spec):
    """defaults.yaml, in Nornir's form."""

    platform: Literal["cisco_ios", "frr"] | None = None
    username: Text | None = None
    port: Annotated[Whole, Field(ge=1, le=65535)] | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    connection_options: dict[str, ConnectionSpec] = Field(default_factory=dict)


@cache
def keys_of(spec: type[Spec]) -> tuple[str, ...]:
    """The keys that `spec` knows."""
    return tuple(spec.model_fields)
