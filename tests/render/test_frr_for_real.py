"""The rendered text on the real thing: FRR, nftables, net-snmp, OpenSSH, the kernel."""

import subprocess
from pathlib import Path

import pytest

from .conftest import Files
from .router import boot, fill
from .test_golden import ROUTING

MARK = "====="
RUNNING = """
for try in $(seq 100); do
    vtysh -c 'show running-config no-header' >/run/running 2>&1 || true
    cmp -s /run/running /etc/frr/frr.conf && break
    sleep 0.1
done
cat /run/running
"""


@pytest.mark.lab
def test_frr_accepts_every_line_of_every_router(lab: dict[str, Files], tmp_path: Path) -> None:
    path = tmp_path / "frr.conf"
    for name, files in lab.items():
        if "frr.conf" in files:
            path.write_text(fill(files["frr.conf"]))
            checked = subprocess.run(
                ["vtysh", "-C", "-f", str(path)], capture_output=True, text=True, check=False
            )
            assert checked.returncode == 0, f"{name}: {checked.stdout}{checked.stderr}"


@pytest.mark.lab
def test_nftables_accepts_every_filter(lab: dict[str, Files], tmp_path: Path) -> None:
    paths = []
    for name, files in lab.items():
        if "nftables.conf" in files:
            path = tmp_path / f"{name}.conf"
            path.write_text(files["nftables.conf"])
            paths.append(path)
    assert len(paths) == 31
    script = "for file; do nft -f $file || { echo $file; exit 1; }; done"
    words = ["unshare", "--net", "sh", "-c", script, "sh", *map(str, paths)]
    loaded = subprocess.run(words, capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr


@pytest.mark.lab
@pytest.mark.parametrize("name", ROUTING)
def test_a_booted_router_runs_what_was_rendered_to_the_letter(
    name: str, lab: dict[str, Files], tmp_path: Path
) -> None:
    files = lab[name]
    reload = "python3 /usr/lib/frr/frr-reload.py --test --stdout /etc/frr/frr.conf"
    output = boot(name, files, f"echo {MARK}; {RUNNING} echo {MARK}; {reload}", tmp_path)
    _, running, delta = output.split(f"{MARK}\n")
    assert running == fill(files["frr.conf"])
    assert "Lines To" not in delta, delta


SNMP = (
    "-v3 -l authPriv -u imereti-poller -a SHA -A snmpauthxxxxxxxx -x AES -X snmpprivxxxxxxxx "
    "-On -Ovq 127.0.0.1"
)
SYS_NAME, OSPF_ROUTER_ID, BGP_LOCAL_AS = (
    ".1.3.6.1.2.1.1.5.0",
    ".1.3.6.1.2.1.14.1.1.0",
    ".1.3.6.1.2.1.15.2.0",
)


@pytest.mark.lab
def test_snmp_answers_the_user_and_gives_ospf_and_bgp(
    lab: dict[str, Files], tmp_path: Path
) -> None:
    asked = f"snmpget {SNMP} {SYS_NAME} {OSPF_ROUTER_ID} {BGP_LOCAL_AS}"
    # the daemons join snmpd (AgentX) a moment after they start, each in its own time
    both = "tr '\\n' ' ' | grep -q '10.255.0.9 64512'"
    wait = f"for try in $(seq 100); do {asked} | {both} && break; sleep 0.1; done"
    refused = "snmpget -v2c -c public -t 0.3 -r 0 127.0.0.1 .1.3.6.1.2.1.1.5.0 2>&1 || true"
    commands = f"{wait}; echo {MARK}; {asked}; {refused}"
    output = boot("tbi-edge1", lab["tbi-edge1"], commands, tmp_path)
    _, answers = output.split(f"{MARK}\n")
    name, router_id, asn, refusal = answers.splitlines()
    assert (name, router_id, asn) == ('"tbi-edge1"', "10.255.0.9", "64512")
    assert "Timeout" in refusal


@pytest.mark.lab
def test_openssh_accepts_the_server_configuration(lab: dict[str, Files], tmp_path: Path) -> None:
    key, config = tmp_path / "key", tmp_path / "sshd_config"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    text = lab["zes-rtr1"]["sshd_config"].replace("/etc/ssh/ssh_host_ed25519_key", str(key))
    config.write_text(text)
    script = f"mount -t tmpfs tmpfs /run && mkdir /run/sshd && /usr/sbin/sshd -t -f {config}"
    words = ["unshare", "--mount", "sh", "-c", script]
    checked = subprocess.run(words, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.lab
def test_a_line_that_frr_does_not_know_is_refused(lab: dict[str, Files], tmp_path: Path) -> None:
    path = tmp_path / "frr.conf"
    path.write_text(fill(lab["zes-rtr1"]["frr.conf"]).replace("ip ospf passive", "ip ospf pasive"))
    checked = subprocess.run(["vtysh", "-C", "-f", str(path)], capture_output=True, check=False)
    assert checked.returncode != 0
