"""Network and settings of the last runs, kept so that no command checks the same files again.

Reading and checking an inventory costs 0.1 s and importing what checks it 0.3 s; reading back what
was found good costs a tenth of that. What is kept is used only when every file that it was made
from and every module of this package is the same; anything else is a miss, never an error.
"""

import contextlib
import hashlib
import os
import pickle  # only files that this user wrote into a folder of its own are read back
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from inventory.model import Network
from inventory.settings import SECRET_PREFIX, VARIABLE_PREFIX, Settings

KEPT = 8
"""How many of a kind are kept: branches and regions that somebody works on in turns."""

_Kept = TypeVar("_Kept")


def user_cache(environ: Mapping[str, str]) -> Path:
    """Where this user's programs keep what can be made again (XDG Base Directory)."""
    named = environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if named.startswith("/") else Path("~/.cache").expanduser()) / "imereti"


def cached_settings(path: Path | None, environ: Mapping[str, str], cache: Path) -> Settings:
    """As `load_settings(path, environ)`, from `cache` when file and variables are the same.

    Raises SettingsError as load_settings does; settings with problems are never kept.
    """
    digest = _digest_of_code()
    for name, value in sorted(environ.items()):
        if name.startswith(VARIABLE_PREFIX) and not name.startswith(SECRET_PREFIX):
            digest.update(f"{name}\0{value}\0".encode(errors="surrogateescape"))
    with contextlib.suppress(OSError):  # an unreadable one is load_settings's to tell
        digest.update(path.read_bytes() if path else b"")
    kept = cache / f"settings-{digest.hexdigest()[:32]}.pickle"
    settings = _read(kept, Settings)
    if settings is None:
        from inventory.config_file import read_settings  # noqa: PLC0415  (the cost a hit saves)

        settings = read_settings(path, environ)
        _keep(kept, settings)
    return settings.resolved(path.resolve().parent if path else Path.cwd())


def cached_network(folder: Path, cache: Path) -> Network:
    """As `load_network(folder)`, from `cache` when it holds this very inventory.

    Raises InventoryError as load_network does; a network with problems is never kept.
    """
    kept = cache / f"network-{_digest(folder)}.pickle"
    network = _read(kept, Network)
    if network is None:
        from inventory.load import load_network  # noqa: PLC0415  (the cost that a hit saves)

        network = load_network(folder)
        _keep(kept, network)
    return network


def _digest(folder: Path) -> str:
    """Of the inventory's files and of what checks them."""
    digest = _digest_of_code()
    digest.update(f"{folder.resolve()}\0".encode())
    for path in sorted((*folder.glob("*.y*ml"), *folder.glob("sites/*.y*ml"))):
        with contextlib.suppress(OSError):  # an unreadable one is load_network's to tell
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:32]


def _digest_of_code() -> "hashlib._Hash":
    """Begun with this package's modules and the interpreter."""
    digest = hashlib.sha256(sys.version.encode())
    with os.scandir(Path(__file__).parent) as entries:
        modules = sorted(
            (entry.name, entry.stat()) for entry in entries if entry.name.endswith(".py")
        )
    for name, status in modules:
        digest.update(f"{name}\0{status.st_mtime_ns}\0{status.st_size}\0".encode())
    return digest


def _read(kept: Path, kind: type[_Kept]) -> _Kept | None:
    try:
        with kept.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & 0o022:
                return None  # somebody else could have written it
            found = pickle.load(file)  # noqa: S301  (ours: see above)
    except (OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, ImportError):
        return None
    except pickle.UnpicklingError:
        return None
    return found if isinstance(found, kind) else None


def _keep(kept: Path, made: object) -> None:
    # a full or read-only disk only means that the next command is no faster
    with contextlib.suppress(OSError):
        _write(kept, made)


def _write(kept: Path, made: object) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    buffer = BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(made)
    written = kept.with_suffix(f".{os.getpid()}")
    try:
        with os.fdopen(os.open(written, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as f:
            f.write(buffer.getbuffer())
        written.replace(kept)
    finally:
        written.unlink(missing_ok=True)
    kind = kept.name.partition("-")[0]
    alike = sorted(kept.parent.glob(f"{kind}-*.pickle"), key=_when_written)
    for old in alike[:-KEPT]:
        old.unlink(missing_ok=True)


def _when_written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # another process took it away just now
        return 0.0


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, MappingProxyType):
            return _read_only, (dict(value),)
        return NotImplemented


def _read_only(content: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(content)
