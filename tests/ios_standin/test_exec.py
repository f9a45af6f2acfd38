"""Commands one by one: what each shows, asks and does."""

from collections.abc import Iterator

import pytest

from lab.ios_standin import IosStandin, ManualClock
from lab.ios_standin.hosting import Hosted, hosted
from tests.ios_standin.conftest import ROUTER, Serve
from tests.ios_standin.shell import Shell
from tests.ios_standin.test_reach import SWITCH


@pytest.fixture
def shell(router: Hosted) -> Iterator[Shell]:
    """A privileged session on the router, without paging."""
    with Shell(router.port("zes-rtr1")) as found:
        found.until("#")
        found.send("terminal length 0")
        yield found


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("show version", "zes-rtr1 uptime is 0 minutes\n"),
        ("show inventory", 'NAME: "Chassis"'),
        ("show hosts", "Default domain is imereti.example\n"),
        ("show users", "vty 1     admin"),
        ("show startup-config", "Using "),
        ("show ip interface brief", "GigabitEthernet0/0/2   unassigned      YES unset  admin"),
        ("show interfaces gi0/0/0", "MTU 1500 bytes, BW 100000 Kbit/sec"),
        ("show interfaces description", "Gi0/0/0                        up             up"),
        ("show interfaces status", "Gi0/0/2      unused             disabled"),
        ("show ip interface gi0/0/0", "Internet address is 10.254.0.1/31\n"),
        ("show ipv6 interface", "FD10:1412:7E1:FE00::1, subnet is FD10:1412:7E1:FE00::/127"),
        ("show ip ospf neighbor", "10.254.0.0        0   FULL/  -"),
        ("show ip ospf interface brief", "Gi0/0/0      1     0"),
        ("show ip route", "C        10.10.21.0/24 is directly connected"),
        ("show access-lists", "    10 permit 10.99.1.0 0.0.0.255\n"),
        ("show ip bgp neighbors", "BGP state = Established"),
        ("show ip bgp neighbors 10.254.0.0 advertised-routes", "Total number of prefixes 1 "),
        ("show bgp all summary", "For address family: IPv4 Unicast"),
        ("show lldp neighbors", "Total entries displayed: 0"),
        ("show reload", "No reload is scheduled."),
        ("show archive", "The next archive file will be named flash:archive-<timestamp>-0"),
        ("show configuration lock", "Owner PID : -1"),
        ("dir", "Directory of flash:/"),
        ("dir flash:nothing", "%Error opening flash:nothing (No such file or directory)"),
        ("verify /md5 flash:nothing", "%Error opening"),
        ("more flash:nothing", "%Error opening"),
        ("copy flash:nothing flash:other", "Destination filename [other]? "),
        ("ping no.such.name", "% Unrecognized host or address"),
        ("ping 10.254.0.0 repeat 3", "Success rate is 100 percent (3/3)"),
        ("reload cancel", "%No reload is scheduled."),
    ],
)
def test_a_command_shows(shell: Shell, command: str, expected: str) -> None:
    assert expected in shell.send(command, r"[>#]|\? ")


def test_the_prefix_list_holds_back_what_it_does_not_name(shell: Shell) -> None:
    command = "show ip bgp neighbors 10.254.0.0 advertised-routes"
    shell.send("configure terminal")
    shell.send("router bgp 64512")
    shell.send("address-family ipv4")
    shell.send("network 10.30.0.0 mask 255.255.0.0")
    shell.send("ip route 10.30.0.0 255.255.0.0 Null0")
    shell.send("end")
    assert "10.30.0.0/16" not in shell.send(command)
    shell.send("configure terminal")
    shell.send("no ip prefix-list OUT")
    shell.send("end")
    assert "10.30.0.0/16" in shell.send(command)


def test_a_switch_shows_its_vlans_and_ports() -> None:
    with (
        hosted([IosStandin("zes-sw1", SWITCH)]) as served,
        Shell(served.port("zes-sw1")) as found,
    ):
        found.until("#")
        assert "99   mgmt                             active" in found.send("show vlan brief")
        assert "Gi1/0/1                         connected    trunk" in found.send(
            "show interfaces status"
        )


def test_files_are_copied_shown_and_deleted_with_questions(shell: Shell) -> None:
    assert "bytes copied" in _asked(shell, "copy running-config flash:a.cfg", ["a.cfg"])
    assert "hostname zes-rtr1" in shell.send("more flash:a.cfg", "end\n.*#")
    assert "a.cfg" in shell.send("dir")
    shell.send("delete flash:a.cfg", r"\? ")
    shell.send("", r"\[confirm\]")
    shell.send("", "#")
    assert "a.cfg" not in shell.send("dir")


def _asked(shell: Shell, command: str, answers: list[str]) -> str:
    shell.send(command, r"\? ")
    return "".join(shell.send(answer) for answer in answers)


def test_quiet_files_ask_nothing(shell: Shell) -> None:
    shell.send("configure terminal")
    shell.send("file prompt quiet")
    shell.send("end")
    assert "bytes copied" in shell.send("copy running-config flash:a.cfg")
    assert "[OK]" in shell.send("copy running-config startup-config")


def test_the_archive_keeps_as_many_as_it_may(shell: Shell) -> None:
    shell.send("configure terminal")
    shell.send("archive")
    shell.send("maximum 2")
    shell.send("write-memory")
    shell.send("end")
    for _ in range(3):
        shell.send("write memory")
    text = shell.send("show archive")
    assert "There are currently 2 archive configurations saved." in text
    assert "-2 <- Most Recent" in text


def test_a_replace_may_ask_first_and_list_what_it_does(shell: Shell, router: Hosted) -> None:
    device = router.device("zes-rtr1")
    wanted = ROUTER.replace("hostname zes-rtr1", "hostname renamed")
    router.call(lambda: device.write_file("flash:new", wanted.encode()))
    shell.send("configure replace flash:new list", r"\[no\]: ")
    assert shell.send("n").endswith("zes-rtr1#")
    shell.send("configure replace flash:new list", r"\[no\]: ")
    text = shell.send("y")
    assert "!List of Rollback Commands:\nno hostname zes-rtr1\nhostname renamed\n" in text
    assert "Total number of passes: 1\nRollback Done" in text
    assert text.endswith("renamed#")


@pytest.mark.parametrize("timer", ["time 2", "revert timer 2", "revert trigger error timer 2"])
def test_a_replace_may_be_armed_in_each_of_its_spellings(
    shell: Shell, router: Hosted, timer: str
) -> None:
    device = router.device("zes-rtr1")
    router.call(lambda: device.write_file("flash:new", ROUTER.encode()))
    assert "Rollback Done" in shell.send(f"configure replace flash:new force {timer}")
    assert "Timer value: 2 min" in shell.send("show archive config rollback timer")
    shell.send("configure confirm")
    assert "%No Rollback" in shell.send("show archive config rollback timer")


def test_a_refused_line_of_a_replace_is_listed(shell: Shell, router: Hosted) -> None:
    device = router.device("zes-rtr1")
    wanted = ROUTER.replace("lldp run\n", "ldp run\n")
    router.call(lambda: device.write_file("flash:new", wanted.encode()))
    text = shell.send("configure replace flash:new force")
    assert "Rollback aborted after 5 passes" in text
    assert "********\nldp run\n********" in text
    assert "lldp run" not in router.call(device.running)
    text = shell.send("copy flash:new running-config", r"\? ") + shell.send("")
    assert "ldp run\n ^\n% Invalid input" in text.replace("ldp run\n^", "ldp run\n ^")


def test_a_replace_of_nothing_says_so(shell: Shell) -> None:
    assert "%Error opening flash:none" in shell.send("configure replace flash:none force")


def test_differences_default_to_what_is_not_saved_yet(shell: Shell) -> None:
    assert "!No changes were found" in shell.send("write memory") + shell.send(
        "show archive config differences"
    )
    shell.send("configure terminal")
    shell.send("ntp server 10.0.0.9")
    shell.send("end")
    assert "\n+ntp server 10.0.0.9\n" in shell.send("show archive config differences")


def test_a_reload_asks_twice_and_forgets_what_was_not_saved(serve_one: Serve) -> None:
    clock = ManualClock()
    served = serve_one(clock=clock)
    with Shell(served.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.send("configure terminal")
        shell.send("ntp server 10.0.0.9")
        shell.send("end")
        shell.send("reload", r"\[yes/no\]: ")
        shell.send("no", r"\[confirm\]")
        shell.channel.sendall(b"\r")
        assert shell.closed()
    served.call(lambda: clock.advance(5))
    with Shell(served.port("zes-rtr1")) as shell:
        shell.until("#")
        assert "10.0.0.9" not in shell.send("show running-config | include ntp")


def test_a_scheduled_reload_is_announced_and_called_off(shell: Shell) -> None:
    shell.send("write memory")
    shell.send("reload in 10", r"\[confirm\]")
    shell.send("", "#")
    assert "Reload scheduled for" in shell.send("show reload")
    assert "SHUTDOWN ABORTED" in shell.send("reload cancel")


def test_an_erased_device_has_no_startup_configuration(shell: Shell) -> None:
    shell.send("write erase", r"\[confirm\]")
    assert "Erase of nvram: complete" in shell.send("", "#")
    assert "startup-config is not present" in shell.send("show startup-config")


def test_an_snmp_user_is_found_only_where_users_are_shown(shell: Shell) -> None:
    shell.send("configure terminal")
    shell.send("snmp-server user poller NOC v3 auth sha aaaaaaaa priv aes 128 bbbbbbbb")
    shell.send("end")
    text = shell.send("show snmp user")
    assert "User name: poller" in text
    assert "Privacy Protocol: AES128" in text
    assert "poller" not in shell.send("show running-config", "end\n\n.*#")
