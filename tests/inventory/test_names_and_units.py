"""Interface names and quantities, as people write them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.ifnames import expand, natural_key, on_platform, to_if_name, to_linux
from inventory.units import format_bandwidth, parse_bandwidth, parse_ports


@pytest.mark.parametrize(
    ("name", "if_name", "linux"),
    [
        ("GigabitEthernet0/0/1", "Gi0/0/1", "ge0-0-1"),
        ("GigabitEthernet0/0/1.10", "Gi0/0/1.10", "ge0-0-1.10"),
        ("TenGigabitEthernet0/1/0", "Te0/1/0", "te0-1-0"),
        ("TwentyFiveGigE1/0/48", "Twe1/0/48", "twe1-0-48"),
        ("FastEthernet0/1", "Fa0/1", "fa0-1"),
        ("Port-channel12", "Po12", "po12"),
        ("Loopback0", "Lo0", "lo"),
        ("Vlan50", "Vl50", "vlan50"),
        ("eth0.20", "eth0.20", "eth0.20"),
        ("ge0-0-1.10", "ge0-0-1.10", "ge0-0-1.10"),
    ],
)
def test_a_name_has_three_forms(name: str, if_name: str, linux: str) -> None:
    assert (to_if_name(name), to_linux(name)) == (if_name, linux)
    assert on_platform(name, "frr") == linux
    assert on_platform(name, "cisco_ios") == name


def test_names_sort_as_people_count() -> None:
    names = ["GigabitEthernet0/0/10", "GigabitEthernet0/0/2", "Vlan50", "Loopback0"]
    assert sorted(names, key=natural_key) == [names[3], names[1], names[0], names[2]]


def test_a_range_of_ports_is_its_ports() -> None:
    assert expand("GigabitEthernet1/0/9..11") == tuple(
        f"GigabitEthernet1/0/{port}" for port in (9, 10, 11)
    )
    assert expand("eth0") == ("eth0",)
    for wrong in ("eth3..1", "eth1..x", "eth..4"):
        with pytest.raises(ValueError, match="expected a range"):
            expand(wrong)


@pytest.mark.parametrize(
    ("written", "bps"),
    [("100M", 10**8), ("10G", 10**10), ("1.5G", 15 * 10**8), ("64k", 64_000), (5000, 5000)],
)
def test_a_bandwidth_reads_as_people_write_it(written: Any, bps: int) -> None:
    assert parse_bandwidth(written) == bps


@pytest.mark.parametrize("wrong", ["", "fast", "-1M", "0", "10 X", True, None, [], 1.5])
def test_what_is_no_bandwidth_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="expected a bandwidth"):
        parse_bandwidth(wrong)


@given(st.integers(1, 999), st.sampled_from([1, 10**3, 10**6, 10**9, 10**12]))
def test_a_bandwidth_survives_being_printed_and_read(number: int, factor: int) -> None:
    assert parse_bandwidth(format_bandwidth(number * factor)) == number * factor


def test_ports_are_counted_from_one() -> None:
    assert parse_ports("1-3, 7") == (1, 2, 3, 7)
    assert parse_ports(5) == (5,)
    for wrong in ("0-3", "3-1", "1,1", "a", "", True, None, "1-"):
        with pytest.raises(ValueError, match="expected port"):
            parse_ports(wrong)
