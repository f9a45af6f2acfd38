"""The search for spilt secrets finds one wherever it may lie."""

import subprocess
from pathlib import Path

from tests.provisioning.spilling import spilt

VALUES = {"KEY": "canary-value"}


def git(folder: Path, *words: str) -> None:
    person = ["-c", "user.name=test", "-c", "user.email=test@noc"]
    subprocess.run(["git", *person, *words], cwd=folder, check=True, timeout=30)


def test_a_value_is_found_in_files_texts_and_in_what_git_no_longer_shows(tmp_path: Path) -> None:
    clean, kept = tmp_path / "clean", tmp_path / "kept"
    clean.mkdir()
    kept.mkdir()
    (clean / "file").write_text("<<KEY>> ********\n")
    assert spilt(VALUES, [clean], ["nothing"]) == []
    git(kept, "init", "--quiet")
    for text in ("key canary-value\n", "key <<KEY>>\n"):
        (kept / "file").write_text(text)
        git(kept, "add", "file")
        git(kept, "commit", "--quiet", "-m", "what runs")
    assert spilt(VALUES, [kept]) == [f"KEY in objects of {kept / '.git'}"]
    (clean / "deep").mkdir()
    (clean / "deep" / "log").write_bytes(b"\0canary-value\0")
    assert spilt(VALUES, [clean], ["", "a canary-value"]) == [
        "KEY in text 1",
        f"KEY in {clean / 'deep' / 'log'}",
    ]
