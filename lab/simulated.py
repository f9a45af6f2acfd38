"""The network without a network: every device of the model as a simulated SNMP agent.

A stand-in for a machine without root or FRRouting. Its limits: `lab.agent`'s, and that nothing is
routed. A cut circuit shows at both of its ends and its counters stop; its traffic does not move
to the backup.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from threading import Lock
from types import MappingProxyType

from inventory.errors import LabError
from inventory.model import BACKUP_ROLES, Device, Interface, InterfaceKind, Network
from lab.agent import answer
from lab.mib import Agent, Moment, Port
from lab.traffic import DAY_S, Flow, basis, fraction, make_flow

HOST = IPv4Address("127.0.0.1")
COMMUNITY = "public"
LONGEST_UPTIME_DAYS = 40
BACKUP_SHARE = 0.06
"""Of what a primary would carry: routing updates and the odd flow."""
Clock = Callable[[], float]


def make_clock() -> Clock:
    """Unix seconds that never jump, however the machine's clock is set meanwhile."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def simulated(network: Network, ports: Mapping[str, int], host: IPv4Address = HOST) -> Network:
    """The same network, its devices' SNMP agents found at `host` and the given UDP ports."""
    devices = {
        name: replace(device, management=host, snmp_port=ports[name])
        for name, device in network.devices.items()
    }
    return replace(network, devices=MappingProxyType(devices))


class Simulation:
    """State of all simulated devices, what answers for them, and the faults they suffer.

    Safe to use from several threads. Unknown names raise LabError.
    """

    def __init__(
        self, network: Network, clock: Clock | None = None, community: str = COMMUNITY
    ) -> None:
        self._network = network
        self._clock = clock or make_clock()
        self._community = community.encode()
        self._lock = Lock()
        start = self._clock()
        self._epoch = start - (LONGEST_UPTIME_DAYS + 1) * DAY_S
        self._cut: set[str] = set()
        self._flows = {
            link.id: _link_flows(link.id, link.bandwidth_bps, link.role in BACKUP_ROLES)
            for link in network.links.values()
        }
        self._agents = {
            device.name: self._make_agent(device, start) for device in network.devices.values()
        }

    def answer(self, device: str, datagram: bytes) -> bytes | None:
        """What the agent of `device` replies to a datagram; None when it keeps silent."""
        with self._lock:
            return answer(self._agents[device], datagram, self._community, self._moment())

    def cut(self, link: str) -> None:
        """Break a circuit: both ends go down, nothing is carried."""
        with self._lock:
            self._cut.add(self._known(link, self._flows, "link"))
            self._settle()

    def heal(self, link: str) -> None:
        """Mend a circuit, and what damaged its frames."""
        with self._lock:
            self._cut.discard(self._known(link, self._flows, "link"))
            for flow in self._flows[link]:
                flow.damage(self._moment().basis, 0.0)
            self._settle()

    def damage(self, link: str, errors_ps: float) -> None:
        """Let so many frames a second arrive damaged at both ends of a circuit."""
        with self._lock:
            for flow in self._flows[self._known(link, self._flows, "link")]:
                flow.damage(self._moment().basis, errors_ps)

    def power_off(self, device: str) -> None:
        """Switch a device off: it is silent, and its neighbours see their ports go down."""
        with self._lock:
            self._agents[self._known(device, self._agents, "device")].on = False
            self._settle()

    def power_on(self, device: str) -> None:
        """Switch a device on again: counters and uptime start at nothing."""
        with self._lock:
            agent = self._agents[self._known(device, self._agents, "device")]
            if not agent.on:
                agent.on = True
                self._boot(agent)
            self._settle()

    def restart(self, device: str, *, renumber: bool = False) -> None:
        """Boot a device anew at once; with `renumber` each port gets another ifIndex."""
        with self._lock:
            agent = self._agents[self._known(device, self._agents, "device")]
            if renumber and agent.ports:
                agent.ports.append(agent.ports.pop(0))
            self._boot(agent)

    def _known(self, name: str, known: Mapping[str, object], kind: str) -> str:
        if name not in known:
            raise LabError(f"There is no {kind} '{name}' in the simulated network.")
        return name

    def _moment(self) -> Moment:
        now = self._clock()
        return Moment(now, basis(now, self._epoch))

    def _boot(self, agent: Agent) -> None:
        moment = self._moment()
        agent.booted = moment.now
        agent.boots += 1
        agent.encoded.clear()
        for port in agent.ports:
            _count_from(port, moment)

    def _settle(self) -> None:
        """Bring ports and flows in line with what is cut and what is off."""
        moment = self._moment()
        for link in self._network.links.values():
            both_on = self._agents[link.a.device].on and self._agents[link.b.device].on
            carries = both_on and link.id not in self._cut
            for flow in self._flows[link.id]:
                if carries:
                    flow.thaw(moment.basis)
                else:
                    flow.freeze(moment.basis)
        for agent in self._agents.values():
            for port in agent.ports:
                up = not port.shut and not (port.incoming and port.incoming.frozen is not None)
                if port.interface.link and up is not port.up:
                    port.up, port.changed = up, moment.now

    def _make_agent(self, device: Device, start: float) -> Agent:
        uptime = DAY_S * (1 + (LONGEST_UPTIME_DAYS - 1) * fraction(device.name, "uptime"))
        booted = Moment(start - uptime, basis(start - uptime, self._epoch))
        ports = [self._make_port(device, interface) for interface in device.interfaces]
        for port in ports:
            port.up = not port.shut
            port.changed = booted.now
            _count_from(port, booted)
        return Agent(device, ports, booted.now)

    def _make_port(self, device: Device, interface: Interface) -> Port:
        if interface.link is not None:
            forth, back = self._flows[interface.link]
            if self._network.links[interface.link].a.device == device.name:
                return Port(interface, incoming=back, outgoing=forth)
            return Port(interface, incoming=forth, outgoing=back)
        if interface.kind in {InterfaceKind.LOOPBACK, InterfaceKind.UNUSED, InterfaceKind.OOB}:
            return Port(interface, None, None)
        key = f"{device.name}/{interface.name}"
        bandwidth = interface.bandwidth_bps or _share_of_uplink(self._network, device)
        return Port(
            interface, make_flow(f"{key}/in", bandwidth), make_flow(f"{key}/out", bandwidth)
        )


def _link_flows(link: str, bandwidth_bps: int, backup: bool) -> tuple[Flow, Flow]:
    """From end a to end b, and back."""
    share = BACKUP_SHARE if backup else 1.0
    return (
        make_flow(f"{link}/ab", bandwidth_bps, share=share),
        make_flow(f"{link}/ba", bandwidth_bps, share=share * 0.4),
    )


def _share_of_uplink(network: Network, device: Device) -> int:
    """Bits a second for a port without a circuit of its own: the least link, split among all."""
    links = [network.links[i.link].bandwidth_bps for i in device.interfaces if i.link]
    return max(1_000_000, min(links, default=0) // max(1, len(device.interfaces)))


def _count_from(port: Port, moment: Moment) -> None:
    """Let the port's counters be nothing at `moment`."""
    incoming, outgoing = port.incoming, port.outgoing
    port.zero = (
        incoming.octets(moment.basis) if incoming else 0.0,
        outgoing.octets(moment.basis) if outgoing else 0.0,
        incoming.errors(moment.basis) if incoming else 0.0,
    )
