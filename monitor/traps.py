"""Hears what devices tell by themselves: traps, informs, lines of their logs.

A process of its own listens (monitor/traps_process.py); this is its other half, in the monitor. A
trap is never believed: it only has polled at once what it names, and is kept for people to read.
"""

import asyncio
import json
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import structlog

from inventory.model import Network
from inventory.secrets import Secrets
from inventory.settings import Settings, SyslogSettings, TrapSettings
from monitor.clock import Clock
from monitor.store.base import DeviceEvent, Latest
from monitor.syslog import clean, read_line
from monitor.targets import Credentials, plan_credentials
from monitor.traps_again import AskAgain
from monitor.traps_meaning import meaning
from monitor.values import EventSource, LatestKind

RESTART_S, LONGEST_RESTART_S = 1.0, 30.0
END_S = 2.0
"""How long the process may take to end by itself."""
LONGEST_LINE = 1 << 20

log = structlog.get_logger("monitor")


@dataclass(frozen=True, slots=True)
class Sockets:
    """Bound; None where it is switched off or could not be bound."""

    traps: socket.socket | None
    syslog: socket.socket | None

    def close(self) -> None:
        """Both."""
        for each in (self.traps, self.syslog):
            if each:
                each.close()


class Receiver:
    """Traps and syslog of one network, until stopped."""

    def __init__(
        self,
        network: Network,
        settings: Settings,
        secrets: Secrets,
        credentials: Credentials | None,
        *,
        clock: Clock,
        ask_now: Callable[[str], None],
        put: Callable[[DeviceEvent], None],
        tell: Callable[[Latest], None],
    ) -> None:
        """SecretError when a secret is missing that traps are authenticated with."""
        self._network, self._clock = network, clock
        self._put, self._tell = put, tell
        self._again = AskAgain(clock, ask_now)
        self.counts: Counter[str] = Counter()
        self._heard: Mapping[str, int] = {}
        """Counts of the process that listens now."""
        self._before: Counter[str] = Counter()
        """Those of the ones before it."""
        self._settings = settings
        self._sockets = Sockets(None, None)
        used = credentials or plan_credentials(network.region.services.snmp)
        self._orders: dict[str, Any] = {
            "name": f"{network.region.code}-{settings.lab.name}",
            "senders": senders(network),
            "user": _user(used, secrets) if used.version == "3" else None,
            "community": used.community or _community(settings.traps, secrets),
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop` is set; a process that dies is started again."""
        settings, network = self._settings, self._network
        self._sockets = Sockets(
            bound("traps", settings.traps, network, network.region.services.snmp.trap_port),
            bound("syslog", settings.syslog, network, settings.syslog.port),
        )
        if not (self._sockets.traps or self._sockets.syslog):
            return
        again = asyncio.create_task(self._again.run(stop))
        wait_s = RESTART_S
        try:
            while not stop.is_set():
                began = self._clock.monotonic()
                problem = ""
                try:
                    await self._listen(stop)
                except OSError as error:
                    problem = str(error)
                if stop.is_set():
                    return
                self.counts["receiver_restarts"] += 1
                log.error("receiver_died", problem=problem, again_in_s=wait_s)
                await self._clock.wait(stop, wait_s)
                lived = self._clock.monotonic() - began > LONGEST_RESTART_S
                wait_s = RESTART_S if lived else min(2 * wait_s, LONGEST_RESTART_S)
        finally:
            again.cancel()
            await asyncio.gather(again, return_exceptions=True)
            self._sockets.close()

    async def _listen(self, stop: asyncio.Event) -> None:
        descriptors = {
            "traps": self._sockets.traps and self._sockets.traps.fileno(),
            "syslog": self._sockets.syslog and self._sockets.syslog.fileno(),
        }
        passed = [each for each in descriptors.values() if each]
        # A session of its own: Ctrl-C is for the monitor alone, which then ends its input.
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "monitor.traps_process",
            stdin=PIPE, stdout=PIPE, pass_fds=passed, limit=LONGEST_LINE, start_new_session=True,
        )  # fmt: skip
        assert process.stdin and process.stdout  # noqa: S101, PT018  (both are pipes)
        reading = asyncio.create_task(self._read(process.stdout))
        stopping = asyncio.create_task(stop.wait())
        try:
            process.stdin.write(json.dumps(self._orders | descriptors).encode() + b"\n")
            with suppress(ConnectionError):
                await process.stdin.drain()
            await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, stopping):
                task.cancel()
            await asyncio.gather(reading, stopping, return_exceptions=True)
            await _end(process)
            self._before.update(self._heard)
            self._heard = {}

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            heard = json.loads(line)
            if "trap" in heard:
                self.take_trap(heard["trap"], [tuple(each) for each in heard["varbinds"]])
            elif "line" in heard:
                self.take_line(heard["line"], heard["text"])
            elif "counts" in heard:
                self._heard = heard["counts"]
                self._tell_counts()

    def take_trap(self, device: str, varbinds: list[tuple[str, int | str]]) -> None:
        """An authentic notification of a device of the model."""
        try:
            trap = meaning(device, varbinds, self._network)
        except ValueError:
            self.counts["traps_dropped_malformed"] += 1
            return
        self.counts["traps_accepted"] += 1
        for name in sorted(trap.names):
            self._again.ask(name)
        log.debug("trap", device=device, text=trap.text)
        self._keep(device, EventSource.TRAP, trap.severity, clean(trap.text))

    def take_line(self, device: str, text: str) -> None:
        """A log line of a device of the model."""
        line = read_line(text)
        self.counts["syslog_accepted"] += 1
        self._keep(device, EventSource.SYSLOG, line.severity, line.text)

    def _keep(self, device: str, source: EventSource, severity: int, text: str) -> None:
        self._put(DeviceEvent(device, self._clock.wall(), source, severity, text))

    def _tell_counts(self) -> None:
        whole = self._before + Counter(dict(self._heard)) + self.counts
        self._tell(Latest(LatestKind.RECEIVER, "all", self._clock.wall(), dict(whole)))


def senders(network: Network) -> dict[str, str]:
    """Every address of the model's devices -> the device; one that several share tells nobody."""
    found: dict[str, set[str]] = {}
    for device in network.devices.values():
        addresses = {str(device.management)}
        for interface in device.interfaces:
            addresses |= {str(each.ip) for each in (interface.ipv4, interface.ipv6) if each}
        for address in addresses:
            found.setdefault(address, set()).add(device.name)
    return {address: names.pop() for address, names in found.items() if len(names) == 1}


def bound(
    what: str, settings: TrapSettings | SyslogSettings, network: Network, port: int
) -> socket.socket | None:
    """Where to listen; None, and a line in the log, when that can't be done. Polling goes on."""
    if not settings.enable:
        return None
    wanted = [settings.host] if settings.host else [
        *(str(each) for each in network.region.services.snmp.collectors), "::", "0.0.0.0",  # noqa: S104
    ]  # fmt: skip
    problem = ""
    for host in wanted:
        try:
            opened = _bind(host, settings.port or port)
        except (OSError, ValueError) as error:
            problem = problem or str(error)
            continue
        log.info("listening", what=what, host=host, port=settings.port or port)
        return opened
    log.error("not_listening", what=what, port=settings.port or port, problem=problem,
              mend=f"free the port, or set `{what}.port` or `{what}.enable: false`")  # fmt: skip
    return None


def _bind(host: str, port: int) -> socket.socket:
    version = ip_address(host).version
    opened = socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if version == 6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    return opened


def _user(used: Credentials, secrets: Secrets) -> dict[str, str]:
    from monitor.snmp.usm import passphrase_key  # noqa: PLC0415 (loads cryptography)

    protocol = used.auth_protocol
    auth, priv = secrets.get(used.auth_secret), secrets.get(used.priv_secret)
    return {
        "name": used.user,
        "auth_protocol": protocol,
        "auth_key": passphrase_key(protocol, auth.encode()).hex(),
        "priv_key": passphrase_key(protocol, priv.encode()).hex(),
    }


def _community(settings: TrapSettings, secrets: Secrets) -> str:
    return secrets.get(settings.community) if settings.community else ""


async def _end(process: Process) -> None:
    """Its standard input ends; whoever does not listen to that is killed."""
    assert process.stdin  # noqa: S101  (a pipe)
    process.stdin.close()
    try:
        async with asyncio.timeout(END_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
