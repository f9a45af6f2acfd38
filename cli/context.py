"""What every command is handed: settings, network and secrets, loaded when first asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from inventory.cache import cached_network, cached_settings, user_cache
from inventory.errors import ImeretiError, InputError, LabError, UsageError
from inventory.model import Network
from inventory.settings import Settings, find_config

if TYPE_CHECKING:
    from inventory.secrets import Secrets
    from lab.state import LabState
    from monitor.store.base import Store


EXIT_USAGE = 64


@dataclass
class Context:
    """The global options; the rest is loaded lazily, so that a command pays for what it uses."""

    config: Path | None
    as_json: bool
    quiet: bool
    verbose: bool

    @cached_property
    def settings(self) -> Settings:
        """config.yaml and the environment; SettingsError."""
        path = self.config or find_config(Path.cwd(), os.environ)
        return cached_settings(path, os.environ, user_cache(os.environ))

    @cached_property
    def network(self) -> Network:
        """The network as the inventory describes it; InventoryError."""
        return cached_network(self.settings.paths.inventory, self.settings.paths.state / "cache")

    @cached_property
    def lab(self) -> LabState | None:
        """The running lab that `target` of config.yaml lets the commands talk to, if any.

        LabError when `target` is lab and it does not run.
        """
        from lab.state import running_lab

        settings = self.settings
        if settings.target == "real":
            return None
        found = running_lab(settings.paths.state, settings.lab.name)
        if found is None and settings.target == "lab":
            raise LabError(f"lab {settings.lab.name} is not up. Run: imereti lab up")
        if found is not None:
            count = len(found.addresses)
            self.say(f"talking to lab {found.name} ({count} virtual devices), not to real ones")
        return found

    @cached_property
    def live(self) -> Network:
        """The network whose devices the commands talk to: the real one, or the lab's view of it."""
        if self.lab is None:
            return self.network
        from inventory.view import virtual

        return virtual(self.network, self.lab.management, self.lab.addresses)

    @cached_property
    def secrets(self) -> Secrets:
        """Secrets for `live`: the lab's own, or those that config.yaml names; SecretError."""
        if self.lab is not None:
            return self.lab.secrets()
        return self.configured_secrets()

    def configured_secrets(self) -> Secrets:
        """Those that config.yaml names, whatever is talked to; SecretError."""
        from inventory.secrets import load_secrets

        places = self.settings.secrets
        file = Path(places.file).expanduser() if places.file else None
        return load_secrets(file, command=places.command)

    def store(self, *, write: bool = False, **other: Any) -> Store:
        """The store of config.yaml, `other` replacing settings of it; StoreError, SecretError.

        InfluxDB's token is one of config.yaml's secrets, also while a lab with secrets of its own
        is talked to.
        """
        from monitor.store.open import open_store

        settings = replace(self.settings.store, **other)
        secrets = self.configured_secrets() if settings.kind == "influxdb" else None
        return open_store(settings, secrets, write=write)

    @property
    def log_level(self) -> str | None:
        """What -q and -v ask for; None: as config.yaml says."""
        return "error" if self.quiet else "debug" if self.verbose else None

    def say(self, message: str) -> None:
        """Progress and remarks, on stderr, unless --quiet."""
        if not self.quiet:
            print(message, file=sys.stderr, flush=True)  # noqa: T201

    def answer(self, document: Any) -> None:
        """The answer of a --json command, on stdout."""
        print(json.dumps(document, ensure_ascii=False, default=str))  # noqa: T201


def exit_status(error: ImeretiError) -> int:
    """Of a command that ends with `error`: whoever typed it is told from what it is about."""
    return EXIT_USAGE if isinstance(error, UsageError) else 1


def report_error(
    error: ImeretiError, *, as_json: bool, also: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Print one error for a person (stderr), and for a program (stdout) when it asked.

    `also`: what was done before it, into the program's document.
    """
    if as_json:
        problems = error.problems if isinstance(error, InputError) else ()
        errors = [
            {"file": p.file, "line": p.line, "key": p.key, "message": p.message, "hint": p.hint}
            for p in problems
        ]
        document = {**also, "ok": False, "error": str(error), "errors": errors}
        print(json.dumps(document, ensure_ascii=False, default=str))  # noqa: T201
    print(error, file=sys.stderr)  # noqa: T201
