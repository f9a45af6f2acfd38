"""Samples that wait on disk: in order, bounded, and sound whatever happens to the process."""

import errno
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.errors import StoreError
from monitor.metrics import SERIES_METRICS
from monitor.spool import Spool
from monitor.store.base import LinkSample, link_sample
from monitor.values import Quality

T0 = 1_790_000_000.0
PLENTY = 1_000_000_000


def samples(first: int, count: int, link: str = "kut-zes") -> list[LinkSample]:
    return [link_sample(link, T0 + at, in_bps=at * 1.5) for at in range(first, first + count)]


def drained(spool: Spool, limit: int = 5000) -> list[LinkSample]:
    found: list[LinkSample] = []
    while taken := spool.take(limit):
        found += taken.rows
        spool.done(taken)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    opened = Spool(folder, PLENTY)
    yield opened
    opened.close()


def test_what_went_in_comes_out_in_order_with_every_value(spool: Spool) -> None:
    values = tuple(at + 0.25 for at in range(len(SERIES_METRICS)))
    odd = LinkSample("kha-zes", T0 + 0.123, Quality.RESET, 0.0)
    went_in = [LinkSample("kut-zes", T0, Quality.WRAP, 10.01, values), odd, *samples(1, 50)]
    spool.append(went_in[:20])
    spool.append(went_in[20:])
    assert spool.waiting == len(went_in)
    assert drained(spool, limit=7) == went_in
    assert spool.waiting == 0
    assert spool.size_bytes == 0
    assert spool.take(10) is None


def test_what_was_not_confirmed_is_given_again(spool: Spool) -> None:
    spool.append(samples(0, 10))
    first, second = spool.take(10), spool.take(10)
    assert first == second
    assert spool.waiting == 10


def test_it_goes_on_where_the_last_process_stopped(folder: Path) -> None:
    before = Spool(folder, PLENTY)
    for part in range(5):
        before.append(samples(part * 10, 10))
    for _ in range(2):
        taken = before.take(10)
        assert taken is not None
        before.done(taken)
    before.close()
    after = Spool(folder, PLENTY)
    assert after.waiting == 30
    after.append(samples(50, 10))
    assert drained(after) == samples(20, 40)
    after.append(samples(90, 1))
    assert drained(after) == samples(90, 1)
    after.close()


def test_beyond_its_limit_the_oldest_go_and_are_counted(folder: Path) -> None:
    limit = 200_000
    spool = Spool(folder, limit)
    for part in range(400):
        spool.append(samples(part * 10, 10))
        assert sum(path.stat().st_size for path in folder.iterdir()) <= limit
    found = drained(spool)
    assert spool.dropped > 0
    assert found == samples(4000 - len(found), len(found))
    assert len(found) + spool.dropped == 4000
    assert len(found) > 1000  # most of the limit is used
    spool.close()


def test_what_is_given_up_while_it_is_being_stored_does_no_harm(folder: Path) -> None:
    spool = Spool(folder, 40_000)
    spool.append(samples(0, 10))
    taken = spool.take(10)
    for part in range(1, 100):
        spool.append(samples(part * 10, 10))
    assert taken is not None
    spool.done(taken)
    found = drained(spool)
    assert found[-1] == samples(999, 1)[0]
    assert len(found) + spool.dropped == 1000
    spool.close()


def test_a_second_process_is_refused(spool: Spool, folder: Path) -> None:
    with pytest.raises(StoreError, match=r"another monitor.*store\.spool"):
        Spool(folder, PLENTY)


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match=r"file.*can't be used for what waits"):
        Spool(tmp_path / "file" / "spool", PLENTY)


def test_a_full_disk_is_said_and_leaves_the_spool_as_it_was(
    spool: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A small file system needs root: test_store_full_disk.py has one. Here the system call fails
    # half-way, as it does there.
    spool.append(samples(0, 10))
    real = os.write

    def half(file: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, data[: len(data) // 2])

    with monkeypatch.context() as patched:
        patched.setattr("monitor.segments.os.write", half)
        with pytest.raises(StoreError, match=r"No space left.*They stay in memory"):
            spool.append(samples(10, 10))
    assert spool.waiting == 10
    spool.append(samples(20, 10))
    assert drained(spool) == samples(0, 10) + samples(20, 10)


@pytest.mark.parametrize("cut", [1, 9, 10, 60, 400])
def test_a_line_that_was_cut_off_is_passed_over_and_the_next_follows_it(
    folder: Path, cut: int
) -> None:
    spool = Spool(folder, PLENTY)
    spool.append(samples(0, 10))
    spool.append(samples(10, 10))
    spool.close()
    (segment,) = folder.glob("*.samples")
    os.truncate(segment, segment.stat().st_size - cut)
    again = Spool(folder, PLENTY)
    assert again.waiting == 10
    again.append(samples(20, 10))
    assert drained(again) == samples(0, 10) + samples(20, 10)
    again.close()


def test_a_damaged_line_costs_itself_and_no_other(folder: Path) -> None:
    spool = Spool(folder, PLENTY)
    for part in range(3):
        spool.append(samples(part * 10, 10))
    spool.close()
    (segment,) = folder.glob("*.samples")
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"kut-zes", b"kut-bag", 1)
    segment.write_bytes(b"".join(lines))
    again = Spool(folder, PLENTY)
    assert again.waiting == 20
    assert drained(again) == samples(0, 10) + samples(20, 10)
    assert again.waiting == 0
    again.close()


def test_metrics_of_another_program_version_keep_their_names(folder: Path) -> None:
    spool = Spool(folder, PLENTY)
    spool.append([link_sample("kut-zes", T0, in_bps=7.0, rtt_ms=3.0)])
    spool.close()
    (segment,) = folder.glob("*.samples")
    head, _, rest = segment.read_bytes().partition(b"\n")
    segment.write_bytes(head.replace(b"in_bps", b"in_furlongs") + b"\n" + rest)
    again = Spool(folder, PLENTY)
    assert drained(again) == [link_sample("kut-zes", T0, rtt_ms=3.0)]
    again.close()


WRITES = """
import sys
from pathlib import Path
from monitor.spool import Spool
from monitor.store.base import link_sample
spool, at = Spool(Path(sys.argv[1]), 10**9), int(sys.argv[2])
while True:
    spool.append([link_sample("kut-zes", float(at + n), in_bps=1.0) for n in range(5)])
    at += 5
    print("in", at, flush=True)
    if at % 15 == 0 and (taken := spool.take(10)):
        print("out", *(int(each.at) for each in taken.rows), flush=True)
        spool.done(taken)
"""


def test_killed_at_random_moments_nothing_that_was_promised_is_lost_or_corrupt(
    folder: Path,
) -> None:
    chance, first = random.Random(7), 0
    promised, stored = set[int](), set[int]()
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", WRITES, str(folder), str(first)],
            stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            left = chance.randrange(1, 120)
            for line in process.stdout:
                word, *numbers = line.split()
                if word == "in":
                    first = int(numbers[0])
                    promised.update(range(first - 5, first))
                else:
                    stored.update(map(int, numbers))
                left -= 1
                if left == 0:
                    os.kill(process.pid, signal.SIGKILL)
        first += 5  # the next batch may be there, although nobody was told
    spool = Spool(folder, PLENTY)
    rest = [int(each.at) for each in drained(spool)]
    assert rest == sorted(set(rest))
    assert promised <= stored | set(rest)
    spool.close()
