"""The SSH side: one port of 127.0.0.1 for each device, all on one event loop."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncssh

from lab.ios_standin import commands
from lab.ios_standin.applying import PowerLost
from lab.ios_standin.device import IosStandin
from lab.ios_standin.file_transfer import FlashServer
from lab.ios_standin.session import Session
from lab.ios_standin.surroundings import Fabric
from lab.ios_standin.terminal import Closed, Terminal

LOCALHOST = "127.0.0.1"
_CHUNK = 65536
_log = logging.getLogger(__name__)
_DEFAULT_LENGTH = 24


class _Connection(asyncssh.SSHServer):
    """One SSH connection to one device."""

    def __init__(self, device: IosStandin, lines: "itertools.count[int]") -> None:
        self.device = device
        self._lines = lines
        self._connection: asyncssh.SSHServerConnection | None = None
        self.user = ""
        self.origin = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self.origin = str(conn.get_extra_info("peername", ("unknown",))[0])
        if self.device.view.why_unreachable():
            conn.abort()
            return
        self.device.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.device.connections.discard(self)
        self.device.rest()

    def cut(self) -> None:
        """Ends the connection as a cut cable would: without a word."""
        if self._connection is not None:
            self._connection.abort()

    def begin_auth(self, username: str) -> bool:
        self.user = username
        banner = self.device.configuration.root.value("banner", "login").strip("\x03")
        if banner and self._connection is not None:
            self._connection.send_auth_banner(banner.replace("\n", "\r\n"))
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        device = self.device
        names = {entry.identity[1] for entry in device.configuration.root.starting("username")}
        known = not names or username in names
        expected = device.credentials.get(username)
        return known and not device.faults.refuse_auth and password == expected

    async def handle(self, process: "asyncssh.SSHServerProcess[str]") -> None:
        """One shell, or one command given on the client's command line."""
        size = process.get_terminal_size()
        length = size[1] if process.get_terminal_type() and size[1] else _DEFAULT_LENGTH

        async def read() -> str:
            try:
                return await process.stdin.read(_CHUNK)
            except (asyncssh.BreakReceived, asyncssh.TerminalSizeChanged):
                return "\0"

        def write(text: str) -> None:
            if not process.stdout.is_closing():
                process.stdout.write(text)

        terminal = Terminal(read, write, 0 if process.command else length)
        session = Session(self.device, terminal, self.user, self.origin, next(self._lines))
        try:
            if process.command:
                terminal.send(await commands.execute(session, process.command))
                terminal.flush()
            else:
                await session.run()
        except (Closed, PowerLost, asyncssh.DisconnectError, ConnectionError):
            self._leave(session)
        except Exception:
            last = self.device.commands[-1] if self.device.commands else ""
            _log.exception("%s: a session broke at %r", self.device.name, last)
            raise
        process.exit(0)

    def _leave(self, session: Session) -> None:
        if self.device.locked_by == session.line_name:
            self.device.locked_by = ""
        if session.dropped:
            self.cut()


@dataclass(frozen=True, slots=True)
class Keys:
    """Host keys, made once and shared: one that clients know, and another one."""

    known: asyncssh.SSHKey
    other: asyncssh.SSHKey


def make_keys() -> Keys:
    """Two ed25519 keys."""
    return Keys(
        asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    )


class Served(Mapping[str, int]):
    """Ports by device name, while the devices are served."""

    def __init__(
        self,
        devices: Mapping[str, IosStandin],
        acceptors: Mapping[str, asyncssh.SSHAcceptor],
        keys: Keys,
    ) -> None:
        self.devices = devices
        self._acceptors = acceptors
        self._keys = keys

    def __getitem__(self, name: str) -> int:
        return self._acceptors[name].get_port()

    def __iter__(self) -> "itertools.chain[str]":
        return itertools.chain(self._acceptors)

    def __len__(self) -> int:
        return len(self._acceptors)

    @property
    def host_key(self) -> str:
        """The public key that every device shows, as a line of known_hosts has it."""
        return self._keys.known.export_public_key("openssh").decode().strip()

    def change_host_key(self, name: str) -> None:
        """From now on the device shows another key, as one that was swapped would."""
        self._acceptors[name].update(server_host_keys=[self._keys.other])


async def _listen(device: IosStandin, keys: Keys, port: int) -> asyncssh.SSHAcceptor:
    lines = itertools.count(1)

    def server() -> _Connection:
        return _Connection(device, lines)

    async def handle(process: "asyncssh.SSHServerProcess[str]") -> None:
        owner = process.channel.get_connection().get_owner()
        if isinstance(owner, _Connection):
            await owner.handle(process)

    def files(channel: "asyncssh.SSHServerChannel[bytes]") -> FlashServer:
        return FlashServer(channel, device)

    acceptor = await asyncssh.create_server(
        server,
        LOCALHOST,
        port,
        server_host_keys=[keys.known],
        process_factory=handle,
        sftp_factory=files,
        allow_scp=True,
        line_editor=False,
        encoding="utf-8",
        server_version="Cisco-1.25",
        compression_algs=["none"],
        login_timeout=30,
        keepalive_interval=0,
        agent_forwarding=False,
    )
    device.start()
    return acceptor


@asynccontextmanager
async def serve(
    standins: Iterable[IosStandin],
    *,
    keys: Keys | None = None,
    ports: Mapping[str, int] | None = None,
) -> AsyncIterator[Served]:
    """Serves the devices until the block is left; `ports` fixes some, the others are free ones.

    Devices that have cables to each other judge adjacencies by each other's configuration.
    """
    devices = {device.name: device for device in standins}
    fabric = Fabric(devices)
    keys = keys or make_keys()
    acceptors: dict[str, asyncssh.SSHAcceptor] = {}
    try:
        for name, device in devices.items():
            device.neighbours = fabric
            acceptors[name] = await _listen(device, keys, (ports or {}).get(name, 0))
        yield Served(devices, acceptors, keys)
    finally:
        for acceptor in acceptors.values():
            acceptor.close()
        for device in devices.values():
            device.cut_connections()
        await asyncio.gather(*(acceptor.wait_closed() for acceptor in acceptors.values()))
