"""The devices of a run as Nornir hosts, each with one session that stays open from step to step."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.inventory import ConnectionOptions, Host, Hosts, Inventory
from nornir.core.plugins.connections import ConnectionPluginRegister
from nornir.core.task import Result, Task
from nornir.plugins.runners import ThreadedRunner

from inventory.errors import DeviceError, ImeretiError
from inventory.model import Device, Network
from nornir_tasks.errors import UnreachableError
from nornir_tasks.open_session import open_session
from nornir_tasks.session import Access, Session

T = TypeVar("T")
Outcomes = Mapping[str, T | ImeretiError]
CONNECTION = "session"


class SessionConnection:
    """Nornir's connection plugin: `host.get_connection("session", config)` is a Session."""

    connection: Session

    def open(  # noqa: PLR0917  (Nornir's signature)
        self,
        hostname: str | None,  # noqa: ARG002
        username: str | None,  # noqa: ARG002
        password: str | None,  # noqa: ARG002
        port: int | None,  # noqa: ARG002
        platform: str | None,  # noqa: ARG002
        extras: dict[str, Any] | None = None,
        configuration: Config | None = None,  # noqa: ARG002
    ) -> None:
        """Connect as the extras say."""
        given = extras or {}
        device = given["device"]
        self.connection = open_session(device, given["access"](device), given["external"])

    def close(self) -> None:
        """Disconnect."""
        self.connection.close()


class Fleet:
    """Runs one function on many devices at once; one device's failure is its own result."""

    def __init__(self, network: Network, access: Callable[[Device], Access], workers: int) -> None:
        ConnectionPluginRegister.register(CONNECTION, SessionConnection)
        hosts = {device.name: _host(network, device, access) for device in _all(network)}
        self._workers = workers
        self.nornir = Nornir(
            inventory=Inventory(hosts=Hosts(hosts)), runner=ThreadedRunner(num_workers=workers)
        )

    def run(
        self,
        step: Callable[[Session], T],
        devices: Iterable[str],
        done: Callable[[str, T | ImeretiError], None] | None = None,
        *,
        keep_open: bool = True,
        at_once: bool = False,
    ) -> dict[str, T | ImeretiError]:
        """Result or error by device, in the order of `devices`; `done` is told each as it ends.

        `at_once`: all of them, however few workers there are, as steps that wait for each other
        need it.
        """
        how = _on_kept_session if keep_open else _on_one_session
        return self._run(how, step, devices, done, at_once=at_once)

    def run_afresh(
        self, step: Callable[[Session], T], devices: Iterable[str]
    ) -> dict[str, T | ImeretiError]:
        """The same on a session opened for it, beside the one that is kept.

        A firewall lets a session live on that it would refuse to begin: only a new one shows that
        a device can still be reached.
        """
        return self._run(_on_new_session, step, devices, None)

    def _run(
        self,
        how: Callable[[Task, Callable[[Session], T]], T | ImeretiError],
        step: Callable[[Session], T],
        devices: Iterable[str],
        done: Callable[[str, T | ImeretiError], None] | None,
        *,
        at_once: bool = False,
    ) -> dict[str, T | ImeretiError]:
        names = list(devices)
        chosen = self.nornir.filter(filter_func=lambda host: host.name in set(names))
        if at_once and len(names) > self._workers:
            chosen = chosen.with_runner(ThreadedRunner(num_workers=len(names)))
        results = chosen.run(task=_task, name="step", on_failed=True, how=how, step=step, done=done)
        answer: dict[str, T | ImeretiError] = {}
        for name in names:
            result = results[name][0]
            answer[name] = result.result if result.exception is None else _unforeseen(name, result)
        return answer

    def close(self) -> None:
        """End every session."""
        for host in self.nornir.inventory.hosts.values():
            _close(host)


def _task(
    task: Task,
    how: Callable[[Task, Callable[[Session], Any]], Any],
    step: Callable[[Session], Any],
    done: Callable[[str, Any], None] | None,
) -> Result:
    outcome = how(task, step)
    if done is not None:
        done(task.host.name, outcome)
    return Result(host=task.host, result=outcome)


def _on_kept_session(task: Task, step: Callable[[Session], Any]) -> Any:
    try:
        return step(task.host.get_connection(CONNECTION, task.nornir.config))
    except UnreachableError as error:
        _close(task.host)
        return error
    except ImeretiError as error:
        return error


def _on_one_session(task: Task, step: Callable[[Session], Any]) -> Any:
    outcome = _on_kept_session(task, step)
    _close(task.host)
    return outcome


def _on_new_session(task: Task, step: Callable[[Session], Any]) -> Any:
    plugin = SessionConnection()
    try:
        plugin.open(None, None, None, None, None, task.host.connection_options[CONNECTION].extras)
    except ImeretiError as error:
        return error
    try:
        return step(plugin.connection)
    except ImeretiError as error:
        return error
    finally:
        with suppress(ImeretiError, OSError):
            plugin.close()


def _close(host: Host) -> None:
    with suppress(ImeretiError, OSError):
        host.close_connections()


def _unforeseen(name: str, result: Result) -> DeviceError:
    return DeviceError(name, f"unforeseen {type(result.exception).__name__}: {result.exception}")


def _all(network: Network) -> Iterable[Device]:
    return network.devices.values()


def _host(network: Network, device: Device, access: Callable[[Device], Access]) -> Host:
    external = tuple(
        str(address)
        for peer in network.region.bgp.externals
        if peer.device == device.name
        for address in (peer.remote4, peer.remote6)
    )
    extras = {"device": device, "access": access, "external": external}
    return Host(
        name=device.name,
        hostname=str(device.management),
        platform=device.platform,
        connection_options={CONNECTION: ConnectionOptions(extras=extras)},
    )
