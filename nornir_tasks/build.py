"""Rendered files on disk: `DIR/<device>/<file>`, written only where something changed."""

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inventory.errors import Problem, RenderError
from inventory.model import Device, Network
from inventory.view import network_as

MANIFEST = ".rendered.json"
"""Which files are ours, in the folder itself: what is not in it is never removed."""

_RUNS_ON = {"frr": True, "linux_bridge": False}
"""Platforms that any device can be rendered for: whether it must route."""


@dataclass(frozen=True, slots=True)
class DeviceBuild:
    """What became of one device's files."""

    device: str
    platform: str
    files: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """What became of a folder."""

    folder: Path
    devices: tuple[DeviceBuild, ...]
    gone: tuple[str, ...]
    """Devices that the inventory no longer has, whose files were removed."""


def for_platform(network: Network, platform: str) -> Network:
    """The network with every device on `platform` that can be."""

    def platform_of(device: Device) -> str:
        return platform if _RUNS_ON.get(platform) is device.routes else device.platform

    return network_as(network, platform_of)


def write_build(
    folder: Path,
    rendered: Iterable[tuple[Device, Mapping[str, str]]],
    existing: Collection[str],
) -> Build:
    """Bring `folder` in line with `rendered`; other devices of `existing` stay as they are.

    A file is replaced in one step, so that nobody reads half of one. RenderError when a file can't
    be read, written or removed.
    """
    try:
        return _write_build(folder, rendered, existing)
    except OSError as error:
        where = str(error.filename or folder)
        message = f"can't be written: {error.strerror or error}."
        hint = "See paths.build, or give another folder with --out."
        raise RenderError((Problem(where, 0, "", message, hint),)) from None


def _write_build(
    folder: Path,
    rendered: Iterable[tuple[Device, Mapping[str, str]]],
    existing: Collection[str],
) -> Build:
    folder.mkdir(parents=True, exist_ok=True)
    known = _read_manifest(folder)
    gone = tuple(name for name in known if name not in existing)
    for name in gone:
        _remove(folder / name, known.pop(name))
    devices: list[DeviceBuild] = []
    for device, files in rendered:
        home = folder / device.name
        removed = [name for name in known.get(device.name, ()) if name not in files]
        _remove(home, removed)
        devices.append(
            DeviceBuild(
                device=device.name,
                platform=device.platform,
                files=tuple(files),
                changed=tuple(_write(home, files)),
                removed=tuple(removed),
            )
        )
        known[device.name] = list(files)
    text = json.dumps(dict(sorted(known.items())), indent=1) + "\n"
    list(_write(folder, {MANIFEST: text}))
    return Build(folder, tuple(devices), gone)


def _write(home: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Write what differs; yields its names."""
    made = False
    for name, text in files.items():
        path, wanted = home / name, text.encode()
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            if not made:
                home.mkdir(exist_ok=True)
                made = True
            found = None
        if found == wanted:
            continue
        temporary = home / f".{name}.{os.getpid()}"
        temporary.write_bytes(wanted)
        temporary.replace(path)
        yield name


def _remove(home: Path, names: Iterable[str]) -> None:
    """Remove our files, and the device's folder when nothing else is in it."""
    for name in names:
        (home / name).unlink(missing_ok=True)
    if home.is_dir() and not any(home.iterdir()):
        home.rmdir()


def _read_manifest(folder: Path) -> dict[str, list[str]]:
    """Device -> its files, as last written; an unreadable list means that nothing is ours."""
    try:
        content: Any = json.loads((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        name: [file for file in files if _plain(file)]
        for name, files in content.items()
        if _plain(name) and isinstance(files, list)
    }


def _plain(name: object) -> bool:
    """Whether `name` stays inside its folder."""
    return isinstance(name, str) and name not in {"", ".", ".."} and "/" not in name
