"""region.yaml -> Region: what is true of the whole network."""

from collections.abc import Mapping

from inventory.addresses import zone6
from inventory.model import (
    BgpPlan,
    Check,
    Device,
    ExternalPeer,
    Lan,
    Name,
    OspfPlan,
    Region,
    Services,
    SnmpPlan,
    Zone,
)
from inventory.schema import CheckSpec, ExternalSpec, NameSpec, RegionSpec, ServicesSpec


def name_of(name: NameSpec) -> Name:
    """The model's name of a typed one."""
    return Name(name.en, name.ka)


def build_region(
    spec: RegionSpec, lans: Mapping[str, Lan], devices: Mapping[str, Device]
) -> Region:
    """The region; the NOC's LANs have been found good."""
    noc = [lans[name] for name in spec.noc]
    return Region(
        code=spec.code,
        name=name_of(spec.name),
        timezone=spec.timezone,
        loopback4=spec.addresses.loopback4,
        transit4=spec.addresses.transit4,
        ipv6=spec.addresses.ipv6,
        zones=_zones(spec),
        noc4=tuple(lan.ipv4 for lan in noc),
        noc6=tuple(lan.ipv6 for lan in noc),
        ospf=_ospf(spec),
        bgp=_bgp(spec, devices),
        services=_services(spec.services),
        management_zone=spec.management_zone,
    )


def _zones(spec: RegionSpec) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            name=name,
            title=name_of(zone.title),
            ipv4=zone.ipv4,
            ipv6=zone6(spec.addresses, zone),
            vlan=zone.vlan,
            reaches=zone.reaches,
            announced=zone.announced,
            color_hint=zone.color_hint,
        )
        for name, zone in sorted(spec.zones.items())
    )


def _ospf(spec: RegionSpec) -> OspfPlan:
    ospf = spec.ospf
    return OspfPlan(
        area=str(ospf.area),
        reference_bps=ospf.reference,
        backup_factor=ospf.backup_factor,
        hello_s=ospf.hello_s,
        dead_s=ospf.dead_s,
        retransmit_s=ospf.retransmit_s,
        key_id=ospf.key_id,
        key_secret=ospf.key_secret,
        bfd_interval_ms=ospf.bfd_interval_ms,
        bfd_multiplier=ospf.bfd_multiplier,
        bfd_roles=tuple(sorted(role for role, row in spec.link_roles.items() if row.bfd)),
    )


def _bgp(spec: RegionSpec, devices: Mapping[str, Device]) -> BgpPlan:
    bgp = spec.bgp
    announced = [zone for _, zone in sorted(spec.zones.items()) if zone.announced]
    return BgpPlan(
        asn=bgp.asn,
        speakers=tuple(
            sorted(name for name, one in devices.items() if one.role in bgp.speaker_roles)
        ),
        aggregates4=tuple(sorted(zone.ipv4 for zone in announced)),
        aggregates6=tuple(sorted(zone6(spec.addresses, zone) for zone in announced)),
        externals=tuple(_external(name, peer) for name, peer in sorted(bgp.externals.items())),
        ibgp_secret=bgp.ibgp_secret,
    )


def _external(name: str, peer: ExternalSpec) -> ExternalPeer:
    return ExternalPeer(
        id=name,
        name=name_of(peer.name),
        asn=peer.asn,
        device=peer.device,
        interface=peer.interface,
        local4=peer.local4,
        local6=peer.local6,
        remote4=peer.remote4,
        remote6=peer.remote6,
        password_secret=peer.password_secret,
        accepts4=tuple(sorted(peer.accepts4)),
        accepts6=tuple(sorted(peer.accepts6)),
        accepts_default=peer.accepts_default,
        max_prefix=peer.max_prefix,
        probe4=peer.probe4,
        probe6=peer.probe6,
        internet4=peer.internet4,
        internet6=peer.internet6,
        bandwidth_bps=peer.bandwidth,
        assumed=tuple(sorted(peer.assumed)),
    )


def _services(services: ServicesSpec) -> Services:
    snmp = services.snmp
    return Services(
        domain=services.domain,
        ntp=services.ntp,
        syslog=services.syslog,
        resolver4=services.resolver4,
        resolver6=services.resolver6,
        banner=services.banner,
        admin_user=services.admin_user,
        admin_secret=services.admin_secret,
        enable_secret=services.enable_secret,
        snmp=SnmpPlan(
            user=snmp.user,
            auth_protocol=snmp.auth_protocol,
            auth_secret=snmp.auth_secret,
            priv_protocol=snmp.priv_protocol,
            priv_secret=snmp.priv_secret,
            contact=snmp.contact,
            collectors=snmp.collectors,
            trap_port=snmp.trap_port,
        ),
        checks=tuple(_check(name, check) for name, check in sorted(services.checks.items())),
    )


def _check(name: str, check: CheckSpec) -> Check:
    return Check(
        id=name,
        name=name_of(check.name),
        site=check.site,
        url=check.url,
        address=check.address,
        status=check.status,
        contains=check.contains,
        query=check.query,
        answer=check.answer,
    )
