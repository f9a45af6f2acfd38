"""What runs inside the lab's namespaces, as far as it needs none."""

from pathlib import Path
from threading import Timer

import pytest

from lab import inside


def test_what_containers_leave_of_their_start_is_awaited_and_who_says_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # places and patience are replaced: the lab's own are in its keeper's namespaces, and 120 s
    monkeypatch.setattr(inside, "NODES", tmp_path)
    monkeypatch.setattr(inside, "AWAIT_TIMEOUT_S", 1)
    for name in ("done", "late", "silent"):
        (tmp_path / name / "run").mkdir(parents=True)
    (tmp_path / "done" / "run" / "said").write_text("line 3: refused\n")
    (tmp_path / "done" / "run" / "status").write_text("13\n")
    timer = Timer(0.2, (tmp_path / "late" / "run" / "status").write_text, ["0\n"])
    timer.start()
    names = ["done", "late", "silent"]
    found = inside.await_files({"names": names, "status": "status", "said": "said"})
    timer.join()
    assert found == {
        "done": (13, "line 3: refused\n"),
        "late": (0, ""),
        "silent": (inside.TIMED_OUT, "did not end within 1 s"),
    }
