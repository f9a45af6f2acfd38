"""The audit log: append-only, sealed, masked, and never silently incomplete."""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inventory.secrets import Secrets
from nornir_tasks.audit import AuditLog, read_entries, verify_chain
from nornir_tasks.errors import RecordError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRETS = Secrets({"KEY": "canary-9f2"}, "nowhere")


def log_in(folder: Path) -> AuditLog:
    return AuditLog(folder / "audit.jsonl", "ana@noc", SECRETS.mask, lambda: NOON)


def filled(folder: Path, lines: int = 4) -> Path:
    log = log_in(folder)
    for number in range(lines):
        log.append("commit", "done", change="c1", device=f"r{number}", revision="abc")
    return log.path


def test_each_line_tells_who_when_what_and_seals_the_one_before(tmp_path: Path) -> None:
    path = filled(tmp_path, 2)
    first, second = read_entries(path)
    assert (first.number, first.who, first.at) == (1, "ana@noc", "2026-03-01T12:00:00.000+00:00")
    assert (first.step, first.result, first.device, first.change) == ("commit", "done", "r0", "c1")
    assert first.revision == "abc"
    assert second.previous == first.hash
    assert verify_chain(path) == ()


def test_secrets_are_masked_however_deep_they_stand(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    detail = {"diff": "key canary-9f2", "more": [{"x": "canary-9f2"}]}
    log.append("commit", "begun", detail=detail)
    assert "canary-9f2" not in log.path.read_text()
    assert log.path.read_text().count("********") == 2


def _change(lines: list[str]) -> list[str]:
    return [lines[0], lines[1].replace('"done"', '"failed"'), *lines[2:]]


def _remove(lines: list[str]) -> list[str]:
    return [lines[0], *lines[2:]]


def _swap(lines: list[str]) -> list[str]:
    return [lines[1], lines[0], *lines[2:]]


def _cut_tail(lines: list[str]) -> list[str]:
    return lines[:-1]


def _insert(lines: list[str]) -> list[str]:
    return [lines[0], lines[0], *lines[1:]]


@pytest.mark.parametrize("tamper", [_change, _remove, _swap, _cut_tail, _insert])
def test_tampering_shows(tmp_path: Path, tamper: object) -> None:
    path = filled(tmp_path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(tamper(lines)))  # type: ignore[operator]  # one of the five above
    assert verify_chain(path)


def test_a_resealed_line_still_breaks_the_chain(tmp_path: Path) -> None:
    path = filled(tmp_path)
    lines = path.read_text().splitlines()
    changed = json.loads(lines[1]) | {"who": "nobody@noc"}
    lines[1] = json.dumps(changed, sort_keys=True)
    path.write_text("\n".join(lines) + "\n")
    assert any(":2:" in problem for problem in verify_chain(path))


def test_a_torn_last_line_is_removed_by_the_next_writer_who_says_so(tmp_path: Path) -> None:
    path = filled(tmp_path, 2)
    with path.open("a") as file:
        file.write('{"number": 3, "half')
    assert [entry.number for entry in read_entries(path)] == [1, 2]
    log_in(tmp_path).append("commit", "done", device="r9")
    steps = [(entry.step, entry.device) for entry in read_entries(path)]
    assert steps == [("commit", "r0"), ("commit", "r1"), ("mend", ""), ("commit", "r9")]
    assert verify_chain(path) == ()


def test_writers_at_the_same_time_make_one_chain(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    threads = [
        threading.Thread(target=lambda: [log.append("x", "done") for _ in range(20)])
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [entry.number for entry in read_entries(log.path)] == list(range(1, 101))
    assert verify_chain(log.path) == ()


def test_a_folder_that_cannot_be_written_refuses_the_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = AuditLog(tmp_path / "file" / "audit.jsonl", "ana@noc", SECRETS.mask)
    with pytest.raises(RecordError, match="Nothing is applied that is not recorded"):
        log.append("commit", "begun")


def test_a_full_disk_refuses_the_step_and_leaves_the_log_whole(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes the kernel cut the write short, as a full disk does."""
    path = filled(tmp_path, 3)
    script = f"""
import resource, signal
from pathlib import Path
from nornir_tasks.audit import AuditLog
from nornir_tasks.errors import RecordError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = Path({str(path)!r}).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, size + 100))
try:
    AuditLog(Path({str(path)!r}), "ana@noc", str).append("commit", "begun")
except RecordError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert "Nothing is applied that is not recorded" in done.stdout
    assert len(list(read_entries(path))) == 3
    assert verify_chain(path) == ()
