"""A Session with an FRRouting router, over its NAPALM driver."""

from collections.abc import Iterator
from contextlib import contextmanager

from napalm.base.exceptions import NapalmException

from inventory.model import Device
from nornir_tasks.drivers import frr_state
from nornir_tasks.drivers.frr import FrrDriver
from nornir_tasks.drivers.translate import translated
from nornir_tasks.session import Access, DeviceState, Files, Outcome

AUTOMATION_USER = "root"


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

    def commit(self, revert_in_s: int | None, who: str, at: float | None = None) -> None:
        """All in one script on the router."""
        self._driver.router.load_at = at
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
        """All of it in one exchange."""
        with self._translated():
            asked = frr_state.command(self._external)
            said = self._driver.router.run(asked)
            return frr_state.read(self.device.name, said.out, self._external)

    def last_change(self, lines: str) -> str:  # noqa: ARG002  (FRR's log has no lines)
        """FRR keeps no record of who typed what, unless `log commands` is on and a log is kept."""
        with self._translated():
            return self._driver.router.last_command()

    def close(self) -> None:
        """Disconnect."""
        self._driver.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except NapalmException as error:
            raise translated(self.device.name, error) from None
