"""The same network on other platforms: every name that stands somewhere is the new one."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from inventory.errors import SettingsError
from inventory.model import InterfaceKind, Network
from inventory.view import as_platform, virtual

LAB = IPv4Network("172.20.20.0/24")


@pytest.fixture(scope="module", params=["network", "small"])
def lab(request: pytest.FixtureRequest) -> Network:
    network: Network = request.getfixturevalue(request.param)
    return virtual(network, LAB)


def test_every_interface_name_fits_linux(lab: Network) -> None:
    for device in lab.devices.values():
        for interface in device.interfaces:
            assert len(interface.name) <= 15
            assert "/" not in interface.name
            assert interface.if_name == interface.name


def test_names_are_unique_within_each_device(lab: Network) -> None:
    for device in lab.devices.values():
        names = [interface.name for interface in device.interfaces]
        assert len(set(names)) == len(names)


def test_every_reference_to_an_interface_leads_to_one(lab: Network) -> None:
    for device in lab.devices.values():
        for interface in device.interfaces:
            if interface.peer is not None:
                peer = lab.devices[interface.peer[0]].interface(interface.peer[1])
                assert peer.peer == (device.name, interface.name)
            if interface.parent is not None:
                assert device.interface(interface.parent).kind is InterfaceKind.TRUNK
    for link in lab.links.values():
        for end in (link.a, link.b):
            assert lab.devices[end.device].interface(end.interface).link == link.id
    for lan in lab.lans.values():
        assert lab.devices[lan.router].interface(lan.interface).lan == lan.id
    for site in lab.sites.values():
        assert all(lan == lab.lans[lan.id] for lan in site.lans)
    for external in lab.region.bgp.externals:
        port = lab.devices[external.device].interface(external.interface)
        assert port.kind is InterfaceKind.EXTERNAL


def test_routing_devices_run_frr_and_switches_are_bridges(lab: Network) -> None:
    for device in lab.devices.values():
        assert device.platform == ("frr" if device.routes else "linux_bridge")


def test_each_device_is_reached_through_an_out_of_band_port_of_its_own(lab: Network) -> None:
    for device in lab.devices.values():
        port = device.interface("mgmt0")
        assert port.kind is InterfaceKind.OOB
        assert port.ospf is None
        assert port.ipv4 is not None
        assert port.ipv4.ip == device.management
        assert device.management in LAB
    addresses = {device.management for device in lab.devices.values()}
    assert len(addresses) == len(lab.devices)
    assert IPv4Address("172.20.20.1") not in addresses


def test_the_lab_may_manage_as_the_noc_may(lab: Network) -> None:
    assert lab.region.noc4[-1] == LAB
    assert len(lab.region.noc4) == 2
    assert lab.region.services.snmp.collectors == (LAB[1],)


def test_addresses_and_costs_stay(network: Network) -> None:
    lab = virtual(network, LAB)
    for name, link in network.links.items():
        assert (lab.links[name].a.ipv4, lab.links[name].cost) == (link.a.ipv4, link.cost)
    assert lab.revision == network.revision


def test_a_white_box_keeps_its_own_names(small: Network) -> None:
    names = [interface.name for interface in small.devices["alp-lyc-r1"].interfaces]
    assert names == ["lo", "eth0", "eth1", "eth1.120", "eth1.140"]
    assert as_platform(small.devices["alp-lyc-r1"], "frr") == small.devices["alp-lyc-r1"]


def test_a_management_network_without_room_is_refused(network: Network) -> None:
    with pytest.raises(SettingsError, match=r"lab\.management: expected room for 87 addresses"):
        virtual(network, IPv4Network("172.20.20.0/26"))


def test_devices_of_a_running_lab_keep_their_addresses(network: Network) -> None:
    new, *known = virtual(network, LAB).devices
    running = {name: LAB[100 - number] for number, name in enumerate(known)}
    gone = {"was-here-rtr1": LAB[101]}
    after = virtual(network, LAB, running | gone).devices
    assert {name: after[name].management for name in known} == running
    assert after[new].management not in {*running.values(), *gone.values()}
