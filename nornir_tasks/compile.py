"""Network and device in, intent out: every look-up and all arithmetic of a configuration."""

from ipaddress import IPv4Address

from inventory.ifnames import natural_key
from inventory.model import (
    LAYER2_ROLES,
    Device,
    DeviceRole,
    Interface,
    InterfaceKind,
    Network,
    OspfInterface,
    OspfKey,
    OspfPlan,
    SnmpUser,
)
from inventory.secrets import placeholder
from nornir_tasks.acl import border_lists, lan_lists
from nornir_tasks.bgp import bgp_intent, external_peers
from nornir_tasks.intent import (
    AccessList,
    BorderFilter,
    DeviceIntent,
    InterfaceIntent,
    LanFilter,
    Pair,
    RegionIntent,
    SnmpIntent,
    SnmpUserIntent,
    SwitchIntent,
    Vlan,
)
from nornir_tasks.intent_ospf import OspfIntent, OspfInterfaceIntent, OspfKeyIntent
from nornir_tasks.policy import MASKS, Policy

SWITCH_ROLES = LAYER2_ROLES | {DeviceRole.DC_SWITCH}
NATIVE_NAME, PARKING_NAME = "native-unused", "parking"
HIGHEST_SPARE_VLAN = 999


def region_intent(policy: Policy) -> RegionIntent:
    """What is the same on every device of the region."""
    region = policy.network.region
    services, snmp = region.services, region.services.snmp
    return RegionIntent(
        code=region.code,
        name=region.name.en,
        domain=services.domain,
        banner=services.banner,
        ntp=tuple(str(server) for server in services.ntp),
        syslog=tuple(str(server) for server in services.syslog),
        admin_user=services.admin_user,
        admin_password=placeholder(services.admin_secret),
        enable_password=placeholder(services.enable_secret),
        snmp=SnmpIntent(
            user=snmp.user,
            users=tuple(
                SnmpUserIntent(one.name, placeholder(one.auth_secret), placeholder(one.priv_secret))
                for one in (
                    SnmpUser(snmp.user, snmp.auth_secret, snmp.priv_secret),
                    *snmp.besides,
                )
            ),
            auth_protocol=snmp.auth_protocol,
            priv_protocol=snmp.priv_protocol,
            contact=snmp.contact,
            collectors=tuple(str(collector) for collector in snmp.collectors),
            trap_port=snmp.trap_port,
        ),
        noc=policy.noc,
        inside=policy.inside,
    )


def device_intent(policy: Policy, region: RegionIntent, device: Device) -> DeviceIntent:
    """The intent of one device; `region` is `region_intent` of the same policy."""
    network = policy.network
    site = network.sites[device.site]
    lan_filters = tuple(
        policy.lan_filter(network.lans[interface.lan], interface.name)
        for interface in device.interfaces
        if interface.lan and interface.kind is InterfaceKind.GATEWAY
    )
    borders = tuple(
        policy.border_filter(device, interface)
        for interface in device.interfaces
        if interface.kind is InterfaceKind.EXTERNAL
    )
    interfaces = tuple(_interface(policy, device, interface) for interface in device.interfaces)
    bgp = bgp_intent(network, device)
    return DeviceIntent(
        name=device.name,
        role=device.role.value,
        title=f"{device.role.value}, {site.name.en}",
        location=device.location,
        source=_source(device),
        router_id=str(device.router_id or ""),
        region=region,
        interfaces=interfaces,
        by_name=tuple(sorted(interfaces, key=lambda one: natural_key(one.name)[1:])),
        ospf=_ospf(network, device),
        bgp=bgp,
        discards=bgp.networks if bgp else Pair(),
        lans=lan_filters,
        borders=borders,
        access_lists=_access_lists(policy, lan_filters, borders),
        switch=_switch(network, device) if device.role in SWITCH_ROLES else None,
        oob=tuple(i.name for i in device.interfaces if i.kind is InterfaceKind.OOB),
    )


def _access_lists(
    policy: Policy, lans: tuple[LanFilter, ...], borders: tuple[BorderFilter, ...]
) -> tuple[AccessList, ...]:
    network = policy.network
    lists: list[AccessList] = []
    for lan in lans:
        managed = network.lans[lan.name].zone == network.region.management_zone
        lists.extend(lan_lists(lan, policy.inside, managed=managed))
    for border in borders:
        lists.extend(border_lists(border, policy.inside))
    return tuple(lists)


def _source(device: Device) -> str:
    """The loopback of a router; the management interface of a layer-2 switch."""
    wanted = InterfaceKind.LOOPBACK if device.routes else InterfaceKind.MANAGEMENT
    return next((i.name for i in device.interfaces if i.kind is wanted), "")


def _interface(policy: Policy, device: Device, interface: Interface) -> InterfaceIntent:
    ipv4, ospf = interface.ipv4, interface.ospf
    filtered = ""
    if interface.kind is InterfaceKind.GATEWAY:
        filtered = interface.lan or ""
    elif interface.kind is InterfaceKind.EXTERNAL:
        filtered = policy.external_at(device, interface).id
    return InterfaceIntent(
        name=interface.name,
        kind=interface.kind.value,
        description=interface.description,
        ipv4=str(ipv4.ip) if ipv4 else "",
        ipv4_mask=MASKS[ipv4.network.prefixlen] if ipv4 else "",
        ipv4_cidr=str(ipv4) if ipv4 else "",
        ipv6=str(interface.ipv6) if interface.ipv6 else "",
        bandwidth_kbps=interface.bandwidth_bps // 1000,
        mtu=interface.mtu,
        vlan=interface.vlan,
        vlans=",".join(str(vlan) for vlan in interface.vlans),
        subinterface=interface.parent is not None,
        ospf=OspfInterfaceIntent(
            ospf.cost, ospf.passive, ospf.bfd, _keys(policy.network.region.ospf, ospf)
        )
        if ospf
        else None,
        filter=filtered,
    )


def _ospf(network: Network, device: Device) -> OspfIntent | None:
    if not device.routes:
        return None
    plan = network.region.ospf
    running = [(i.name, i.ospf) for i in device.interfaces if i.ospf]
    return OspfIntent(
        area=int(IPv4Address(plan.area)) if "." in plan.area else int(plan.area),
        reference_mbps=plan.reference_bps // 1_000_000,
        hello_s=plan.hello_s,
        dead_s=plan.dead_s,
        retransmit_s=plan.retransmit_s,
        keys=tuple(
            dict.fromkeys(key for _, one in running if not one.passive for key in _keys(plan, one))
        ),
        bfd_interval_ms=plan.bfd_interval_ms,
        bfd_multiplier=plan.bfd_multiplier,
        bfd=any(ospf.bfd for _, ospf in running),
        active=tuple(name for name, ospf in running if not ospf.passive),
        originates_default=any(p.accepts_default for p in external_peers(network, device)),
    )


def _keys(plan: OspfPlan, ospf: OspfInterface) -> tuple[OspfKeyIntent, ...]:
    keys = ospf.keys or (OspfKey(plan.key_id, plan.key_secret),)
    return tuple(OspfKeyIntent(key.id, placeholder(key.secret)) for key in keys)


def _switch(network: Network, device: Device) -> SwitchIntent:
    names: dict[int, str] = {}
    users: set[int] = set()
    gateway4 = gateway6 = ""
    for interface in device.interfaces:
        if interface.lan and interface.vlan:
            names[interface.vlan] = interface.lan
        if interface.kind is InterfaceKind.ACCESS and interface.vlan:
            users.add(interface.vlan)
        if interface.kind is InterfaceKind.MANAGEMENT and interface.lan:
            lan = network.lans[interface.lan]
            gateway4, gateway6 = str(lan.gateway4), str(lan.gateway6)
    for lan in network.sites[device.site].lans:
        if lan.switch == device.name:
            names.setdefault(lan.vlan, lan.id)
    native, parking = _spare(names, 2)
    return SwitchIntent(
        vlans=tuple(Vlan(number, names[number]) for number in sorted(names)),
        numbers=",".join(str(number) for number in sorted(users)),
        native=Vlan(native, NATIVE_NAME),
        parking=Vlan(parking, PARKING_NAME),
        gateway4=gateway4,
        gateway6=gateway6,
    )


def _spare(used: dict[int, str], count: int) -> list[int]:
    """The highest `count` VLANs up to HIGHEST_SPARE_VLAN that nobody uses, highest first."""
    free = (number for number in range(HIGHEST_SPARE_VLAN, 1, -1) if number not in used)
    return [next(free) for _ in range(count)]
