"""A router that is not itself is failed in one clear line, and the others are planned."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from inventory.model import Device
from nornir_tasks.drivers.known_hosts import KnownHosts
from nornir_tasks.open_session import open_session
from nornir_tasks.plan import make_plan
from nornir_tasks.session import Access
from tests.provisioning.conftest import Ground

pytestmark = pytest.mark.lab
SNMPD = "/etc/snmp/snmpd.conf"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPm3mVh0cRcRFJwRXZ9mcMG8A5oyqQeRA0W4vSmFSmZ1"


@dataclass(frozen=True)
class Sickness:
    """What is wrong with alp-r1, and what its line must say."""

    says: str
    access: Callable[[Access, Path, Path], Access] = lambda usual, _folder, _lab_keys: usual
    command: str = ""
    """Run on the router, in the place of its snmpd.conf."""
    timeout_s: float = 60


def with_another_key(usual: Access, folder: Path, _lab_keys: Path) -> Access:
    made = folder / "other-key"
    if not made.exists():  # ssh-keygen would ask whether to write over it
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(made)]
        subprocess.run(words, check=True, timeout=60)
    return replace(usual, key_file=made)


def with_another_host(usual: Access, folder: Path, lab_keys: Path) -> Access:
    known = folder / "known_hosts"
    lines = lab_keys.read_text().splitlines()
    known.write_text("".join(f"{line.split()[0]} {OTHER_KEY}\n" for line in lines))
    return replace(usual, known_hosts=KnownHosts(known, accept_new=False))


SICK = {
    "wrong credentials": Sickness("refused", with_another_key),
    "another host key": Sickness("host key", with_another_host),
    "a file that is never read to its end": Sickness(
        "did not end within 15 s", command=f"mkfifo {SNMPD}", timeout_s=15
    ),
    "ten megabytes of output": Sickness(
        "MiB", command=f"yes '# noise' | head -c 10000000 >{SNMPD}"
    ),
}


@contextmanager
def instead_of_snmpd_conf(ground: Ground, command: str) -> Iterator[None]:
    if not command:
        yield
        return
    with closing(patient_session(ground)) as session:
        assert session._driver.router.run(f"mv {SNMPD} {SNMPD}.kept && {command}").status == 0
    try:
        yield
    finally:
        release = f"[ ! -p {SNMPD} ] || : <>{SNMPD}"  # whoever still reads gets its end
        with closing(patient_session(ground)) as session:
            put_back = f"{release}; mv -f {SNMPD}.kept {SNMPD}"
            assert session._driver.router.run(put_back).status == 0


def patient_session(ground: Ground) -> Any:
    device = ground.network.devices["alp-r1"]
    return open_session(device, replace(ground.access(device), timeout_s=60), ())


@pytest.mark.parametrize("what", SICK)
def test_a_sick_router_is_failed_in_a_line_and_the_others_go_on(
    ground: Ground, tmp_path: Path, what: str
) -> None:
    sick, lab_keys = SICK[what], ground.state.known_hosts_file

    def access(device: Device) -> Access:
        usual = replace(ground.access(device), timeout_s=60)
        if device.name != "alp-r1":
            return usual
        return sick.access(replace(usual, timeout_s=sick.timeout_s), tmp_path, lab_keys)

    with (
        instead_of_snmpd_conf(ground, sick.command),
        ground.work(tmp_path, access=access) as work,
    ):
        plan = make_plan(work, ground.routers)
    rows = {one.device: one for one in plan.devices}
    assert rows["alp-r1"].state == "failed"
    assert rows["alp-r1"].error.startswith("alp-r1: ")
    assert sick.says in rows["alp-r1"].error
    assert len(rows["alp-r1"].error) < 600
    assert {one.state for name, one in rows.items() if name != "alp-r1"} == {"unchanged"}
    assert plan.exit_code == 1
    ground.is_as_rendered(tmp_path / "after")
