"""Each fault does what it says, to a real client."""

import socket
from collections.abc import Callable
from typing import Any

import paramiko
import pytest
from napalm import get_network_driver
from napalm.base.exceptions import ReplaceConfigException

from lab.ios_standin import Faults, ManualClock
from lab.ios_standin.hosting import Hosted
from tests.ios_standin.conftest import Serve
from tests.ios_standin.shell import Shell

Open = Callable[[Hosted], Any]


def inject(router: Hosted, faults: Faults) -> None:
    router.call(lambda: router.device("zes-rtr1").inject(faults))


def napalm(router: Hosted) -> Any:
    options = {"port": router.port("zes-rtr1")}
    driver = get_network_driver("ios")("127.0.0.1", "admin", "admin", optional_args=options)
    driver.open()
    return driver


def test_every_password_can_be_made_wrong(router: Hosted) -> None:
    inject(router, Faults(refuse_auth=True))
    with pytest.raises(paramiko.AuthenticationException):
        Shell(router.port("zes-rtr1"))


def test_the_host_key_can_change(router: Hosted) -> None:
    def key() -> bytes:
        with socket.create_connection(("127.0.0.1", router.port("zes-rtr1")), 10) as plain:
            transport = paramiko.Transport(plain)
            transport.start_client(timeout=10)
            found = transport.get_remote_server_key().asbytes()
            transport.close()
            return found

    before = key()
    assert key() == before
    router.call(lambda: router.served.change_host_key("zes-rtr1"))
    assert key() != before


def test_a_command_can_stay_without_an_answer(router: Hosted) -> None:
    inject(router, Faults(hang_at="show clock"))
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        assert "privilege" in shell.send("show privilege")
        shell.channel.settimeout(0.5)
        with pytest.raises(TimeoutError):
            shell.send("show clock", "zes-rtr1#")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_the_nth_command_can_cut_the_connection(router: Hosted, *, after: bool) -> None:
    device = router.device("zes-rtr1")
    inject(router, Faults(drop_at_command=3, drop_after=after))
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.send("configure terminal")
        shell.send("interface lo9")
        shell.channel.sendall(b"description done\r")
        assert shell.closed()
    assert ("description done" in router.call(device.running)) == after


def test_a_command_can_cut_the_connection_once(router: Hosted) -> None:
    inject(router, Faults(drop_at="show clock"))
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.channel.sendall(b"show clock\r")
        assert shell.closed()
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        assert "UTC" in shell.send("show clock")


def test_an_answer_can_have_ten_megabytes(router: Hosted) -> None:
    inject(router, Faults(flood_at="show version"))
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.send("terminal length 0")
        shell.channel.sendall(b"show version\r")
        received = 0
        tail = b""
        while not tail.endswith(b"zes-rtr1#"):
            more = shell.channel.recv(1 << 20)
            assert more
            received += len(more)
            tail = (tail + more)[-64:]
        assert received > 10_000_000


def test_a_replace_goes_on_when_the_connection_is_gone(serve_one: Serve) -> None:
    clock = ManualClock()
    router = serve_one(clock=clock)
    device = router.device("zes-rtr1")
    wanted = router.call(device.running).replace("hostname zes-rtr1", "hostname renamed")
    router.call(lambda: device.write_file("flash:new", wanted.encode()))
    inject(router, Faults(apply_delay_s=30))
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.channel.sendall(b"configure replace flash:new force\r")
        shell.until("force\n")
        router.call(device.cut_connections)
        assert shell.closed()
    assert router.call(device.hostname) == "zes-rtr1"
    router.call(lambda: clock.advance(30))
    router.call(lambda: None)
    assert router.call(device.hostname) == "renamed"


def test_a_device_can_lose_power_in_the_middle_of_a_replace(serve_one: Serve) -> None:
    clock = ManualClock()
    router = serve_one(clock=clock)
    device = router.device("zes-rtr1")
    wanted = router.call(device.running).replace("hostname zes-rtr1", "hostname renamed")
    wanted = wanted.replace("lldp run\n", "")
    router.call(lambda: device.write_file("flash:new", wanted.encode()))
    inject(router, Faults(reboot_after_lines=2, boot_s=20))
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.channel.sendall(b"configure replace flash:new force\r")
        assert shell.closed()
    with pytest.raises((paramiko.SSHException, EOFError, ConnectionError)):
        Shell(router.port("zes-rtr1"))
    router.call(lambda: clock.advance(20))
    with Shell(router.port("zes-rtr1")) as shell:
        assert shell.until("#").endswith("zes-rtr1#")
    assert "lldp run" in router.call(device.running)


def test_a_full_flash_takes_no_candidate(serve_one: Serve) -> None:
    router = serve_one(free_bytes=100)
    driver = napalm(router)
    with pytest.raises(ReplaceConfigException, match="Insufficient space"):
        driver.load_replace_candidate(config="hostname x\n" * 50 + "end\n")
    driver.close()


def test_a_file_that_arrives_short_is_noticed(router: Hosted) -> None:
    inject(router, Faults(corrupt_transfer=True))
    driver = napalm(router)
    with pytest.raises(ReplaceConfigException, match="transfer to remote device failed"):
        driver.load_replace_candidate(config="hostname x\n" * 50 + "end\n")
    driver.close()


def test_answers_can_be_slow(serve_one: Serve) -> None:
    clock = ManualClock()
    router = serve_one(clock=clock)
    inject(router, Faults(answer_delay_s=5))
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.channel.sendall(b"show privilege\r")
        shell.until("privilege\n")
        router.call(lambda: clock.advance(5))
        assert "level is 15" in shell.until("#")
