"""A Session with a cisco_ios device, over NAPALM's ios driver and netmiko."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import paramiko
from napalm import get_network_driver
from napalm.base.exceptions import NapalmException, ReplaceConfigException
from netmiko.exceptions import NetmikoBaseException, ReadTimeout
from scp import SCPException

from inventory.errors import DeviceError
from inventory.model import Device
from nornir_tasks.drivers import frr_text, ios_state, ios_text
from nornir_tasks.drivers.frr_text import Line
from nornir_tasks.drivers.known_hosts import name_of
from nornir_tasks.drivers.shell import RefusedError, explained
from nornir_tasks.drivers.translate import translated
from nornir_tasks.errors import (
    AccessError,
    CandidateError,
    CommitError,
    PendingError,
    UnreachableError,
)
from nornir_tasks.session import Access, DeviceState, Files, Outcome

MINUTE_S = 60
_FILE = "imereti-{token}.cfg"
_LONGEST = 200
"""Characters of a device's own words in one of our messages."""
_ENDLESS = 2**20
_LOST = (NetmikoBaseException, paramiko.SSHException, OSError, EOFError)


class IosSession:
    """See `nornir_tasks.session.Session`. IOS checks no candidate before it is loaded; a refused
    line makes `configure replace ... revert trigger error` restore what ran before."""

    def __init__(self, device: Device, access: Access, external: tuple[str, ...]) -> None:
        self.device = device
        self._external = external
        self._token = ""
        self._users: frozenset[str] = frozenset()
        self._leaving: dict[str, str] = {}
        self._committed = False
        self._archives = True
        self._timed = False
        self._lost = False
        host = access.host or str(device.management)
        arguments: dict[str, Any] = {
            "port": access.port,
            "secret": access.enable,
            "dest_file_system": "flash:",
            "read_timeout_override": access.timeout_s,
            "fast_cli": True,
            # The rendered configuration has it; switched on and off around each change it would
            # stay behind when the revert timer restores what ran at that moment.
            "auto_file_prompt": False,
        }
        if access.key_file:
            arguments |= {"use_keys": True, "key_file": str(access.key_file)}
        self._timeout_s = access.timeout_s
        try:
            known = access.known_hosts.ensured(host, access.port, access.timeout_s)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise _not_opened(device, access, host, error) from None
        if known is not None:
            arguments |= {"ssh_strict": True, "alt_host_keys": True, "alt_key_file": str(known)}
        driver = get_network_driver("ios")
        self._driver = driver(
            host,
            access.user,
            access.password,
            timeout=int(access.timeout_s),
            optional_args=arguments,
        )
        try:
            self._driver.open()
        except (*_LOST, NapalmException) as error:
            raise _not_opened(device, access, host, error) from None

    @property
    def armed_for_s(self) -> int:
        """The revert timer counts minutes, and needs the archive, which `difference` looks for."""
        return MINUTE_S if self._archives else 0

    @property
    def token(self) -> str:
        """Part of the name of the candidate's file on flash."""
        return self._token

    def stage(self, candidate: Files) -> None:
        """Copy the candidate to flash by SCP; its MD5 is compared there."""
        (text,) = (ios_text.ended(one) for one in candidate.values())
        self._token, self._committed = uuid4().hex[:12], False
        self._users = ios_text.snmp_users_in(text)
        self._driver.candidate_cfg = _FILE.format(token=self._token)
        # NAPALM would write its own copy where everybody can read the secrets in it.
        with (
            self._translated(),
            tempfile.TemporaryDirectory(prefix="imereti-") as folder,
        ):
            file = Path(folder) / "candidate"
            file.write_text(text, encoding="utf-8")
            try:
                self._driver.load_replace_candidate(filename=str(file))
            except ReplaceConfigException as error:
                text = f"the candidate did not arrive whole on flash: {_said(error)}"
                raise CandidateError(self.device.name, text) from None

    def difference(self) -> str:
        """`show archive config differences`, without secrets that are only stored otherwise.

        SNMPv3 users that the candidate does not name are told too, though IOS compares none.
        """
        gone, come = self._differences(_FILE.format(token=self._token))
        if not self._committed:
            self._archives = not ios_text.brings_archive(gone, come)
            known = self._snmp_users() if self._users else {}
            self._leaving = {name: known[name] for name in sorted(known) if name not in self._users}
        leaving = {} if self._committed else self._leaving
        users = tuple(((), f"snmp-server user {n} {group} v3") for n, group in leaving.items())
        return frr_text.shown((*gone, *users), come)

    def commit(
        self,
        revert_in_s: int | None,
        who: str,  # noqa: ARG002  (IOS logs the user)
        at: float | None = None,  # noqa: ARG002  (a replace takes the time that it takes)
    ) -> None:
        """`configure replace ... revert trigger error timer N`; N in minutes, rounded up."""
        minutes = None if revert_in_s is None else -(-revert_in_s // MINUTE_S) * MINUTE_S
        self._committed, self._timed = True, minutes is not None
        with self._translated():
            try:
                self._driver.commit_config(revert_in=minutes)
            except NapalmException as error:
                ours = translated(self.device.name, error)
                if isinstance(ours, CandidateError):  # refused half-way, and restored
                    said = _short(ios_text.without_preamble(str(error)))
                    raise CommitError(self.device.name, said) from None
                raise

    def confirm(self) -> None:
        """`configure confirm`, then `write memory`; the candidate, with its secrets, goes.

        SNMPv3 users that are to leave go now: no revert would bring back what IOS never shows.
        """
        with self._translated():
            if self._timed:  # else saved by the commit
                self._driver.confirm_commit()
            if self._leaving:
                lines = [f"no snmp-server user {n} {g} v3" for n, g in self._leaving.items()]
                self._driver.device.send_config_set(lines)
                self._driver.device.save_config()
                self._leaving = {}
        self._remove()

    def revert(self) -> None:
        """`configure revert now`; without a timer NAPALM's copy of what ran is loaded and saved."""
        untimed = self._committed and not self._timed
        with self._translated():
            if not untimed and not self._driver.has_pending_commit():
                raise PendingError(self.device.name, "no commit is pending: its timer has run out")
            self._driver.rollback()
            if untimed:
                self._driver.device.save_config()
        self._remove()

    def discard(self) -> None:
        """Remove the candidate from flash."""
        if not self._committed and not self._lost:
            self._remove()

    def outcome(self, token: str) -> Outcome:
        """From the revert timer, and from the candidate while it is on flash."""
        name = _FILE.format(token=token)
        with self._translated():
            pending = self._driver._get_pending_commits()
            if pending:
                return Outcome("armed", f"by {pending.get('user', '')}".strip())
            if name not in self._send("dir flash:"):
                return Outcome("unknown", "its candidate is no longer on the device")
            gone, come = self._differences(name)
            self._token, self._committed = token, True
            if gone or come:
                self._remove()
                return Outcome("reverted", "what ran before the change runs")
            self._driver.device.save_config()
            self._remove()
            return Outcome("confirmed", "the change runs, and is saved")

    def running(self) -> Files:
        """The running configuration, without the header."""
        with self._translated():
            text = self._driver.get_config(retrieve="running")["running"]
        return {f"{self.device.name}.cfg": text}

    def state(self) -> DeviceState:
        """One command after the other; what the software does not know is not told."""
        with self._translated():
            ospf3 = self._send("show ospfv3 neighbor")
            bfd = self._send("show bfd neighbors")
            bgp = self._send("show bgp all summary")
            known = ios_state.sessions(bgp)
            sent = {
                ip_address(peer): self._advertised(peer)
                for peer in self._external
                if ip_address(peer) in known
            }
            lldp = self._driver.get_lldp_neighbors()
            brief = self._send("show ip interface brief")
            ospf = self._send("show ip ospf neighbor")
        names = ios_state.full_names(self.device)
        return DeviceState(
            device=self.device.name,
            interfaces=ios_state.interfaces(brief),
            adjacencies4=ios_state.adjacencies(ospf, self.device),
            adjacencies6=None
            if ios_state.refused(ospf3)
            else ios_state.adjacencies6(ospf3, self.device),
            bfd=None if ios_state.refused(bfd) else ios_state.bfd(bfd, self.device),
            sessions=known,
            advertised=sent,
            neighbours={
                names.get(name, name): (found[0]["hostname"], found[0]["port"])
                for name, found in lldp.items()
                if found
            },
        )

    def last_change(self, lines: str) -> str:
        """Who typed those lines, by `archive log config`; else the header's last change."""
        with self._translated():
            said = self._send("show running-config | include Last configuration change")
            logged = self._send("show archive log config all")
        header = re.search(r"Last configuration change at (.+?)\s*$", said, re.MULTILINE)
        typed = ios_text.who_typed(lines, logged)
        return "; ".join([*typed, *([f"last change at {header[1]}"] if header else [])])

    def close(self) -> None:
        """Disconnect; a session that was lost is not asked to say good-bye."""
        try:
            if self._lost and self._driver.device is not None:
                self._driver.device.paramiko_cleanup()
            else:
                self._driver.close()
        except (*_LOST, NapalmException):  # the session is gone already
            return

    def _advertised(self, peer: str) -> tuple[str, ...]:
        family = "ipv6" if ":" in peer else "ipv4"
        said = self._send(f"show bgp {family} unicast neighbors {peer} advertised-routes")
        return ios_state.advertised(said)

    def _send(self, command: str) -> str:
        with self._translated(command):
            return str(self._driver.device.send_command(command))

    @property
    def _connected(self) -> bool:
        client = self._driver.device.remote_conn_pre if self._driver.device else None
        transport = client.get_transport() if client else None
        return transport is not None and transport.is_active()

    def _differences(self, file: str) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        """Lines that go and come, without those that IOS only shows otherwise."""
        with self._translated():
            said = self._send(f"show archive config differences system:running-config flash:{file}")
        if not ios_text.is_answer(said):
            raise DeviceError(
                self.device.name,
                f"expected the difference from {file}, found {_what(said)}",
            )
        gone, come = ios_text.without_stored_secrets(*ios_text.read_differences(said))
        if any(line.startswith("snmp-server user ") for _, line in come):
            come = ios_text.without_unshown(come, frozenset(self._snmp_users()))
        return gone, ios_text.without_unshown(come, frozenset())

    def _snmp_users(self) -> dict[str, str]:
        with self._translated():
            return ios_text.snmp_users_known(self._send("show snmp user"))

    def _remove(self) -> None:
        if self._token:
            with self._translated():
                self._send(f"delete /force flash:{_FILE.format(token=self._token)}")
        self._token = ""

    @contextmanager
    def _translated(self, command: str = "") -> Iterator[None]:
        doing = f" after `{command}`" if command else ""
        try:
            yield
        except NapalmException as error:
            raise translated(self.device.name, error) from None
        except SCPException as error:
            text = f"the candidate could not be copied to flash: {_said(error)}"
            raise DeviceError(self.device.name, text) from None
        except ReadTimeout:
            self._lost = True
            found = f"none within {self._timeout_s:g} s" if self._connected else "a lost session"
            text = f"expected the prompt{doing}, found {found}"
            raise UnreachableError(self.device.name, text) from None
        except _LOST as error:
            self._lost = True
            raise UnreachableError(self.device.name, _said(error)) from None


def _not_opened(device: Device, access: Access, host: str, error: BaseException) -> DeviceError:
    """NAPALM tells all failures in the same words; what is behind them is in their context."""
    behind = error
    while isinstance(behind.__context__, OSError | paramiko.SSHException):
        behind = behind.__context__
    if isinstance(behind, paramiko.BadHostKeyException):
        behind = access.known_hosts.changed(name_of(host, access.port), behind.key)
    said = explained(f"{host}:{access.port}", access.user, access.timeout_s, behind)
    kind = AccessError if isinstance(said, RefusedError) else UnreachableError
    return kind(device.name, str(said))


def _said(error: BaseException) -> str:
    return _short(str(error)) or type(error).__name__


def _what(text: str) -> str:
    if len(text) > _ENDLESS:
        return f"{len(text) >> 20} MiB of something else: {_short(text)}"
    return _short(text) or "nothing"


def _short(text: str) -> str:
    words = " ".join(text[: 2 * _LONGEST].split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."
