"""NAPALM driver for FRRouting: frr-reload, vtysh and nft over SSH, with a commit that is confirmed.

It needs a login with root's rights on the router, by key. `napalm.get_network_driver("frr")` finds
the class through `napalm_frr`. What NAPALM has no method for is `driver.router`'s.
"""

from pathlib import Path
from typing import Any

from napalm.base.base import NetworkDriver
from napalm.base.exceptions import MergeConfigException, ReplaceConfigException

from nornir_tasks.drivers.frr_getters import FrrGetters
from nornir_tasks.drivers.frr_router import FrrRouter
from nornir_tasks.drivers.known_hosts import KnownHosts
from nornir_tasks.drivers.shell import Login


class FrrDriver(FrrGetters, NetworkDriver):  # type: ignore[misc]  # NAPALM has no types
    """NAPALM's methods on a router that runs FRRouting 8.4 or later, nftables and OpenSSH.

    optional_args: port (22), key_file, known_hosts (a path, or a KnownHosts shared by a run),
    accept_new_keys (False), commit_timeout_s (180).
    """

    def __init__(
        self,
        hostname: str,
        username: str,
        password: str | None,
        timeout: int = 60,
        optional_args: dict[str, Any] | None = None,
    ) -> None:
        args = dict(optional_args or {})
        known = args.get("known_hosts")
        if not isinstance(known, KnownHosts):
            accept = bool(args.get("accept_new_keys"))
            known = KnownHosts(Path(known) if known else None, accept_new=accept)
        key_file = args.get("key_file")
        self.hostname, self.username, self.password = hostname, username, password
        self.timeout = timeout
        self.platform = "frr"
        login = Login(
            host=hostname,
            port=int(args.get("port") or 22),
            user=username,
            password=password or None,
            key_file=Path(key_file).expanduser() if key_file else None,
            known_hosts=known,
            timeout_s=float(timeout),
        )
        self.router = FrrRouter(login, float(args.get("commit_timeout_s", 180)))

    def open(self) -> None:
        """Connect; ConnectAuthError or ConnectionException."""
        self.router.open()

    def close(self) -> None:
        """Disconnect; a pending commit stays pending and its timer runs."""
        self.router.close()

    def is_alive(self) -> dict[str, bool]:
        """Whether the session is open."""
        return {"is_alive": self.router.alive}

    def load_replace_candidate(
        self, filename: str | None = None, config: str | None = None
    ) -> None:
        """Load a whole frr.conf; ReplaceConfigException when vtysh refuses a line of it."""
        text = Path(filename).read_text(encoding="utf-8") if filename else config or ""
        self.router.load({"frr.conf": text})

    def load_merge_candidate(self, filename: str | None = None, config: str | None = None) -> None:
        """Load lines to be added to what runs; MergeConfigException when vtysh refuses one."""
        text = Path(filename).read_text(encoding="utf-8") if filename else config or ""
        running = self.router.running()["frr.conf"]
        whole = "\n".join(line for line in running.splitlines() if line.strip() != "end")
        try:
            self.router.load({"frr.conf": f"{whole}\n{text}\n"})
        except ReplaceConfigException as error:
            raise MergeConfigException(str(error)) from None

    def compare_config(self) -> str:
        """The router's own difference between what runs and the candidate; empty when none."""
        return self.router.difference()

    def discard_config(self) -> None:
        """Forget the candidate; what runs stays."""
        self.router.discard()

    def commit_config(self, message: str = "", revert_in: int | None = None) -> None:
        """Load the candidate; with `revert_in` seconds, arm the router's revert timer before.

        Without it the commit is confirmed, and so saved, at once. What could not be loaded whole
        is taken back by the router itself (CommitError).
        """
        self.router.commit(revert_in or 0, message or self.username)
        if revert_in is None:
            self.router.confirm()

    def confirm_commit(self) -> None:
        """Disarm the timer and make the candidate the start-up configuration."""
        self.router.confirm()

    def rollback(self) -> None:
        """Back to what ran before the pending commit."""
        self.router.revert()

    def has_pending_commit(self) -> bool:
        """Whether the router waits for a confirmation, of whomever."""
        return "armed" in self.router.status()
