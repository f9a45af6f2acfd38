"""The part of the lab's driver that runs inside the lab: namespaces, small containers, scripts.

`python -m lab.inside`, entered with nsenter: one JSON list of steps on stdin, one JSON list of
their results on stdout. It knows nothing of routers; it only does what the steps say, in order,
and needs nothing but the standard library, so that it starts in 30 ms.

    {"do": "sysctls", "sysctls": {...}}
    {"do": "namespaces", "names": [...], "sysctls": [{"net/ipv4/ip_forward": "1"}, ...]}
    {"do": "ip", "namespace": "" | NAME, "lines": [...]}
    {"do": "nft", "text": "..."}
    {"do": "tc", "lines": [...]}
    {"do": "containers", "containers": [{"name", "binds": [[source, target], ...]}, ...]}
    {"do": "scripts", "parallel": N, "nice": N, "scripts": {NAME: SCRIPT}}   -> {NAME: [exit, text]}
    {"do": "await", "names": [...], "status": FILE, "said": FILE}            -> {NAME: [exit, text]}
    {"do": "folders", "names": [...]}  what containers of another engine mount as their /run
    {"do": "adopt", "pids": {NAME: PID | null}}  containers that another engine started
    {"do": "kill", "names": [...]}     power off: the container's processes end, its wires with it
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

from lab import kernel
from lab.idle import become_idle

NETNS = Path("/run/netns")
NODES = Path("/run/nodes")
INIT = "init.pid"
"""In a container's folder: the process id of its process 1, as the keeper's /proc counts."""
SCRIPT_TIMEOUT_S = 60
KILL_TIMEOUT_S = 5
AWAIT_TIMEOUT_S, AWAIT_POLL_S = 120, 0.02
TIMED_OUT = 124
READ_ONLY_MOUNT = 1

Step = dict[str, Any]


def make_namespaces(step: Step) -> None:
    """Make network namespaces, each pinned by a file of its name that `ip -n NAME` finds."""
    NETNS.mkdir(parents=True, exist_ok=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    for name, sysctls in zip(step["names"], step["sysctls"], strict=True):
        pin = NETNS / name
        pin.touch()
        kernel.unshare(kernel.CLONE_NEWNET)
        write_sysctls(sysctls)
        kernel.mount("/proc/self/ns/net", str(pin), flags=kernel.MS_BIND)
    kernel.setns(f"/proc/self/fd/{home}")
    os.close(home)


def write_sysctls(sysctls: dict[str, str]) -> None:
    """Set them for the network namespace of this process; one the kernel lacks is left out."""
    for name, value in sysctls.items():
        file = Path("/proc/sys", name)
        if file.exists():
            file.write_text(value)


def run_ip(step: Step) -> None:
    """All lines in one `ip -batch`; the first that fails is named."""
    where = ["-n", step["namespace"]] if step["namespace"] else []
    _run_input(["ip", *where, "-batch", "-"], "\n".join(step["lines"]) + "\n", step["lines"])


def run_nft(step: Step) -> None:
    """Load a ruleset into the namespace of the wires, all or nothing."""
    _run_input(["nft", "-f", "-"], step["text"], [])


def run_tc(step: Step) -> None:
    """All lines in one `tc -batch`, for the namespace of the wires."""
    _run_input(["tc", "-batch", "-"], "\n".join(step["lines"]) + "\n", step["lines"])


def _run_input(command: list[str], text: str, lines: list[str]) -> None:
    result = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=SCRIPT_TIMEOUT_S, check=False
    )
    if result.returncode != 0:
        said = result.stderr.strip()
        number = said.rpartition("Command failed -:")[2]
        line = f" ({lines[int(number) - 1]})" if lines and number.isdigit() else ""
        raise RuntimeError(f"{' '.join(command)}: {said}{line}")


def start_containers(step: Step) -> None:
    """Start them one after the other; each takes a few milliseconds."""
    for container in step["containers"]:
        start_container(container["name"], container["binds"])


def start_container(name: str, binds: list[list[str]]) -> None:
    """A process tree of its own, with its own folders over those of the machine.

    /run is a folder of the lab's own /run, so that the sockets in it can be reached from outside.
    """
    folder = NODES / name
    (folder / "run").mkdir(parents=True, exist_ok=True)
    told_read, told_write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told_read)
        _become_container(name, binds, told_write)
    os.close(told_write)
    told = os.read(told_read, 4096).decode()
    os.close(told_read)
    os.waitpid(child, 0)
    if not told.isdigit():
        raise RuntimeError(f"{name}: {told or 'its container ended while it was made'}")
    (folder / INIT).write_text(told)


def _become_container(name: str, binds: list[list[str]], told: int) -> NoReturn:
    try:
        kernel.setns(NETNS / name)
        kernel.unshare(
            kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWPID
        )
        kernel.set_hostname(name)
        for source, target in binds:
            kernel.mount(source, target, flags=kernel.MS_BIND)
        kernel.mount("tmpfs", "/var/tmp", "tmpfs")  # noqa: S108  (the container's own)
        kernel.mount(str(NODES / name / "run"), "/run", flags=kernel.MS_BIND)
        init = os.fork()
        if init == 0:
            _become_init()
        os.write(told, str(init).encode())
        os._exit(0)
    except OSError as error:
        os.write(told, str(error).encode())
        os._exit(1)


def _become_init() -> NoReturn:
    try:
        os.setsid()
        kernel.mount("proc", "/proc", "proc")
        kernel.mount("sysfs", "/sys", "sysfs", READ_ONLY_MOUNT)
        os.closerange(3, 256)
        become_idle()
    except OSError:
        os._exit(1)


def run_scripts(step: Step) -> dict[str, tuple[int, str]]:
    """A shell script inside each container; the exit status and all that it printed."""
    scripts: dict[str, str] = step["scripts"]

    def run(name: str) -> tuple[int, str]:
        command = [*enter_command(Path("/"), name), "sh", "-s"]
        if step["nice"]:
            command = ["nice", "-n", str(step["nice"]), *command]
        try:
            done = subprocess.run(
                command,
                input=scripts[name],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=SCRIPT_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return TIMED_OUT, f"did not end within {SCRIPT_TIMEOUT_S} s"
        return done.returncode, done.stdout

    with ThreadPoolExecutor(step["parallel"]) as pool:
        return dict(zip(scripts, pool.map(run, scripts), strict=True))


def await_files(step: Step) -> dict[str, tuple[int, str]]:
    """What containers that run a script by themselves leave of it in their /run.

    Read from here: to enter each would cost more than most of them still have to do.
    """
    deadline = time.monotonic() + AWAIT_TIMEOUT_S
    found: dict[str, tuple[int, str]] = {}
    for name in step["names"]:
        run = NODES / name / "run"
        while not (status := _text(run / step["status"])) and time.monotonic() < deadline:
            time.sleep(AWAIT_POLL_S)
        late = TIMED_OUT, f"did not end within {AWAIT_TIMEOUT_S} s"
        found[name] = (int(status), _text(run / step["said"])) if status else late
    return found


def _text(file: Path) -> str:
    """Of a file that may not be there yet."""
    try:
        return file.read_text(errors="replace")
    except FileNotFoundError:
        return ""


def enter_command(root: Path, name: str) -> list[str]:
    """The nsenter that runs what follows it inside a container; OSError when it is off.

    `root` is / inside the lab, and /proc/<keeper>/root from outside.
    """
    init = (root / str(NODES / name / INIT).lstrip("/")).read_text()
    namespaces = root / "proc" / init / "ns"
    kinds = {"mount": "mnt", "net": "net", "uts": "uts", "ipc": "ipc", "pid": "pid"}
    return ["nsenter", *(f"--{word}={namespaces / kind}" for word, kind in kinds.items()), "--"]


def make_folders(step: Step) -> None:
    """The /run of each container to come, within the lab's own."""
    for name in step["names"]:
        (NODES / name / "run").mkdir(parents=True, exist_ok=True)


def adopt_containers(step: Step) -> None:
    """Make another engine's containers reachable at the places where our own are.

    Where no process 1 is given, containerlab has left a link to its namespace, at the pin's place.
    """
    NETNS.mkdir(parents=True, exist_ok=True)
    for name, given in step["pids"].items():
        pin = NETNS / name
        pid = given or str(pin.readlink()).split("/")[2]  # /proc/<pid>/ns/net
        pin.unlink(missing_ok=True)  # which leads nowhere from outside
        pin.touch()
        try:
            kernel.mount(f"/proc/{pid}/ns/net", str(pin), flags=kernel.MS_BIND)
        except FileNotFoundError:
            raise RuntimeError(f"the container of {name} ended while it was made.") from None
        (NODES / name / INIT).write_text(str(pid))


def kill_containers(step: Step) -> None:
    """Power off: SIGKILL to pid 1, which takes all others along, then drop the namespaces."""
    for name in step["names"]:
        folder = NODES / name
        if (folder / INIT).exists():
            _kill(int((folder / INIT).read_text()))
            (folder / INIT).unlink()
        if (NETNS / name).exists():
            kernel.unmount(str(NETNS / name))
            (NETNS / name).unlink()


def _kill(process: int) -> None:
    descriptor = os.pidfd_open(process)
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        os.close(descriptor)
    deadline = time.monotonic() + KILL_TIMEOUT_S
    while Path(f"/proc/{process}").exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"process {process} did not end within {KILL_TIMEOUT_S} s")
        time.sleep(0.005)


def set_sysctls(step: Step) -> None:
    """For the namespace of the wires."""
    write_sysctls(step["sysctls"])


DO: dict[str, Callable[[Step], Any]] = {
    "sysctls": set_sysctls,
    "namespaces": make_namespaces,
    "ip": run_ip,
    "nft": run_nft,
    "tc": run_tc,
    "containers": start_containers,
    "scripts": run_scripts,
    "await": await_files,
    "folders": make_folders,
    "adopt": adopt_containers,
    "kill": kill_containers,
}


def main() -> int:
    """Do all steps, or stop at the first that fails: exit 1, the reason on stderr."""
    results = []
    for step in json.load(sys.stdin):
        try:
            results.append(DO[step["do"]](step))
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    json.dump(results, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
