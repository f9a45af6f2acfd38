"""What net-snmp and gufo-snmp make of the simulated agents: both are other people's decoders."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from tempfile import gettempdir

import pytest
from gufo.snmp.sync import SnmpSession

from inventory.model import Network
from lab.simulated import Simulation
from lab.simulator import simulated_agents
from tests.simulated.small import small_network

IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
IF_HC_IN_OCTETS = "1.3.6.1.2.1.31.1.1.1.6"
IF_HC_OUT_OCTETS = "1.3.6.1.2.1.31.1.1.1.10"
IF_IN_OCTETS = "1.3.6.1.2.1.2.2.1.10"
IF_OPER_STATUS = "1.3.6.1.2.1.2.2.1.8"
SYS_NAME = "1.3.6.1.2.1.1.5.0"
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"

Served = tuple[Network, Simulation]

needs_net_snmp = pytest.mark.skipif(
    shutil.which("snmpget") is None, reason="not installed: snmp; run as root: make setup"
)


@pytest.fixture
def served() -> Iterator[Served]:
    with simulated_agents(small_network()) as running:
        yield running


def net_snmp(served: Served, tool: str, *words: str, community: str = "public") -> list[str]:
    port = served[0].devices["a"].snmp_port
    finished = subprocess.run(
        [tool, "-v2c", "-c", community, "-On", "-Oq", "-t1", "-r0", f"127.0.0.1:{port}", *words],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"MIBS": "", "PATH": "/usr/bin:/bin", "SNMP_PERSISTENT_DIR": gettempdir()},
    )
    said = finished.stdout + (finished.stderr if finished.returncode else "")
    return [line for line in said.splitlines() if line and "No more variables" not in line]


def number(client: SnmpSession, name: str) -> int:
    found = client.get(name)
    assert isinstance(found, int)
    return found


def session(served: Served, device: str = "a") -> SnmpSession:
    port = served[0].devices[device].snmp_port
    return SnmpSession("127.0.0.1", port=port, community="public", timeout=2.0)


@needs_net_snmp
def test_snmpget_reads_the_system_group(served: Served) -> None:
    assert net_snmp(served, "snmpget", SYS_NAME) == [f'.{SYS_NAME} "a"']


@needs_net_snmp
def test_snmpbulkwalk_sees_every_interface_name_in_order(served: Served) -> None:
    names = [
        f'.{IF_NAME}.{n} "{name}"'
        for n, name in enumerate(("Lo0", "Gi0/0/1", "Gi0/0/2", "Gi0/0/3"), start=1)
    ]
    assert net_snmp(served, "snmpbulkwalk", IF_NAME) == names


@needs_net_snmp
def test_getnext_and_getbulk_walk_the_same_objects_in_ascending_order(served: Served) -> None:
    one_by_one = [line.split()[0] for line in net_snmp(served, "snmpwalk", "1.3.6")]
    in_bulk = [line.split()[0] for line in net_snmp(served, "snmpbulkwalk", "1.3.6")]
    numbers = [tuple(map(int, name.strip(".").split("."))) for name in one_by_one if name[0] == "."]
    assert one_by_one == in_bulk
    assert numbers == sorted(numbers)
    assert len(numbers) == 8 + 26 * 4


@needs_net_snmp
def test_unknown_objects_are_named_as_such_and_not_answered_with_a_number(served: Served) -> None:
    lines = net_snmp(served, "snmpget", f"{IF_NAME}.99", "1.3.6.1.2.1.99.1.0", SYS_NAME)
    assert "No Such Instance" in lines[0]
    assert "No Such Object" in lines[1]
    assert lines[2].endswith('"a"')


@needs_net_snmp
def test_another_community_gets_no_answer(served: Served) -> None:
    assert "Timeout" in net_snmp(served, "snmpget", SYS_NAME, community="wrong")[0]


@needs_net_snmp
def test_a_set_is_refused(served: Served) -> None:
    lines = net_snmp(served, "snmpset", SYS_NAME, "s", "other")
    assert any("noAccess" in line for line in lines)
    assert net_snmp(served, "snmpget", SYS_NAME) == [f'.{SYS_NAME} "a"']


def test_gufo_reads_58_objects_in_one_request(served: Served) -> None:
    columns = [f"1.3.6.1.2.1.31.1.1.1.{n}.{i}" for n in (1, 6, 7, 10, 11, 15) for i in range(1, 5)]
    columns += [
        f"1.3.6.1.2.1.2.2.1.{n}.{i}" for n in (1, 2, 7, 8, 13, 14, 19, 20) for i in range(1, 5)
    ]
    with session(served) as client:
        answers = client.get_many([*columns, SYS_UP_TIME])
    assert set(answers) == {*columns, SYS_UP_TIME}


def test_what_one_end_sends_the_other_receives(served: Served) -> None:
    with session(served, "a") as a, session(served, "b") as b:
        before = number(a, f"{IF_HC_OUT_OCTETS}.2"), number(b, f"{IF_HC_IN_OCTETS}.2")
        served[1].cut("a-b")  # so that both are read at the same octet
        sent = number(a, f"{IF_HC_OUT_OCTETS}.2") - before[0]
        received = number(b, f"{IF_HC_IN_OCTETS}.2") - before[1]
    longest_gap_octets = 12_500_000 * 0.5
    assert sent > 0
    assert received > 0
    assert abs(sent - received) < longest_gap_octets


def test_the_32_bit_counter_is_the_low_half_of_the_64_bit_one(served: Served) -> None:
    served[1].cut("a-b")
    with session(served) as client:
        whole, half = number(client, f"{IF_HC_IN_OCTETS}.2"), number(client, f"{IF_IN_OCTETS}.2")
    assert half == whole % 2**32


def test_a_cut_shows_at_both_ends_and_heals(served: Served) -> None:
    def states() -> list[int]:
        return [
            number(client, f"{IF_OPER_STATUS}.2")
            for device in ("a", "b")
            for client in [session(served, device)]
        ]

    assert states() == [1, 1]
    served[1].cut("a-b")
    assert states() == [2, 2]
    served[1].heal("a-b")
    assert states() == [1, 1]


@needs_net_snmp
def test_a_device_without_power_is_silent_and_its_neighbour_sees_the_port_down(
    served: Served,
) -> None:
    served[1].power_off("a")
    assert "Timeout" in net_snmp(served, "snmpget", SYS_NAME)[0]
    with session(served, "b") as neighbour:
        assert neighbour.get(f"{IF_OPER_STATUS}.2") == 2


def test_a_restart_sets_uptime_and_counters_back_and_may_renumber(served: Served) -> None:
    with session(served) as client:
        uptime, octets = number(client, SYS_UP_TIME), number(client, f"{IF_HC_IN_OCTETS}.2")
        served[1].restart("a", renumber=True)
        assert number(client, SYS_UP_TIME) < 1_000 < uptime
        assert client.get(f"{IF_NAME}.1") == b"Gi0/0/1"
        assert number(client, f"{IF_HC_IN_OCTETS}.1") < octets


@needs_net_snmp
def test_garbage_is_dropped_and_the_agent_goes_on(served: Served) -> None:
    port = served[0].devices["a"].snmp_port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for garbage in (b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\xff" * 1400, bytes(64)):
            sender.sendto(garbage, ("127.0.0.1", port))
    assert net_snmp(served, "snmpget", SYS_NAME) == [f'.{SYS_NAME} "a"']
