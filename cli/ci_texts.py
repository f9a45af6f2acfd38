"""Configurations of both revisions, and their differences by device."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from inventory.model import Network
from lab.plan import Files

CARRIED = frozenset({"frr.conf", "nftables.conf"})
"""What an apply brings to a router; the other files come with its installation."""
RESTARTED = frozenset({"daemons", "sysctl.conf"})
"""What only a start of the router brings into force."""


@dataclass(frozen=True, slots=True)
class TextDifference:
    """One file of one device."""

    device: str
    file: str
    change: str
    """added, removed or changed."""
    diff: str
    """Unified, three lines of context; secrets are placeholders."""

    @property
    def counts(self) -> tuple[int, int]:
        """Lines added and removed."""
        lines = self.diff.splitlines()[2:]
        return sum(one.startswith("+") for one in lines), sum(one.startswith("-") for one in lines)


def rendered(network: Network, templates: Path, cache: Path) -> Files:
    """Every device's files on its own platform; RenderError."""
    from nornir_tasks.render import Renderer, environment

    renderer = Renderer(network, environment(templates, cache))
    return {device.name: renderer.render(device) for device in network.devices.values()}


def differences(old: Files, new: Files) -> tuple[TextDifference, ...]:
    """Every file that differs, by device."""
    found = []
    for device in sorted(old.keys() | new.keys()):
        was, now = old.get(device, {}), new.get(device, {})
        for file in sorted(was.keys() | now.keys()):
            if was.get(file) != now.get(file):
                change = "added" if file not in was else "removed" if file not in now else "changed"
                text = _unified(was.get(file, ""), now.get(file, ""), f"{device}/{file}")
                found.append(TextDifference(device, file, change, text))
    return tuple(found)


def _unified(old: str, new: str, name: str) -> str:
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"a/{name}", f"b/{name}", lineterm=""
    )
    return "\n".join(lines)


def devices_of(found: Iterable[TextDifference], files: frozenset[str]) -> tuple[str, ...]:
    """Devices of which one of `files` differs."""
    return tuple(dict.fromkeys(one.device for one in found if one.file in files))


def texts_of(files: Files) -> list[str]:
    """All texts, for the names of the secrets in them."""
    return [text for one in files.values() for text in one.values()]
