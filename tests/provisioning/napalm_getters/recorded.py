"""A router that answers from recordings, and the recorder.

`python -m tests.provisioning.napalm_getters.recorded STATE LAB DEVICE` writes mocked_data/ anew
from a running lab of the small region; read git diff afterwards.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from napalm.base.test.double import BaseTestDouble

from lab import control
from nornir_tasks.drivers.frr import FrrDriver
from nornir_tasks.drivers.frr_router import FrrRouter
from nornir_tasks.drivers.shell import Completed

FOLDER = Path(__file__).with_name("mocked_data")
CASES: dict[str, Callable[[Any], Any]] = {
    "test_is_alive": lambda driver: driver.is_alive(),
    "test_get_facts": lambda driver: driver.get_facts(),
    "test_get_interfaces": lambda driver: driver.get_interfaces(),
    "test_get_interfaces_ip": lambda driver: driver.get_interfaces_ip(),
    "test_get_bgp_neighbors": lambda driver: driver.get_bgp_neighbors(),
    "test_get_config": lambda driver: driver.get_config(),
    "test_get_config_filtered": lambda driver: [
        driver.get_config(retrieve=one) for one in ("running", "startup", "candidate")
    ][-1],
    "test_get_config_sanitized": lambda driver: driver.get_config(sanitized=True),
    "test_get_config_sanitized_filtered": lambda driver: {
        one: driver.get_config(retrieve=one, sanitized=True)[one]
        for one in ("running", "startup", "candidate")
    },
    "test_ping": lambda driver: driver.ping("8.8.8.8"),
}
"""NAPALM's test -> the call that it makes."""


class RecordedRouter(BaseTestDouble, FrrRouter):  # type: ignore[misc]  # NAPALM has no types
    """Answers each command from a file of the test's case."""

    def __init__(self) -> None:
        BaseTestDouble.__init__(self)

    def open(self) -> None:
        """Nothing to connect to."""

    @property
    def alive(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing to disconnect from."""

    def run(
        self,
        command: str,
        stdin: bytes = b"",  # noqa: ARG002
        timeout_s: float | None = None,  # noqa: ARG002
    ) -> Completed:
        name = f"{self.sanitize_text(command)}.json"
        return Completed(**json.loads(Path(self.find_file(name)).read_text(encoding="utf-8")))


class RecordedDriver(FrrDriver):
    """NAPALM calls it a patched driver."""

    def __init__(
        self,
        hostname: str,
        username: str,
        password: str | None,
        timeout: int = 60,
        optional_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(hostname, username, password, timeout, optional_args)
        self.patched_attrs = ["router"]
        self.router = RecordedRouter()


def record(state: Path, lab: str, device: str) -> None:
    """Call each getter on the real router, and keep what it asked and what came."""
    running = control.require(state, lab)
    secrets = running.secrets()
    driver = FrrDriver(
        str(running.addresses[device]),
        "root",
        None,
        optional_args={"key_file": running.key_file, "known_hosts": running.known_hosts_file},
    )
    driver.open()
    shutil.rmtree(FOLDER, ignore_errors=True)
    for test, call in CASES.items():
        folder = FOLDER / test / "normal"
        folder.mkdir(parents=True)
        asked: dict[str, Completed] = {}
        real = driver.router.run

        def spy(command: str, *rest: Any, asked: Any = asked, real: Any = real, **more: Any) -> Any:
            asked[command] = real(command, *rest, **more)
            return asked[command]

        driver.router.run = spy  # type: ignore[method-assign]  # the recorder listens
        expected = call(driver)
        driver.router.run = real  # type: ignore[method-assign]
        for command, said in asked.items():
            answer = {"status": said.status, "out": secrets.mask(said.out), "err": said.err}
            file = folder / f"{BaseTestDouble.sanitize_text(command)}.json"
            file.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
        text = secrets.mask(json.dumps(expected, indent=1, sort_keys=True))
        (folder / "expected_result.json").write_text(text + "\n", encoding="utf-8")
    driver.close()


if __name__ == "__main__":
    record(Path(sys.argv[1]), *sys.argv[2:])
