"""Simulated agents on real UDP sockets, in a thread or in a process of their own.

The process, `python -m lab.simulator --inventory DIR`, prints one JSON line with the port of each
device, then obeys one command a line on stdin (`cut LINK`, `heal LINK`, `damage LINK ERRORS_PS`,
`power-off DEVICE`, `power-on DEVICE`, `restart DEVICE`), and answers each with `ok` or
`error: ...`. It ends when stdin does, so it can't outlive whoever started it.
"""

import argparse
import json
import os
import resource
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import TracebackType

from inventory.errors import ImeretiError, LabError
from inventory.load import load_network
from inventory.model import Network
from lab.simulated import HOST, Simulation, simulated

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
_BURST = 16
"""Datagrams answered from one socket before the others get their turn."""
_LARGEST_DATAGRAM = 65_535


class Agents:
    """One UDP socket a device, and the loop that answers on them."""

    def __init__(self, network: Network, simulation: Simulation) -> None:
        self._simulation = simulation
        self._sockets: dict[int, tuple[socket.socket, str]] = {}
        self._stop_read, self._stop_write = os.pipe()
        _raise_file_limit(len(network.devices) + 64)
        ports: dict[str, int] = {}
        for name in network.devices:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            opened.bind((str(HOST), 0))
            opened.setblocking(False)
            self._sockets[opened.fileno()] = opened, name
            ports[name] = opened.getsockname()[1]
        self.ports: Mapping[str, int] = ports
        self.network = simulated(network, ports)

    def serve(self) -> None:
        """Answer until `stop` is called."""
        poll = select.epoll()
        try:
            poll.register(self._stop_read, select.EPOLLIN)
            for number in self._sockets:
                poll.register(number, select.EPOLLIN)
            while True:
                for number, _ in poll.poll():
                    if number == self._stop_read:
                        return
                    self._drain(*self._sockets[number])
        finally:
            poll.close()

    def stop(self) -> None:
        """Make `serve` return; safe from another thread."""
        os.write(self._stop_write, b".")

    def close(self) -> None:
        """Give the sockets back; only after `serve` has returned."""
        for opened, _ in self._sockets.values():
            opened.close()
        os.close(self._stop_read)
        os.close(self._stop_write)

    def _drain(self, opened: socket.socket, device: str) -> None:
        for _ in range(_BURST):
            try:
                datagram, sender = opened.recvfrom(_LARGEST_DATAGRAM)
            except OSError:  # nothing more, or an ICMP error about an earlier reply
                return
            reply = self._simulation.answer(device, datagram)
            if reply is not None:
                with suppress(OSError):  # the asker is gone; UDP promises nothing else
                    opened.sendto(reply, sender)


@contextmanager
def simulated_agents(network: Network) -> Iterator[tuple[Network, Simulation]]:
    """Agents in a thread: the network as they serve it, and the handle for faults."""
    simulation = Simulation(network)
    agents = Agents(network, simulation)
    thread = Thread(target=agents.serve, name="simulated-agents", daemon=True)
    thread.start()
    try:
        yield agents.network, simulation
    finally:
        agents.stop()
        thread.join(STOP_TIMEOUT_S)
        agents.close()


class SimulatorProcess:
    """Agents in a process of their own, for a poller whose CPU is measured or shared."""

    def __init__(self, network: Network, inventory: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lab.simulator", "--inventory", str(inventory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
            text=True,
            bufsize=1,
            start_new_session=True,  # Ctrl-C is for the parent, which then closes our stdin
        )
        try:
            self.ports: Mapping[str, int] = json.loads(self._line(READY_TIMEOUT_S))
        except (ValueError, LabError):
            self.close()
            raise LabError(
                "The simulated agents did not start; see what they said above."
            ) from None
        self.network = simulated(network, self.ports)

    @property
    def pid(self) -> int:
        """Process id, for measuring it."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def control(self, *words: str) -> None:
        """Send one command, `control("cut", "kut-zes")`; LabError when it is refused."""
        assert self._process.stdin is not None  # noqa: S101  (opened as a pipe above)
        try:
            self._process.stdin.write(" ".join(words) + "\n")
        except OSError:
            raise LabError("The simulated agents are gone.") from None
        reply = self._line(STOP_TIMEOUT_S).strip()
        if reply != "ok":
            raise LabError(reply.removeprefix("error: "))

    def close(self) -> None:
        """End the process and wait for it."""
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> "SimulatorProcess":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _line(self, timeout_s: float) -> str:
        """One line of the process's stdout; LabError when none comes in time."""
        assert self._process.stdout is not None  # noqa: S101
        if not select.select([self._process.stdout], [], [], timeout_s)[0]:
            raise LabError(f"The simulated agents said nothing for {timeout_s:.0f} s.")
        return self._process.stdout.readline()


def obey(simulation: Simulation, line: str) -> str:
    """Carry out one line of the process's stdin; `ok`, or `error: ` and why not."""
    commands = {
        "cut": simulation.cut,
        "heal": simulation.heal,
        "power-off": simulation.power_off,
        "power-on": simulation.power_on,
        "restart": simulation.restart,
    }
    words = line.split()
    try:
        if len(words) == 3 and words[0] == "damage":
            simulation.damage(words[1], float(words[2]))
        elif len(words) == 2 and words[0] in commands:
            commands[words[0]](words[1])
        else:
            return f"error: expected `damage LINK ERRORS_PS` or one of {', '.join(commands)}"
    except (ImeretiError, ValueError) as error:
        return f"error: {error}"
    return "ok"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process; 0 once stdin has ended."""
    parser = argparse.ArgumentParser(prog="python -m lab.simulator", description=__doc__)
    parser.add_argument("--inventory", type=Path, required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        network = load_network(options.inventory)
    except ImeretiError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    simulation = Simulation(network)
    agents = Agents(network, simulation)
    thread = Thread(target=agents.serve, daemon=True)
    thread.start()
    _print_line(json.dumps(dict(agents.ports)))
    for line in sys.stdin:
        _print_line(obey(simulation, line))
    agents.stop()
    thread.join(STOP_TIMEOUT_S)
    agents.close()
    return 0


def _print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _raise_file_limit(wanted: int) -> None:
    """Let this process open `wanted` files; LabError when the hard limit is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted or soft == resource.RLIM_INFINITY:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise LabError(
            f"{wanted} open files are needed, {hard} allowed. Raise the limit: ulimit -Hn {wanted}"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
