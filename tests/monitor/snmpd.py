"""A real snmpd of net-snmp, in the foreground, on a free UDP port of loopback."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER, AUTH, PRIV = "watcher", "authentication-pass", "privacy-passphrase"
COMMUNITY = "tests"


@dataclass
class Snmpd:
    """A running agent."""

    port: int
    folder: Path
    auth: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        environ = {**os.environ, "SNMP_PERSISTENT_DIR": str(self.folder / "state"), "MIBS": ""}
        log = (self.folder / "snmpd.log").open("wb")
        self.process = subprocess.Popen(
            ["snmpd", "-f", "-Lo", "-C", "-c", str(self.folder / "snmpd.conf"), "-I",
             "-smux,systemstats_linux"],
            env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        log.close()
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "snmpd.log").read_text()
            assert time.monotonic() < deadline, "snmpd did not answer within 20 s"

    def stop(self) -> None:
        """End it."""
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def _answers(self) -> bool:
        words = ["snmpget", "-v2c", "-c", COMMUNITY, "-t", "0.2", "-r", "0", "-On",
                 f"127.0.0.1:{self.port}", ".1.3.6.1.2.1.1.3.0"]  # fmt: skip
        return subprocess.run(words, capture_output=True, check=False).returncode == 0


def free_udp_port() -> int:
    """A port that nobody has now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_snmpd(folder: Path, auth: str = "SHA") -> Iterator[Snmpd]:
    """An snmpd with a v2c community and an authPriv user (`auth` SHA or SHA-256, AES)."""
    assert shutil.which("snmpd"), "net-snmp is missing: apt-get install snmpd snmp"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "state").mkdir(exist_ok=True)
    port = free_udp_port()
    (folder / "snmpd.conf").write_text(
        f"agentAddress udp:127.0.0.1:{port}\n"
        f"rocommunity {COMMUNITY} 127.0.0.1\n"
        f'createUser {USER} {auth} "{AUTH}" AES "{PRIV}"\n'
        f"rouser {USER} priv\n"
    )
    agent = Snmpd(port, folder, auth)
    try:
        agent.start()
        yield agent
    finally:
        agent.stop()
