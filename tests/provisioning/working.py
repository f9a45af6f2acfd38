"""The provisioner's work on a test's devices, wherever they run, with edited candidates."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inventory.model import Device, Network
from inventory.secrets import Secrets
from nornir_tasks.audit import AuditLog
from nornir_tasks.backup import Backups
from nornir_tasks.fleet import Fleet
from nornir_tasks.probes import Prober
from nornir_tasks.render import Renderer
from nornir_tasks.session import Access, Files, candidate_of
from nornir_tasks.work import Work

Edit = Callable[[str, Files], Mapping[str, str]]


def unedited(_device: str, files: Files) -> Files:
    """The candidate as rendered."""
    return files


def replaced(device: str, file: str, old: str, new: str, count: int = -1) -> Edit:
    """The candidate with a text of one file of one device replaced; it must stand there."""

    def edit(name: str, files: Files) -> Mapping[str, str]:
        if name != device:
            return files
        assert old in files[file], f"{old!r} is not in {file} of {device}"
        return {**files, file: files[file].replace(old, new, count)}

    return edit


@dataclass(frozen=True)
class Bench:
    """What all work of one test shares."""

    renderer: Renderer
    """For `network`."""
    network: Network
    secrets: Secrets
    access: Callable[[Device], Access]
    workers: int


@contextmanager
def working(
    bench: Bench, folder: Path, edit: Edit, say: Callable[[str], None], prober: Prober | None
) -> Iterator[Work]:
    """Records in `folder`; sessions end with it."""

    def candidate(name: str) -> Files:
        device = bench.network.devices[name]
        return edit(name, candidate_of(device, bench.renderer.render(device)))

    fleet = Fleet(bench.network, bench.access, bench.workers)
    try:
        yield Work(
            network=bench.network,
            fleet=fleet,
            candidate=candidate,
            secrets=bench.secrets,
            audit=AuditLog(folder / "audit.jsonl", "test@noc", bench.secrets.mask),
            backups=Backups(folder / "backup", "test@noc"),
            locks=folder / "locks",
            revision="test",
            prober=prober,
            say=say,
        )
    finally:
        fleet.close()
