"""What plan, apply and the rest are handed: the network, its devices, and where to record."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inventory.model import Network
from inventory.secrets import Secrets
from nornir_tasks.audit import AuditLog
from nornir_tasks.backup import Backups
from nornir_tasks.fleet import Fleet
from nornir_tasks.probes import Prober
from nornir_tasks.scrub import scrubbed
from nornir_tasks.session import Files


@dataclass(frozen=True, slots=True)
class Work:
    """One run of a command."""

    network: Network
    """As the devices run it: a lab's view, or the inventory's own."""
    fleet: Fleet
    candidate: Callable[[str], Files]
    """Device -> the files that shall run on it, secrets as placeholders."""
    secrets: Secrets
    audit: AuditLog
    backups: Backups
    locks: Path
    revision: str
    """Of the model, for the audit log."""
    prober: Prober | None
    say: Callable[[str], None]
    """Tells a person of progress."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    """Unix seconds, for what devices are to do at a moment of theirs."""

    def filled(self, device: str) -> Files:
        """The candidate with its secrets; SecretError names what is missing."""
        return {name: self.secrets.fill(text) for name, text in self.candidate(device).items()}

    def clean(self, device: str, files: Files) -> Files:
        """Files read from `device`, as they may be kept."""
        wanted = self.candidate(device)
        return {n: scrubbed(text, self.secrets, wanted.get(n, "")) for n, text in files.items()}
