"""What becomes of lines: order, defaults, other forms, contexts, refusals."""

import random

import pytest

from lab.ios_standin.block import Block
from lab.ios_standin.configuration import Accepted, Complaint, Configuration
from lab.ios_standin.grammar import Kind
from lab.ios_standin.matching import Refusal
from lab.ios_standin.rendering import render
from lab.ios_standin.stored_form import type7_decode, type7_encode, type9

PORTS = ("GigabitEthernet0/0/0", "GigabitEthernet0/0/1")


def blank(kind: Kind = "router") -> Configuration:
    return Configuration(kind, PORTS, random.Random(7))


def typed(configuration: Configuration, *lines: str) -> list[object]:
    """Types the lines one after another; what was refused."""
    path: tuple[Block, ...] = (configuration.root,)
    refused: list[object] = []
    for line in lines:
        outcome = configuration.apply(path, line)
        if isinstance(outcome, Accepted):
            path = outcome.path
        else:
            refused.append(outcome)
    return refused


def shown(configuration: Configuration) -> list[str]:
    return [line for line in render(configuration).splitlines() if line not in ("!", "end")]


def after(*lines: str, kind: Kind = "router") -> list[str]:
    """What is shown besides the ports that nobody touched."""
    configuration = blank(kind)
    assert typed(configuration, *lines) == []
    empty = shown(blank(kind))
    return [line for line in shown(configuration) if line not in empty or line in lines]


def test_sections_come_in_the_order_of_ios_not_of_typing() -> None:
    assert after(
        "ntp server 10.99.1.5",
        "hostname r1",
        "ip route 0.0.0.0 0.0.0.0 10.0.0.1",
        "service password-encryption",
    ) == [
        "service password-encryption",
        "hostname r1",
        "ip route 0.0.0.0 0.0.0.0 10.0.0.1",
        "ntp server 10.99.1.5",
    ]


@pytest.mark.parametrize(
    "line",
    ["no shutdown", "ip ospf hello-interval 10", "ip ospf dead-interval 40", "mtu 1500"],
)
def test_a_default_is_taken_and_not_shown(line: str) -> None:
    configuration = blank()
    assert typed(configuration, "interface gi0/0/0", line) == []
    assert shown(configuration) == shown(blank())


def test_setting_a_value_back_to_its_default_removes_the_line() -> None:
    lines = after("interface gi0/0/0", "ip ospf hello-interval 1", "ip ospf hello-interval 10")
    assert not [line for line in lines if "hello" in line]


def test_a_new_value_takes_the_place_of_the_old_one() -> None:
    lines = after("hostname one", "hostname two")
    assert lines == ["hostname two"]


def test_lines_of_several_instances_stand_side_by_side() -> None:
    lines = after("ntp server 10.99.1.5", "ntp server 10.99.1.6")
    assert lines == ["ntp server 10.99.1.5", "ntp server 10.99.1.6"]


def test_no_takes_a_line_away_and_leaves_its_neighbours() -> None:
    lines = after("ntp server 10.99.1.5", "ntp server 10.99.1.6", "no ntp server 10.99.1.5")
    assert lines == ["ntp server 10.99.1.6"]


def test_a_service_that_is_on_by_default_shows_when_it_is_off() -> None:
    assert after("no ip http server") == ["no ip http server"]
    assert after("no ip http server", "ip http server") == ["ip http server"]
    assert after("no service pad", "service pad") == []


def test_an_interface_without_an_address_says_so() -> None:
    configuration = blank()
    assert " no ip address" in shown(configuration)
    assert typed(configuration, "interface gi0/0/0", "ip address 10.0.0.1 255.255.255.0") == []
    assert shown(configuration).count(" no ip address") == 1


def test_a_global_line_typed_inside_a_block_leaves_the_block() -> None:
    configuration = blank()
    typed(configuration, "interface gi0/0/0", "hostname r1", "ntp server 10.0.0.1")
    assert "hostname r1" in shown(configuration)
    assert "ntp server 10.0.0.1" in shown(configuration)


def test_a_port_that_the_hardware_lacks_is_refused_and_a_loopback_is_made() -> None:
    configuration = blank()
    refused = typed(configuration, "interface gi0/0/7", "interface lo5", "interface gi0/0/1.10")
    assert [type(outcome) for outcome in refused] == [Refusal]
    assert "interface Loopback5" in shown(configuration)
    assert "interface GigabitEthernet0/0/1.10" in shown(configuration)


def test_a_physical_interface_can_not_be_removed() -> None:
    refused = typed(blank(), "no interface GigabitEthernet0/0/0")
    assert refused == [Complaint("% Removal of physical interfaces is not permitted")]


def test_switching_lines_are_unknown_to_a_router() -> None:
    assert typed(blank("router"), "interface gi0/0/0", "switchport mode access")
    assert not typed(blank("switch"), "interface gi0/0/0", "switchport mode access")


def test_a_secret_is_stored_as_a_hash_and_a_hash_stays_as_it_is() -> None:
    lines = after("username admin privilege 15 secret hello", "enable secret 9 $9$abc$def")
    assert lines[0] == "enable secret 9 $9$abc$def"
    assert lines[1].startswith("username admin privilege 15 secret 9 $9$")


def test_a_type_9_hash_is_scrypt_and_differs_by_its_salt() -> None:
    one, other = type9("x", random.Random(1)), type9("x", random.Random(2))
    assert one != other
    assert one.split("$")[1] == "9"
    assert len(one.split("$")[3]) == 43


@pytest.mark.parametrize("offset", range(16))
def test_type_7_is_read_back_from_every_offset(offset: int) -> None:
    assert type7_decode(type7_encode("a key, 16 letter", offset)) == "a key, 16 letter"


def test_type_7_is_the_published_scheme() -> None:
    assert type7_decode("02050D480809") == "cisco"
    assert type7_decode("0822455D0A16") == "cisco"


def test_keys_are_encrypted_once_the_service_is_on_also_those_typed_before() -> None:
    key = "ip ospf message-digest-key 1 md5 hello"
    assert f" {key}" in after("interface gi0/0/0", key)
    late = after("interface gi0/0/0", key, "service password-encryption")
    stored = next(line for line in late if "md5" in line)
    assert stored.split()[-2] == "7"
    assert type7_decode(stored.split()[-1]) == "hello"


def test_an_access_list_entry_is_normalised_numbered_in_secret_and_never_doubled() -> None:
    assert after(
        "ip access-list extended A",
        "permit tcp 10.1.2.3 0.0.0.255 any eq 22",
        "permit udp 10.1.2.3 0.0.0.0 0.0.0.0 255.255.255.255 eq 161",
        "15 deny ip any host 10.0.0.9",
        "permit tcp 10.1.2.0 0.0.0.255 any eq 22",
    ) == [
        "ip access-list extended A",
        " permit tcp 10.1.2.0 0.0.0.255 any eq 22",
        " deny ip any host 10.0.0.9",
        " permit udp host 10.1.2.3 any eq snmp",
    ]


def test_a_prefix_list_gets_its_numbers_and_goes_as_a_whole() -> None:
    lines = ("ip prefix-list P permit 10.0.0.0/8", "ip prefix-list P permit 10.1.0.0/16 le 24")
    assert after(*lines) == [
        "ip prefix-list P seq 5 permit 10.0.0.0/8",
        "ip prefix-list P seq 10 permit 10.1.0.0/16 le 24",
    ]
    assert after(*lines, "no ip prefix-list P") == []


def test_passive_by_default_shows_the_interfaces_that_are_not() -> None:
    lines = after("router ospf 1", "passive-interface default", "no passive-interface gi0/0/0")
    assert lines[-1] == " no passive-interface GigabitEthernet0/0/0"


def test_a_neighbor_comes_before_its_lines_and_takes_them_along() -> None:
    configuration = blank()
    refused = typed(configuration, "router bgp 1", "neighbor 10.0.0.1 description x")
    assert refused == [Complaint("% Specify remote-as or peer-group commands first")]
    typed(
        configuration,
        "router bgp 1",
        "neighbor 10.0.0.1 remote-as 2",
        "address-family ipv4",
        "neighbor 10.0.0.1 activate",
    )
    assert "  neighbor 10.0.0.1 activate" in shown(configuration)
    typed(configuration, "router bgp 1", "no neighbor 10.0.0.1")
    assert not [line for line in shown(configuration) if "10.0.0.1" in line]


def test_ipv6_addresses_are_shown_in_capitals() -> None:
    lines = after("interface gi0/0/0", "ipv6 address fd10:1412:7e1::1/64")
    assert " ipv6 address FD10:1412:7E1::1/64" in lines


def test_an_snmp_user_is_kept_and_never_shown() -> None:
    configuration = blank()
    line = "snmp-server user poller NOC v3 auth sha secret1 priv aes 128 secret2"
    assert typed(configuration, line) == []
    assert shown(configuration) == shown(blank())
    assert list(configuration.private.values()) == [line]


@pytest.mark.parametrize(
    ("typed_banner", "stored"),
    [
        ("banner motd \x03\nStop\n\x03", "banner motd \x03\nStop\n\x03"),
        ("banner motd #Stop#", "banner motd \x03Stop\x03"),
        ("banner motd ^C\nStop\n^C", "banner motd \x03C\nStop\n\x03"),
    ],
    ids=["ETX", "any other character", "the two characters of a terminal"],
)
def test_a_banner_ends_at_its_first_character(typed_banner: str, stored: str) -> None:
    assert "\n".join(after(typed_banner)) == stored
