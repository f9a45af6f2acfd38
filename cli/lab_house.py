"""The rest of the house for scenarios: provisioning, and a poller with the API over its store.

Lab, provisioning and monitoring don't know each other; a scenario that needs two meets them here.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml

from cli.context import Context
from inventory.errors import LabError

if TYPE_CHECKING:
    from inventory.model import Network
    from lab.scenario_schema import Edit

POLL_INTERVAL_S = 2.0
FIRST_ROUND_S = 60.0
LOOK_S = 0.1
ANSWER_TIMEOUT_S = 10.0


class SteppedClock:
    """The machine's clock, and so many seconds more: what the poller takes for the time of day."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        """See monitor.clock."""
        return time.monotonic()

    def wall(self) -> float:
        """See monitor.clock."""
        return time.time() + self.ahead_s

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """See monitor.clock."""
        from monitor.clock import SystemClock

        return await SystemClock().wait(event, seconds)


class House:
    """Implements lab.outside.Outside for one lab; a context manager."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._applied: Network | None = None
        """What the routers run, when it is not the inventory as it stands."""
        self._poller: _Poller | None = None

    def __enter__(self) -> "House":
        return self

    def __exit__(self, *_: object) -> None:
        self.watch(False)

    def _live(self) -> Context:
        """The context as it is now that the lab is up: it looks for the lab but once."""
        fresh = replace(self._context)
        fresh.settings = replace(self._context.settings, target="lab")
        fresh.network = self._context.network
        return fresh

    # --- provisioning ------------------------------------------------------------------------

    def change(self, edits: "Sequence[Edit]") -> str:
        """See Outside: validate, plan, apply with checks, confirm; all or nothing."""
        with TemporaryDirectory(prefix="imereti-change-") as folder:
            network = _edited(self._context.settings.paths.inventory, Path(folder), edits)
            return self._apply(network)

    def restore(self) -> None:
        """See Outside."""
        if self._applied is not None:
            self._apply(self._context.network)
            self._applied = None

    def _apply(self, network: "Network") -> str:
        """Bring the devices whose text is another by `network` to it."""
        from cli.provision import apply_options
        from cli.workplace import changeable, new_change_id, workplace
        from inventory.view import virtual
        from nornir_tasks.apply import execute
        from nornir_tasks.plan import CHANGED, FAILED, make_plan

        context = self._live()
        assert context.lab is not None  # noqa: S101  (target lab)
        before, view = (
            virtual(each, context.lab.management, context.lab.addresses)
            for each in (self._applied or self._context.network, network)
        )
        names = _differing(context, before, view)
        self._applied = network
        with workplace(context, view) as work:
            plan = make_plan(work, changeable(tuple(view.devices[name] for name in names)))
            failed = [one for one in plan.devices if one.state == FAILED]
            if failed:
                said = f"{failed[0].device}: {failed[0].error}"
                raise LabError(f"the change can't be planned: {said}")
            changed = plan.of_state(CHANGED)
            if not changed:
                return "the change changes no device"
            change = new_change_id()
            report = execute(work, plan, apply_options(context), change, f"scenario {change}")
        if report.exit_code != 0:
            problems = [one.error or ", ".join(one.checks) for one in report.devices]
            said = next((text for text in problems if text), f"exit status {report.exit_code}")
            raise LabError(f"the change was not applied: {said}")
        return f"applied to {', '.join(changed)}"

    # --- monitoring --------------------------------------------------------------------------

    def watch(self, on: bool) -> None:
        """See Outside."""
        if self._poller is not None:
            self._poller.stop()
            self._poller = None
        if on:
            self._poller = _Poller(self._live())
            self._poller.wait_first_round()

    def step_clock(self, seconds: float) -> None:
        """See Outside."""
        self._watching().clock.ahead_s += seconds

    def state(self, kind: str, name: str) -> str:
        """See Outside."""
        document = self._watching().get(f"/{kind}s")
        return next((str(one["state"]) for one in document if one["id"] == name), "")

    def incidents(self) -> list[tuple[str, str]]:
        """See Outside."""
        found = self._watching().get("/incidents")
        causes = [one["cause"] for one in found if one["state"] != "closed"]
        return sorted((cause["kind"], cause["id"]) for cause in causes)

    def _watching(self) -> "_Poller":
        if self._poller is None:
            raise LabError("nobody polls: a step `watch: true` has to come first.")
        return self._poller


class _Poller:
    """Poller, store and API in a thread of their own.

    Traps, logs and pings stay out: states are to be those that polling finds, whatever else
    listens on this machine and however busy it is.
    """

    def __init__(self, context: Context) -> None:
        from api.server import bind

        self._context = context
        self.clock = SteppedClock()
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="imereti-watch-")))
        known = context.settings
        http = replace(known.http, host="127.0.0.1", port=0)
        self._settings = replace(
            known,
            store=replace(known.store, kind="sqlite", path=folder / "samples.sqlite"),
            poll=replace(known.poll, interval_s=POLL_INTERVAL_S, deadline_s=POLL_INTERVAL_S),
            traps=replace(known.traps, enable=False),
            syslog=replace(known.syslog, enable=False),
            probes=replace(known.probes, enable=False),
            http=http,
        )
        self._listener = bind(http)
        self._port = int(self._listener.getsockname()[1])
        self._stack.callback(self._listener.close)
        self._stop: Callable[[], object] = lambda: None
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001  (told by whoever asks next)
            self._problem = error

    async def _serve(self) -> None:
        from api.app import create_app
        from api.server import run_server
        from monitor.run import run_monitor
        from monitor.store.open import open_store

        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stop.set)
        context, settings = self._context, self._settings
        written = open_store(settings.store, write=True)
        read = open_store(settings.store)
        try:
            app = create_app(settings, context.live, read)
            await asyncio.gather(
                run_monitor(
                    settings, context.live, written, stop, secrets=context.secrets, clock=self.clock
                ),
                run_server(app, settings, stop, self._listener),
            )
        finally:
            read.close()
            written.close()

    def wait_first_round(self) -> None:
        """Until the API knows a state of every link; LabError when that takes too long."""
        deadline = time.monotonic() + FIRST_ROUND_S
        while time.monotonic() < deadline:
            self._raise_problem()
            try:
                states = [one["state"] for one in self.get("/links")]
            except (OSError, LabError):  # it is still starting
                states = []
            if states and "unknown" not in states:
                return
            time.sleep(LOOK_S)
        raise LabError(f"the poller did not know every link after {FIRST_ROUND_S:g} s.")

    def get(self, path: str) -> Any:
        """The JSON document at a path of the API."""
        self._raise_problem()
        connection = HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_TIMEOUT_S)
        try:
            connection.request("GET", f"/api/v1{path}")
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise LabError(f"the API answered {answer.status} to {path}: {text[:200]!r}")
        return json.loads(text)

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise LabError(f"the poller ended by itself: {self._problem}")

    def stop(self) -> None:
        """End the thread, within what the poller promises."""
        self._stop()
        self._thread.join(15)
        self._stack.close()


def _differing(context: Context, before: "Network", after: "Network") -> list[str]:
    """Devices of the lab whose files are others by `after` than by `before`."""
    from cli.workplace import renderer_of

    assert context.lab is not None  # noqa: S101  (target lab)
    old, new = renderer_of(context, before), renderer_of(context, after)
    strangers = [name for name in after.devices if name not in before.devices]
    if strangers:
        raise LabError(f"the change adds {strangers[0]}, which this lab has not.")
    return [
        name
        for name, device in after.devices.items()
        if name in context.lab.addresses and old.render(before.devices[name]) != new.render(device)
    ]


def _edited(inventory: Path, folder: Path, edits: "Sequence[Edit]") -> "Network":
    """The network of a copy of the inventory with the edits made. InventoryError, LabError."""
    import shutil

    from inventory.load import examine, network_of

    copy = folder / inventory.name
    shutil.copytree(inventory, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for edit in edits:
        with _yaml(copy / edit.file) as content:
            *way, last = edit.key.split(".")
            here: Any = content
            for part in way:
                here = here.get(part) if isinstance(here, dict) else None
            if not isinstance(here, dict):
                raise LabError(f"{edit.file}: there is no key {edit.key} to change.")
            if edit.value is None:
                here.pop(last, None)
            else:
                here[last] = edit.value
    draft, places = examine(copy)
    meant = {edit.key for edit in edits if edit.against_rules}
    draft.problems = [problem for problem in draft.problems if problem.key not in meant]
    return network_of(draft, places)


@contextmanager
def _yaml(file: Path) -> Iterator[dict[str, Any]]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise LabError(f"{file.name}: can't be changed: {error.strerror}.") from None
    if not isinstance(content, dict):
        raise LabError(f"{file.name}: there is nothing to change in it.")
    yield content
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
