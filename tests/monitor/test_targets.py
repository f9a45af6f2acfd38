"""Whom to poll, from the model."""

from inventory.model import InterfaceKind
from monitor.targets import Credentials, plan_credentials, targets
from tests.monitor.networks import V2C, default_network


def test_every_device_is_a_target_and_every_link_is_watched_at_both_ends() -> None:
    network = default_network()
    wanted = targets(network)
    assert [each.device for each in wanted] == sorted(network.devices)
    ends = {
        (each.device, expected.link, expected.end)
        for each in wanted
        for expected in each.interfaces
        if expected.link in network.links
    }
    assert ends == {
        (end.device, link.id, side)
        for link in network.links.values()
        for side, end in (("a", link.a), ("b", link.b))
    }


def test_an_external_peers_interface_is_watched_too() -> None:
    network = default_network()
    externals = {
        f"{interface.device}:{interface.name}"
        for device in network.devices.values()
        for interface in device.interfaces
        if interface.kind is InterfaceKind.EXTERNAL
    }
    assert externals
    watched = {expected.link for each in targets(network) for expected in each.interfaces}
    assert externals <= watched


def test_interfaces_are_expected_by_ifname_and_secrets_by_name() -> None:
    network = default_network()
    target = next(each for each in targets(network) if each.device == "zes-rtr1")
    assert "Gi0/0/1" in {expected.if_name for expected in target.interfaces}
    assert target.address == "10.255.0.21"
    plan = network.region.services.snmp
    assert target.credentials == plan_credentials(plan)
    assert target.credentials.version == "3"
    assert target.credentials.auth_secret == plan.auth_secret


def test_other_credentials_take_the_place_of_the_plans() -> None:
    assert {each.credentials for each in targets(default_network(), V2C)} == {
        Credentials("2c", community="public")
    }
