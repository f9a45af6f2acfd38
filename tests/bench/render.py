"""From the command to the last file: `imereti render` as a whole process."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from inventory.errors import MachineError
from tests.bench import Figure
from tests.generate_region import write_region

CHECKOUT = Path(__file__).parent.parent.parent
RUNS = 5
TIMEOUT_S = 300
PEER = "Nornir with 20 threads, the same templates, an environment a task as nornir-jinja2 has"


def run() -> Iterator[Figure]:
    """76 devices of the default inventory, then 1,000 generated ones."""
    with tempfile.TemporaryDirectory(prefix="imereti-bench-") as name:
        folder = Path(name)
        yield _figure(folder / "default", CHECKOUT / "inventory", 76, goal=0.6)
        write_region(folder / "region", districts=240, offices=5)
        yield _figure(folder / "large", folder / "region", 1_000, goal=5.0)


def _figure(folder: Path, inventory: Path, devices: int, goal: float) -> Figure:
    """Medians; each run writes into a folder that is not there yet."""
    imereti = str(Path(sys.executable).parent / "imereti")
    environment = os.environ | {
        "IMERETI_PATHS__INVENTORY": str(inventory),
        "IMERETI_PATHS__STATE": str(folder / "state"),
    }
    ours = [imereti, "-c", str(CHECKOUT / "config.yaml"), "-q", "render", "--out"]
    peer = [sys.executable, "-m", "tests.bench.peer_nornir", str(inventory)]
    first = _seconds([*ours, str(folder / "first")], environment)
    seconds, peer_seconds = [], []
    for number in range(RUNS):
        seconds.append(_seconds([*ours, str(folder / f"ours{number}")], environment))
        if number == 0 or (devices < 100 and number < 3):
            peer_seconds.append(_seconds([*peer, str(folder / f"peer{number}")], environment))
    _same(folder / "ours0", folder / "peer0", devices)
    return Figure(
        name=f"render of {devices} devices, whole process",
        value=statistics.median(seconds),
        unit="s",
        goal=goal,
        peers=((PEER, min(peer_seconds)),),
        note=f"median of {RUNS}; the first, which compiles the templates, took {first:.2f} s",
    )


def _seconds(command: list[str], environment: Mapping[str, str]) -> float:
    """How long a command takes; MachineError when it fails."""
    began = time.perf_counter()
    finished = subprocess.run(
        command,
        env=environment,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if finished.returncode != 0:
        raise MachineError(f"{' '.join(command)} failed: {finished.stderr.strip()[-300:]}")
    return time.perf_counter() - began


def _same(ours: Path, theirs: Path, devices: int) -> None:
    """Both must have written the same text for every device, or the comparison is worth nothing."""
    files = sorted(path.relative_to(theirs) for path in theirs.rglob("*.cfg"))
    if len(files) != devices:
        raise MachineError(f"the peer wrote {len(files)} files, expected {devices}")
    for file in files:
        if (ours / file).read_bytes() != (theirs / file).read_bytes():
            raise MachineError(f"{file} differs between the two ways to render it")
