"""Words, abbreviations, and what is said about a line that nobody takes."""

import pytest

from lab.ios_standin.interfaces import full_name, order_key, short_name
from lab.ios_standin.matching import Fault, Match, Matcher, Refusal
from lab.ios_standin.pattern import compile_pattern

ROWS = (
    "ip address <ip> <mask>",
    "ip access-group <word> {in|out}!",
    "ip access-list extended <word!>",
    "description <line>",
    "interface <interface!>",
    "shutdown",
    "neighbor <peer!> maximum-prefix <1-1000> [<1-100>] [{warning-only|restart <1-65535>}]",
)


def matched(line: str, *, negated: bool = False) -> Match | Refusal:
    return Matcher([compile_pattern(row) for row in ROWS]).match(line, negated=negated)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ip addr 10.0.0.1 255.255.255.0", "ip address 10.0.0.1 255.255.255.0"),
        ("int gi0/0/1", "interface GigabitEthernet0/0/1"),
        ("interface Te0/1/0", "interface TenGigabitEthernet0/1/0"),
        ("desc  two  words", "description two  words"),
        ("SHUT", "shutdown"),
        ("ip access-g MGMT in", "ip access-group MGMT in"),
        ("neighbor 10.0.0.1 maximum-prefix 10", "neighbor 10.0.0.1 maximum-prefix 10"),
        (
            "neighbor fd00::1 max 10 80 restart 5",
            "neighbor FD00::1 maximum-prefix 10 80 restart 5",
        ),
    ],
)
def test_a_line_is_stored_in_full_however_it_was_shortened(typed: str, stored: str) -> None:
    match = matched(typed)
    assert isinstance(match, Match)
    assert match.text == stored


@pytest.mark.parametrize(
    ("typed", "fault", "column"),
    [
        ("ip address 10.0.0.1 255.255.255.0 extra", Fault.INVALID, 34),
        ("ip address 10.0.0.300 255.255.255.0", Fault.INVALID, 11),
        ("ip address 10.0.0.1 255.0.255.0", Fault.INVALID, 20),
        ("bogus", Fault.INVALID, 0),
        ("ip a", Fault.AMBIGUOUS, 3),
        ("ip address 10.0.0.1", Fault.INCOMPLETE, 19),
        ("ip", Fault.INCOMPLETE, 2),
        ("interface Foo0", Fault.INVALID, 10),
    ],
)
def test_a_refusal_names_the_fault_and_the_word(typed: str, fault: Fault, column: int) -> None:
    assert matched(typed) == Refusal(fault, column)


def test_no_needs_the_identity_of_a_line_and_not_its_value() -> None:
    match = matched("ip address", negated=True)
    assert isinstance(match, Match)
    assert match.identity == ("ip", "address")
    refused = matched("ip access-group MGMT", negated=True)
    assert refused == Refusal(Fault.INCOMPLETE, 20)


@pytest.mark.parametrize(
    ("typed", "full", "short"),
    [
        ("gi0/0/1.10", "GigabitEthernet0/0/1.10", "Gi0/0/1.10"),
        ("Lo0", "Loopback0", "Lo0"),
        ("vlan50", "Vlan50", "Vl50"),
        ("tengig1/0/1", "TenGigabitEthernet1/0/1", "Te1/0/1"),
    ],
)
def test_interface_names_have_a_full_and_a_short_form(typed: str, full: str, short: str) -> None:
    assert full_name(typed) == full
    assert short_name(full) == short


def test_interfaces_are_ordered_by_kind_and_number() -> None:
    names = ["Vlan10", "GigabitEthernet0/0/10", "GigabitEthernet0/0/9", "Loopback0"]
    expected = ["Loopback0", "GigabitEthernet0/0/9", "GigabitEthernet0/0/10", "Vlan10"]
    assert sorted(names, key=order_key) == expected
