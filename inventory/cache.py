"""The network of the last run, kept so that a command need not check the same files again.

Reading and checking an inventory costs 0.1 s and importing what checks it 0.3 s; reading back what
was found good costs a tenth of that. A kept network is used only when every file of the inventory
and every module of this package is the same to the byte; anything else is a miss, never an error.
"""

import contextlib
import hashlib
import os
import pickle  # only files that this user wrote into a folder of its own are read back
import sys
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inventory.model import Network

KEPT = 8
"""Networks that are kept: branches and regions that somebody works on in turns."""


def cached_network(folder: Path, cache: Path) -> Network:
    """As `load_network(folder)`, from `cache` when it holds this very inventory.

    Raises InventoryError as load_network does; a network with problems is never kept.
    """
    kept = cache / f"network-{_digest(folder)}.pickle"
    network = _read(kept)
    if network is None:
        from inventory.load import load_network  # noqa: PLC0415  (the cost that a hit saves)

        network = load_network(folder)
        # a full or read-only disk only means that the next command is no faster
        with contextlib.suppress(OSError):
            _write(kept, network)
    return network


def _digest(folder: Path) -> str:
    """Of the inventory's files, this package's modules, and the interpreter."""
    digest = hashlib.sha256(f"{folder.resolve()}\0{sys.version}".encode())
    for path in sorted((*folder.glob("*.y*ml"), *folder.glob("sites/*.y*ml"))):
        with contextlib.suppress(OSError):  # an unreadable one is load_network's to tell
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        status = path.stat()
        digest.update(f"{path.name}\0{status.st_mtime_ns}\0{status.st_size}\0".encode())
    return digest.hexdigest()[:32]


def _read(kept: Path) -> Network | None:
    try:
        with kept.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & 0o022:
                return None  # somebody else could have written it
            network = pickle.load(file)  # noqa: S301  (ours: see above)
    except (OSError, EOFError, ValueError, TypeError, AttributeError, ImportError):
        return None
    except pickle.UnpicklingError:
        return None
    return network if isinstance(network, Network) else None


def _write(kept: Path, network: Network) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    buffer = BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(network)
    written = kept.with_suffix(f".{os.getpid()}")
    try:
        with os.fdopen(os.open(written, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as f:
            f.write(buffer.getbuffer())
        written.replace(kept)
    finally:
        written.unlink(missing_ok=True)
    networks = sorted(kept.parent.glob("network-*.pickle"), key=lambda path: path.stat().st_mtime)
    for old in networks[:-KEPT]:
        old.unlink(missing_ok=True)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, MappingProxyType):
            return _read_only, (dict(value),)
        return NotImplemented


def _read_only(content: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(content)
