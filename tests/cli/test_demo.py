"""The demo as a person runs it: a process, an address, and nothing left when it is over."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

IMERETI = str(Path(sys.executable).parent / "imereti")
READY_S = 120.0
LAB_READY_S = 280.0
END_S = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(what: Callable[[], bool], within_s: float) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + within_s
    while not (true := what()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return true


class Demo:
    """A running demo; its temporary folders lie under `folder`."""

    def __init__(self, checkout: Path, folder: Path, *words: str, **environment: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [IMERETI, "-c", str(checkout / "config.yaml"), "demo", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(folder)} | environment,
            cwd=folder,
        )
        self.said: list[str] = []
        self.printed: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.printed), (self.process.stderr, self.said))
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream: Any, lines: list[str]) -> None:
        lines.extend(line.rstrip("\n") for line in stream)

    def address(self, within_s: float = READY_S) -> str:
        def printed_or_ended() -> bool:
            return bool(self.printed) or self.process.poll() is not None

        assert eventually(printed_or_ended, within_s), self.said
        assert self.printed, self.said
        return self.printed[0]

    def links(self) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.address()}api/v1/links", params={"limit": 500}, timeout=10)
        found: list[dict[str, Any]] = answer.raise_for_status().json()
        return found

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(END_S)
        self.close()
        return code

    def close(self) -> None:
        """Read to the end; nobody else holds the pipes once the demo is gone."""
        for reader in self._readers:
            reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()

    def children(self) -> list[int]:
        """Processes that the demo started, and theirs."""
        wanted = f"TMPDIR={self.folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.process.pid:
                continue
            try:
                stat = (entry / "stat").read_text(encoding="utf-8")
                marked = wanted in (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if marked and stat.rpartition(")")[2].split()[0] != "Z":
                found.append(int(entry.name))
        return found

    def left_over(self) -> list[str]:
        return [path.name for path in self.folder.glob("imereti-demo-*")]


Start = Callable[..., Demo]


@pytest.fixture
def start(checkout: Path, tmp_path: Path) -> Iterator[Start]:
    running: list[Demo] = []

    def begin(*words: str, **environment: str) -> Demo:
        running.append(Demo(checkout, tmp_path, *words, **environment))
        return running[-1]

    yield begin
    for demo in running:
        if demo.process.poll() is None:
            demo.process.kill()
            demo.wait()
        demo.close()


def test_a_simulated_demo_shows_every_link_up_and_leaves_nothing(start: Start) -> None:
    demo = start("--simulated", "--calm", "--port", str(free_port()))

    def all_up() -> bool:
        links = demo.links()
        return len(links) == 91 and all(link["state"] == "up" for link in links)

    assert eventually(all_up, READY_S), demo.said
    assert demo.children()
    assert demo.end(signal.SIGINT) == 0, demo.said
    assert demo.children() == []
    assert demo.left_over() == []
    assert len(demo.printed) == 1


@pytest.mark.influx
def test_a_demo_on_influxdb_shows_every_link_up_and_leaves_nothing(start: Start) -> None:
    demo = start("--simulated", "--calm", "--store", "influxdb", "--port", str(free_port()))

    def carries() -> bool:
        links = demo.links()
        return all(link["state"] == "up" and link["in_bps"] for link in links)

    assert eventually(carries, READY_S), demo.said
    series = httpx.get(
        f"{demo.address()}api/v1/links/kut-zes/series", params={"metric": "in_bps"}, timeout=10
    )
    assert any(series.raise_for_status().json()["mean"])
    assert any("influxd" in Path(f"/proc/{pid}/cmdline").read_text() for pid in demo.children())
    assert demo.end(signal.SIGINT) == 0, demo.said
    assert demo.children() == []
    assert demo.left_over() == []


def test_a_simulated_link_has_traffic_within_its_bandwidth(start: Start) -> None:
    demo = start("--simulated", "--calm", "--port", str(free_port()))

    def carries() -> bool:
        return all(link["in_bps"] and link["out_bps"] for link in demo.links())

    assert eventually(carries, READY_S), demo.said
    for link in demo.links():
        assert 0 < link["in_utilisation"] <= 0.86, link
        assert 0 < link["out_utilisation"] <= 0.86, link
    assert demo.end(signal.SIGHUP) == 0, demo.said
    assert demo.children() == []


def test_a_demo_says_so_when_its_agents_are_killed(start: Start) -> None:
    demo = start("--simulated", "--calm", "--port", str(free_port()))
    demo.address()
    for child in demo.children():
        os.kill(child, signal.SIGKILL)
    assert demo.wait() == 1
    assert any("the simulated agents ended by themselves" in line for line in demo.said)
    assert not any("Traceback" in line for line in demo.said)
    assert demo.left_over() == []


def test_a_killed_demo_is_tidied_up_after_by_the_next(start: Start) -> None:
    first = start("--simulated", "--calm", "--port", str(free_port()))
    first.address()
    first.process.kill()
    first.wait()
    assert eventually(lambda: first.children() == [], END_S)
    assert len(first.left_over()) == 1
    second = start("--simulated", "--calm", "--port", str(free_port()))
    second.address()
    assert len(second.left_over()) == 1
    assert second.end() == 0
    assert second.left_over() == []


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = start("--simulated", "--port", str(port))
        assert demo.wait() == 1
    assert demo.printed == []
    assert any(f"127.0.0.1 port {port}" in line and "in use" in line for line in demo.said)
    assert not any("Traceback" in line for line in demo.said)
    assert demo.left_over() == []


def test_without_a_wish_the_next_free_port_is_taken_and_said(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = start("--simulated", "--calm", IMERETI_HTTP__PORT=str(port))
        address = demo.address()
        assert demo.end() == 0
    assert int(re.findall(r":(\d+)/", address)[0]) > port
    assert f"Port {port} of 127.0.0.1 is taken; looking for the next free one." in demo.said


def test_with_json_the_answer_is_one_document(start: Start) -> None:
    demo = start("--simulated", "--calm", "--json", "--port", str(free_port()))
    document = json.loads(demo.address())
    assert document["network"] == "simulated"
    assert demo.end() == 0
    assert len(demo.printed) == 1


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_demo_of_virtual_routers_shows_every_link_up_and_leaves_nothing(start: Start) -> None:
    demo = start("--calm", "--port", str(free_port()))
    demo.address(LAB_READY_S)

    def all_up() -> bool:
        links = demo.links()
        return len(links) == 91 and all(link["state"] == "up" for link in links)

    def tells_of_ipv6() -> bool:  # which no MIB does: it is asked over SSH
        device = httpx.get(f"{demo.address()}api/v1/devices/tbi-edge1", timeout=10)
        external = device.raise_for_status().json()["sessions"]
        return any(
            ":" in session["address"] and session["state"] == "established" and session["prefixes"]
            for session in external
        )

    assert eventually(all_up, READY_S), demo.said
    assert eventually(tells_of_ipv6, READY_S), demo.said
    assert any("virtual routers" in line for line in demo.said)
    assert demo.end(signal.SIGINT) == 0, demo.said
    assert demo.children() == []
    assert demo.left_over() == []
    assert not list(Path("/sys/class/net").glob("lab-demo*"))
