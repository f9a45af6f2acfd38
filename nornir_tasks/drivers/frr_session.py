"""A Session with an FRRouting router, over its NAPALM driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Any

from napalm.base.exceptions import NapalmException

from inventory.model import Device
from nornir_tasks.drivers.frr import FrrDriver
from nornir_tasks.drivers.translate import translated
from nornir_tasks.session import Access, BgpSession, DeviceState, Files, Outcome

AUTOMATION_USER = "root"
_ASKED = (
    "show interface brief json",
    "show ip ospf neighbor json",
    "show ipv6 ospf6 neighbor json",
    "show bgp summary json",
    "show bfd peers json",
)
_NO_PREFIXES = -1


class FrrSession:
    """See `nornir_tasks.session.Session`."""

    def __init__(self, device: Device, access: Access, external: tuple[str, ...]) -> None:
        """`external`: addresses of the peers whose advertised prefixes are asked for."""
        self.device = device
        self._external = external
        self._driver = FrrDriver(
            access.host or str(device.management),
            access.user or AUTOMATION_USER,
            None,
            timeout=int(access.timeout_s),
            optional_args={
                "port": access.port,
                "key_file": access.key_file,
                "known_hosts": access.known_hosts,
            },
        )
        with self._translated():
            self._driver.open()

    @property
    def armed_for_s(self) -> int:
        """Any number of seconds will do."""
        return 1

    @property
    def token(self) -> str:
        """Name of the candidate's folder on the router."""
        return self._driver.router.token

    def stage(self, candidate: Files) -> None:
        """vtysh and nft check the files."""
        with self._translated():
            self._driver.router.load(candidate)

    def difference(self) -> str:
        """frr-reload's delta and nft's rule sets."""
        with self._translated():
            return self._driver.compare_config()

    def commit(self, revert_in_s: int | None, who: str) -> None:
        """All in one script on the router."""
        with self._translated():
            self._driver.commit_config(message=who, revert_in=revert_in_s)

    def confirm(self) -> None:
        """Start-up files become the candidate."""
        with self._translated():
            self._driver.confirm_commit()

    def revert(self) -> None:
        """The saved text is loaded again."""
        with self._translated():
            self._driver.rollback()

    def discard(self) -> None:
        """The candidate's folder goes."""
        with self._translated():
            self._driver.discard_config()

    def outcome(self, token: str) -> Outcome:
        """From the router's own record."""
        with self._translated():
            status = self._driver.router.status()
        armed = status.get("armed", "").split()
        if armed[:1] == [token]:
            return Outcome("armed", f"until {armed[1]}, by {' '.join(armed[2:])}")
        last = status.get("last", "").split()
        if last[:1] == [token]:
            return Outcome(last[1].split("-")[0], f"{last[1].replace('-', ' ')} at {last[2]}")
        return Outcome("unknown", f"another change is armed: {armed[2:]}" if armed else "")

    def running(self) -> Files:
        """frr.conf and nftables.conf as they run."""
        with self._translated():
            return self._driver.router.running()

    def state(self) -> DeviceState:
        """One exchange for all of it, and one for each external peer."""
        with self._translated():
            brief, ospf, ospf6, bgp, bfd = self._driver.router.ask(_ASKED)
            sent = {
                ip_address(peer): self._advertised(peer)
                for peer in self._external
                if peer in _peers(bgp)
            }
            neighbours = self._driver.get_lldp_neighbors()
        return DeviceState(
            device=self.device.name,
            interfaces={name: found.get("status") == "up" for name, found in brief.items()},
            adjacencies4=_adjacencies4(ospf),
            adjacencies6=_adjacencies6(ospf6),
            bfd=_bfd(bfd),
            sessions={ip_address(address): peer for address, peer in _peers(bgp).items()},
            advertised=sent,
            neighbours={
                name: (found[0]["hostname"], found[0]["port"]) for name, found in neighbours.items()
            }
            or None,
        )

    def last_change(self) -> str:
        """FRR keeps no record of who typed what, unless `log commands` is on and a log is kept."""
        with self._translated():
            return self._driver.router.last_command()

    def close(self) -> None:
        """Disconnect."""
        self._driver.close()

    def _advertised(self, peer: str) -> tuple[str, ...]:
        family = "ipv6" if ":" in peer else "ipv4"
        (found,) = self._driver.router.ask(
            (f"show bgp {family} unicast neighbors {peer} advertised-routes json",)
        )
        prefixes = found.get("advertisedRoutes", {}) if isinstance(found, dict) else {}
        return tuple(sorted(prefixes, key=lambda text: (ip_network(text).version, text)))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except NapalmException as error:
            raise translated(self.device.name, error) from None


def _adjacencies4(found: Any) -> dict[str, str]:
    """`neighbors` of vtysh: router id -> [{ifaceName: "ge0-0-1:10.254.0.0", state: "Full/-"}]."""
    answer: dict[str, str] = {}
    for entries in found.get("neighbors", found).values():
        for entry in entries if isinstance(entries, list) else ():
            name = str(entry.get("ifaceName", "")).partition(":")[0]
            state = str(entry.get("nbrState") or entry.get("state", "")).partition("/")[0]
            answer[name] = state
    return answer


def _adjacencies6(found: Any) -> dict[str, str]:
    entries = found.get("neighbors", ()) if isinstance(found, dict) else ()
    return {str(entry["interfaceName"]): str(entry["state"]) for entry in entries}


def _bfd(found: Any) -> dict[str, bool]:
    """A link carries a session a family; its interface is up when all of them are."""
    answer: dict[str, bool] = {}
    for entry in found if isinstance(found, list) else ():
        name = str(entry.get("interface", ""))
        if name:
            answer[name] = answer.get(name, True) and entry.get("status") == "up"
    return answer


def _peers(found: Any) -> dict[str, BgpSession]:
    answer: dict[str, BgpSession] = {}
    for family in found.values() if isinstance(found, dict) else ():
        for address, peer in family.get("peers", {}).items() if isinstance(family, dict) else ():
            earlier = answer.get(address)
            state = str(peer.get("state", ""))
            up = state == "Established"
            answer[address] = BgpSession(
                established=up and (earlier is None or earlier.established),
                state=state,
                received=int(peer.get("pfxRcd") or 0) + (earlier.received if earlier else 0),
                sent=int(peer.get("pfxSnt") or 0) + (earlier.sent if earlier else 0),
            )
    return answer
