"""What tests of commands share."""

from pathlib import Path
from shutil import copytree

import pytest


@pytest.fixture
def config(tmp_path: Path, checkout: Path) -> Path:
    """A config.yaml beside a copy of the small region; its devices are real ones."""
    copytree(checkout / "tests" / "regions" / "small", tmp_path / "inventory")
    file = tmp_path / "config.yaml"
    file.write_text(
        f"paths: {{inventory: inventory, templates: {checkout / 'templates'}, state: state}}\n"
        "target: real\n"
    )
    return file
