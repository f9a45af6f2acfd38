"""A real InfluxDB 2 server of our own, on a free port and in a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from inventory.errors import MachineError

INSTALL = Path(__file__).parent.parent / "scripts" / "install-influxd"
START_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0
GOGC, CACHE_OCTETS = "400", 100 * 2**20
"""Its garbage is collected once the heap has grown by so many percent (100 without being told), and
its cache written to files once it is so large (25 MiB): less of its CPU for more memory, a fifth
and 150 MB at 500 devices. deploy/compose.yaml says the same."""


def find_influxd() -> Path:
    """The program: on PATH, or built earlier by scripts/install-influxd. MachineError."""
    if found := shutil.which("influxd"):
        return Path(found)
    cached = subprocess.run([INSTALL, "--cached"], capture_output=True, text=True, check=False)
    if cached.returncode == 0:
        return Path(cached.stdout.strip())
    raise MachineError("InfluxDB 2 is not here. Run: scripts/install-influxd")


def build_influxd() -> Path:
    """The same, built first when need be: minutes, once. MachineError when it can't be."""
    try:
        return find_influxd()
    except MachineError:
        built = subprocess.run([INSTALL], stdout=subprocess.PIPE, text=True, check=False)
        if built.returncode != 0:
            raise MachineError(
                "InfluxDB 2 can't be built here (why is above). Run: scripts/install-influxd"
            ) from None
        return Path(built.stdout.strip())


def _dies_with_us() -> list[str]:
    """So that nothing is left behind by a program that was killed, where util-linux is there."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


class Influxd:
    """One server process. Restarted, it has the same port and data."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program, self.folder = program, folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it takes requests. MachineError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("INFLUX")}
        words = {
            "bolt-path": self.folder / "influxd.bolt",
            "sqlite-path": self.folder / "influxd.sqlite",
            "engine-path": self.folder / "engine",
            "http-bind-address": f"127.0.0.1:{self.port}",
            "log-level": "error",
            "storage-cache-snapshot-memory-size": CACHE_OCTETS,
        }
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *_dies_with_us(),
                    self._program,
                    *(f"--{name}={value}" for name, value in words.items()),
                    "--reporting-disabled",
                    "--ui-disabled",
                ],
                cwd=self.folder,  # it takes any config.yaml that lies where it starts for its own
                env={"GOGC": GOGC} | inherited | {"HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we stop it
            )
        end = time.monotonic() + START_WITHIN_S
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                last = (self.folder / "log").read_text(encoding="utf-8").strip().splitlines()[-1:]
                raise MachineError(f"InfluxDB did not start: {' '.join(last) or 'it said nothing'}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it cleanly; killed where it does not end in time."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(STOP_WITHIN_S)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal: SIGSTOP freezes it, SIGCONT goes on, SIGKILL ends it at once."""
        assert self.process is not None  # noqa: S101  (it was started)
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait(STOP_WITHIN_S)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
