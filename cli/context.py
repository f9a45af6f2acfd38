"""What every command is handed: settings, network and secrets, loaded when first asked for."""

import json
import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from inventory.errors import ImeretiError, InputError
from inventory.model import Network
from inventory.settings import Settings, find_config, load_settings


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
        return load_settings(self.config or find_config(Path.cwd(), os.environ))

    @cached_property
    def network(self) -> Network:
        """The network as the inventory describes it; InventoryError."""
        from inventory.load import load_network

        return load_network(self.settings.paths.inventory)

    def say(self, message: str) -> None:
        """Progress and remarks, on stderr, unless --quiet."""
        if not self.quiet:
            print(message, file=sys.stderr, flush=True)  # noqa: T201

    def answer(self, document: Any) -> None:
        """The answer of a --json command, on stdout."""
        print(json.dumps(document, ensure_ascii=False, default=str))  # noqa: T201


def report_error(error: ImeretiError, *, as_json: bool) -> None:
    """Print one error for a person (stderr), and for a program (stdout) when it asked."""
    if as_json:
        problems = error.problems if isinstance(error, InputError) else ()
        errors = [
            {"file": p.file, "line": p.line, "key": p.key, "message": p.message, "hint": p.hint}
            for p in problems
        ]
        print(json.dumps({"ok": False, "error": str(error), "errors": errors}))  # noqa: T201
    print(error, file=sys.stderr)  # noqa: T201
