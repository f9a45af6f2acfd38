"""A checkout of the small region under git, as an operator has one, to judge changes of."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).parents[2]
SMALL = CHECKOUT / "tests" / "regions" / "small"
Edits = dict[str, list[list[str]]]


@dataclass(frozen=True)
class Repository:
    """inventory/, templates/ and config.yaml in one git repository with one commit, `main`."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def git(self, *words: str) -> str:
        """What git prints; it must succeed."""
        identity = ("-c", "user.name=tester", "-c", "user.email=tester@imereti.example")
        done = subprocess.run(
            ["git", *identity, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.strip()

    def edit(self, edits: Edits) -> None:
        """Replace texts; each stands in its file once."""
        for name, replacements in edits.items():
            path = self.folder / name
            text = path.read_text(encoding="utf-8")
            for old, new in replacements:
                assert text.count(old) == 1, f"{name}: {old!r} stands there {text.count(old)} times"
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")


def make_repository(folder: Path) -> Repository:
    """The small region and the project's templates, committed."""
    made = Repository(folder)
    shutil.copytree(SMALL, folder / "inventory")
    shutil.copytree(CHECKOUT / "templates", folder / "templates")
    paths = {name: name for name in ("inventory", "templates", "state", "build")}
    made.config.write_text(yaml.safe_dump({"paths": paths}), encoding="utf-8")
    (folder / ".gitignore").write_text("state/\nbuild/\n", encoding="utf-8")
    made.git("init", "-q", "-b", "main")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "as it was")
    return made
