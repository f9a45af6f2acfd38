"""Traps and syslog from real senders (net-snmp, util-linux), storms and rubbish, on loopback."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from pathlib import Path
from types import MappingProxyType

import pytest

from inventory.model import Network
from inventory.secrets import Secrets
from inventory.settings import Settings, SyslogSettings, TrapSettings
from monitor.clock import SystemClock
from monitor.store.base import DeviceEvent, Latest
from monitor.traps import Receiver, senders
from monitor.traps_again import AFTER_S, AskAgain
from monitor.traps_gate import EACH_BURST, REMEMBERED
from monitor.values import EventSource
from tests.monitor.networks import default_network
from tests.monitor.snmpd import free_udp_port

ADDRESSES = {"zes-rtr1": "127.0.0.11", "kut-core2": "127.0.0.12"}
STRANGER = "127.0.0.99"
AUTH, PRIV, COMMUNITY = "authentication-pass", "privacy-passphrase", "trap-community"
SECRETS = Secrets({"SNMP_AUTH": AUTH, "SNMP_PRIV": PRIV, "TRAPS": COMMUNITY}, "the test")
TRAP = "1.3.6.1.6.3.1.1.5"
LINK_DOWN = (f"{TRAP}.3", "1.3.6.1.2.1.2.2.1.1.7", "i", "7", "1.3.6.1.2.1.2.2.1.8.7", "i", "2",
             "1.3.6.1.2.1.31.1.1.1.1.7", "s", "Gi0/0/0")  # fmt: skip
ENGINE = "0x80001f8804746573742d31"


def network_on_loopback(auth_protocol: str = "sha") -> Network:
    """The default network, two of its routers at addresses of loopback."""
    whole = default_network()
    devices = {
        name: replace(device, management=IPv4Address(ADDRESSES.get(name, "192.0.2.77")))
        for name, device in whole.devices.items()
    }
    services = whole.region.services
    snmp = replace(services.snmp, auth_protocol=auth_protocol, collectors=())
    region = replace(whole.region, services=replace(services, snmp=snmp))
    return replace(whole, devices=MappingProxyType(devices), region=region)


@dataclass
class Heard:
    """A receiver and what it heard."""

    port: int
    syslog: int
    receiver: Receiver
    asked: list[str] = field(default_factory=list)
    events: list[DeviceEvent] = field(default_factory=list)
    told: list[Latest] = field(default_factory=list)

    def count(self, name: str) -> int:
        return int(self.told[-1].document.get(name, 0)) if self.told else 0

    async def until(self, what: Callable[[], bool], within_s: float = 30.0) -> None:
        deadline = time.monotonic() + within_s
        while not what():
            assert time.monotonic() < deadline, (self.events[-3:], self.told[-1:])
            await asyncio.sleep(0.05)

    async def send(self, *words: str, sender: str = ADDRESSES["zes-rtr1"]) -> int:
        """`snmptrap` or `snmpinform`; its exit status."""
        command, options, rest = words[0], words[1:-1], words[-1].split("|")
        done = await asyncio.to_thread(
            subprocess.run,
            [command, *options, "-m", "", f"--clientaddr={sender}", f"127.0.0.1:{self.port}", "",
             *rest],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        return done.returncode


@asynccontextmanager
async def hearing(auth_protocol: str = "sha") -> AsyncIterator[Heard]:
    port, syslog = free_udp_port(), free_udp_port()
    settings = Settings(
        traps=TrapSettings(host="127.0.0.1", port=port, community="TRAPS"),
        syslog=SyslogSettings(host="127.0.0.1", port=syslog),
    )
    asked: list[str] = []
    events: list[DeviceEvent] = []
    told: list[Latest] = []
    receiver = Receiver(
        network_on_loopback(auth_protocol), settings, SECRETS, None,
        clock=SystemClock(), ask_now=asked.append, put=events.append, tell=told.append,
    )  # fmt: skip
    stop = asyncio.Event()
    running = asyncio.create_task(receiver.run(stop))
    heard = Heard(port, syslog, receiver, asked, events, told)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((STRANGER, 0))

            def listens() -> bool:
                probe.sendto(b"x", ("127.0.0.1", port))
                return bool(told)

            await heard.until(listens)
        yield heard
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await running


def v3(protocol: str = "SHA", auth: str = AUTH, engine: str = ENGINE) -> tuple[str, ...]:
    engines = ("-e", engine) if engine else ()
    return ("-v3", *engines, "-u", "imereti-poller", "-l", "authPriv", "-a", protocol, "-A", auth,
            "-x", "AES", "-X", PRIV)  # fmt: skip


@pytest.mark.parametrize(("protocol", "word"), [("sha", "SHA"), ("sha256", "SHA-256")])
async def test_authentic_traps_and_informs_are_heard_and_what_they_name_is_asked(
    protocol: str, word: str
) -> None:
    async with hearing(protocol) as heard:
        assert await heard.send("snmptrap", *v3(word), "|".join(LINK_DOWN)) == 0
        await heard.until(lambda: len(heard.events) == 1)
        event = heard.events[0]
        assert (event.device, event.source, event.severity) == ("zes-rtr1", EventSource.TRAP, 3)
        assert event.text == "linkDown: Gi0/0/0, ifOperStatus down"
        network = network_on_loopback()
        other = next(
            i.peer[0] for i in network.devices["zes-rtr1"].interfaces if i.if_name == "Gi0/0/0"
            and i.peer
        )  # fmt: skip
        assert set(heard.asked) == {"zes-rtr1", other}

        # an inform is for our engine, which its sender asks for first; it waits to be answered
        inform = ("snmpinform", *v3(word, engine=""), "-t", "5", "-r", "1", f"{TRAP}.1")
        assert await heard.send(*inform, sender=ADDRESSES["kut-core2"]) == 0
        await heard.until(lambda: len(heard.events) == 2)
        assert (heard.events[1].device, heard.events[1].text) == ("kut-core2", "coldStart")


async def test_version_2c_needs_the_community_and_an_inform_is_acknowledged() -> None:
    async with hearing() as heard:
        good = ("-v2c", "-c", COMMUNITY)
        bgp = f"1.3.6.1.2.1.15.7.2|1.3.6.1.2.1.15.3.1.2.{ADDRESSES['kut-core2']}|i|1"
        assert await heard.send("snmpinform", *good, "-t", "5", "-r", "1", bgp) == 0
        await heard.until(lambda: len(heard.events) == 1)
        assert heard.events[0].text == "bgpBackwardTransition: 127.0.0.12, idle"
        wrong = ("-v2c", "-c", "public")
        assert await heard.send("snmpinform", *wrong, "-t", "0.5", "-r", "0", f"{TRAP}.1") != 0
        await heard.until(lambda: heard.count("traps_dropped_unauthentic") == 1)
        assert len(heard.events) == 1


@pytest.mark.parametrize(
    ("words", "sender", "counted"),
    [
        (v3(auth="not-the-passphrase"), ADDRESSES["zes-rtr1"], "unauthentic"),
        (v3("SHA-256"), ADDRESSES["zes-rtr1"], "unauthentic"),
        (("-v3", "-e", ENGINE, "-u", "imereti-poller", "-l", "noAuthNoPriv"),
         ADDRESSES["zes-rtr1"], "unauthentic"),
        (("-v3", "-e", ENGINE, "-u", "imereti-poller", "-l", "authNoPriv", "-a", "SHA", "-A",
          AUTH), ADDRESSES["zes-rtr1"], "unauthentic"),
        (v3(), STRANGER, "unknown_sender"),
    ],
    ids=["passphrase", "protocol", "unsigned", "unencrypted", "stranger"],
)  # fmt: skip
async def test_who_is_not_authentic_is_counted_and_not_heard(
    words: tuple[str, ...], sender: str, counted: str
) -> None:
    async with hearing() as heard:
        before = heard.count(f"traps_dropped_{counted}")
        await heard.send("snmptrap", *words, "|".join(LINK_DOWN), sender=sender)
        await heard.until(lambda: heard.count(f"traps_dropped_{counted}") > before)
        assert await heard.send("snmptrap", *v3(), f"{TRAP}.2") == 0  # and it goes on hearing
        await heard.until(lambda: len(heard.events) == 1)
        assert heard.events[0].text == "warmStart"


def captured(*words: str) -> bytes:
    """The datagram that net-snmp sends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 0))
        here.settimeout(20)
        subprocess.run(
            ["snmptrap", *words, "-m", "", f"127.0.0.1:{here.getsockname()[1]}", "", *LINK_DOWN],
            check=True, timeout=20,
        )  # fmt: skip
        return here.recv(65535)


@pytest.mark.slow
@pytest.mark.alone
async def test_a_storm_costs_no_memory_and_is_counted_and_what_is_repeated_counts_once() -> None:
    """10,000 a second for 10 s from a device that went mad, and from one that is spoofed."""
    same = captured(*v3())
    forged = bytearray(same)
    async with hearing() as heard:
        rounds, each = 100, 1000
        before = resident(heard)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mad,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spoofed,
        ):
            mad.bind((ADDRESSES["zes-rtr1"], 0))
            spoofed.bind((ADDRESSES["kut-core2"], 0))
            for turn in range(rounds):
                began = time.monotonic()
                for number in range(each // 2):
                    mad.sendto(same, ("127.0.0.1", heard.port))
                    forged[-8:] = (turn * each + number).to_bytes(8, "big")
                    spoofed.sendto(forged, ("127.0.0.1", heard.port))
                await asyncio.sleep(max(0.0, 0.1 - (time.monotonic() - began)))
        # what was said in the middle of it, and after it, is heard all the same
        assert await heard.send("snmptrap", *v3(), f"{TRAP}.2") == 0
        await heard.until(lambda: any(each.text == "warmStart" for each in heard.events))

        def all_told() -> bool:
            return (
                sum(heard.count(name) for name in ("traps_received", "traps_dropped_by_kernel"))
                >= rounds * each
            )

        await heard.until(all_told)
        # the first of the same octets, and one more each 10 s
        assert 1 <= sum(each.text.startswith("linkDown") for each in heard.events) <= 12
        assert heard.count("traps_dropped_repeated") > 0
        assert heard.count("traps_dropped_unauthentic") > 0
        dropped = sum(
            count for name, count in heard.told[-1].document.items()
            if name.startswith("traps_dropped_") and name != "traps_dropped_by_kernel"
        )  # fmt: skip
        received = heard.count("traps_received")
        assert received == dropped + heard.count("traps_accepted")
        assert len(heard.asked) <= 2 * len(AFTER_S) * 10
        assert resident(heard) - before < 30_000_000, "the process that listens grew"


def resident(heard: Heard) -> int:
    """Bytes of the child of this process that listens."""
    text = Path(f"/proc/{listener()}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) * 1024


def listener() -> int:
    """The child of this process that listens."""
    me = str(Path("/proc/self").resolve().name)
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
            line = status.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if f"PPid:\t{me}\n" in text and b"monitor.traps_process" in line:
            return int(status.parent.name)
    raise AssertionError("nobody listens")


async def test_a_device_that_sends_ever_new_authentic_traps_is_limited() -> None:
    async with hearing() as heard:
        good = captured("-v2c", "-c", COMMUNITY)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mad:
            mad.bind((ADDRESSES["zes-rtr1"], 0))
            for number in range(2000):
                # each with another ifName, so that none repeats another
                other = good[:-7] + f"{number:07}".encode()
                mad.sendto(other, ("127.0.0.1", heard.port))
                if number % 200 == 0:
                    await asyncio.sleep(0)
        await heard.until(lambda: heard.count("traps_received") >= 2000, 60)
        await heard.until(lambda: heard.count("traps_dropped_limited") > 1000)
        assert len(heard.events) <= EACH_BURST + 20 * 60
        assert set(heard.asked) == {"zes-rtr1"}
        assert len(heard.asked) < 40


async def test_a_thousand_fuzzed_traps_and_log_lines_crash_nothing_and_are_counted() -> None:
    dice = random.Random(6)
    good = [captured("-v2c", "-c", COMMUNITY), captured(*v3())]
    async with hearing() as heard:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((ADDRESSES["zes-rtr1"], 0))
            for number in range(1000):
                sender.sendto(mutilated(dice, good[number % 2]), ("127.0.0.1", heard.port))
                sender.sendto(fuzzed_line(dice), ("127.0.0.1", heard.syslog))
                if number % 20 == 0:  # slowly enough for its allowance of lines
                    await asyncio.sleep(0.1)
        await heard.until(
            lambda: (
                heard.count("traps_received") >= 1000 and heard.count("syslog_received") >= 1000
            ),
            90,
        )

        def settled() -> bool:
            document = heard.told[-1].document
            dropped = [name for name in document if name.startswith("traps_dropped_")]
            known = sum(document[name] for name in dropped)
            known += document.get("traps_accepted", 0) + document.get("traps_asking", 0)
            known -= document.get("traps_dropped_by_kernel", 0)
            return bool(known == document["traps_received"])

        await heard.until(settled, 60)
        for event in heard.events:
            assert event.device == "zes-rtr1"
            assert 0 <= event.severity <= 7
            assert len(event.text) <= 700
            assert not any(ord(letter) < 32 for letter in event.text)
        await heard.send("snmptrap", *v3(), f"{TRAP}.2")
        await heard.until(lambda: heard.events[-1].text == "warmStart")
        assert heard.count("receiver_restarts") == 0


def mutilated(dice: random.Random, good: bytes) -> bytes:
    octets = bytearray(good)
    kind = dice.randrange(4)
    if kind == 0:
        return bytes(octets[: dice.randrange(len(octets))])
    if kind == 1:
        return dice.randbytes(dice.randrange(1, 300))
    for _ in range(dice.randrange(1, 8)):
        octets[dice.randrange(len(octets))] = dice.randrange(256)
    return bytes(octets) + (dice.randbytes(3) if kind == 3 else b"")


def fuzzed_line(dice: random.Random) -> bytes:
    good = b"<189>45: *Nov 26 23:59:59.123: %LINK-3-UPDOWN: Interface Gi0/0/0, changed state to up"
    octets = bytearray(good)
    for _ in range(dice.randrange(1, 12)):
        octets[dice.randrange(len(octets))] = dice.randrange(256)
    return bytes(octets[: dice.randrange(1, len(octets))]) if dice.random() < 0.3 else bytes(octets)


async def test_a_real_logger_is_heard_in_all_its_forms() -> None:
    async with hearing() as heard:
        for form in ("--rfc5424", "--rfc3164"):
            await asyncio.to_thread(
                subprocess.run,
                ["logger", "-n", "127.0.0.1", "-P", str(heard.syslog), "-d", form, "-p",
                 "daemon.err", "-t", "ospfd", "adjacency lost"],
                check=True, timeout=20,
            )  # fmt: skip
        await heard.until(lambda: heard.count("syslog_dropped_unknown_sender") >= 2)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((ADDRESSES["zes-rtr1"], 0))
            sender.sendto(b"<27>Nov 27 00:00:01 zes-rtr1 ospfd[77]: adjacency lost",
                          ("127.0.0.1", heard.syslog))  # fmt: skip
        await heard.until(lambda: len(heard.events) == 1)
        assert heard.events[0].severity == 3
        assert heard.events[0].text == "ospfd[77]: adjacency lost"


async def test_a_listener_that_is_killed_is_started_again_and_counts_go_on() -> None:
    async with hearing() as heard:
        assert await heard.send("snmptrap", *v3(), f"{TRAP}.1") == 0
        await heard.until(lambda: heard.count("traps_received") > 0 and len(heard.events) == 1)
        before = heard.count("traps_received")
        os.kill(listener(), signal.SIGKILL)
        await heard.until(lambda: heard.receiver.counts["receiver_restarts"] == 1)

        async def heard_again() -> bool:
            await heard.send("snmptrap", *v3(), f"{TRAP}.2")
            return any(each.text == "warmStart" for each in heard.events)

        async with asyncio.timeout(60):
            while not await heard_again():  # noqa: ASYNC110  (each turn sends one)
                await asyncio.sleep(0.2)
        await heard.until(lambda: heard.count("traps_received") > before)


def test_an_address_of_two_devices_is_nobodys() -> None:
    network = network_on_loopback()
    known = senders(network)
    assert known[ADDRESSES["zes-rtr1"]] == "zes-rtr1"
    assert "192.0.2.77" not in known
    router = network.devices["zes-rtr1"]
    transit = next(i for i in router.interfaces if i.link and i.ipv4 and i.ipv6)
    assert transit.ipv4
    assert transit.ipv6
    assert known[str(transit.ipv4.ip)] == known[str(transit.ipv6.ip)] == "zes-rtr1"


class Hand:
    """A clock that tests move; it sets `stop` after a minute."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.now, self.stop = 0.0, stop

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        self.now += seconds
        if self.now > 60:
            self.stop.set()
        await asyncio.sleep(0)
        return event.is_set()


async def test_a_device_is_asked_at_once_and_some_times_more_however_many_traps_come() -> None:
    stop = asyncio.Event()
    clock = Hand(stop)
    asked: list[tuple[float, str]] = []
    again = AskAgain(clock, lambda device: asked.append((round(clock.now, 1), device)))
    for _ in range(1000):
        again.ask("r1")
    assert asked == [(0.0, "r1")]
    await again.run(stop)
    assert [at for at, _ in asked] == [0.0, 1.0, 2.0, 4.0, 5.0, 6.0, 8.0]
    assert REMEMBERED >= 1000
