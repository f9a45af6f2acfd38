"""The backup: a git history without secrets and without noise, and candidates to go back to."""

import subprocess
from pathlib import Path

import pytest

from inventory.errors import InputError
from inventory.secrets import Secrets
from nornir_tasks.backup import Backups
from nornir_tasks.errors import RecordError
from nornir_tasks.scrub import scrubbed

SECRETS = Secrets({"OSPF_KEY": "canary-9f2"}, "nowhere")
IOS = """\
Building configuration...

Current configuration : 2231 bytes
!
! Last configuration change at 10:11:12 UTC Mon Nov 23 2026 by netadmin
!
hostname zes-rtr1
enable secret 9 $9$abc$def
interface GigabitEthernet0/0/0
 ip ospf message-digest-key 1 md5 canary-9f2
 ip address 10.0.0.1 255.255.255.0
ip route 10.1.0.0 255.255.0.0 Null0
ip route 10.2.0.0 255.255.0.0 Null0
end
"""
NFT = "table inet router {\n\tchain a {\n\t\taccept\n\t\tdrop\n\t}\n}\n"


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def backups(folder: Path) -> Backups:
    return Backups(folder / "backup", "ana@noc")


def kept(text: str) -> dict[str, dict[str, str]]:
    return {"zes-rtr1": {"zes-rtr1.cfg": scrubbed(text, SECRETS)}}


def test_known_secrets_become_placeholders_and_unknown_ones_go(tmp_path: Path) -> None:
    text = scrubbed(IOS, SECRETS)
    assert "md5 <<OSPF_KEY>>" in text
    assert "enable secret 9 <removed>" in text
    assert "canary-9f2" not in text
    assert "$9$" not in text


def test_a_known_secret_in_its_stored_form_becomes_its_placeholder() -> None:
    """So that a backup of an IOS device can be gone back to."""
    secrets = Secrets({"OTHER": "something else", "KEY": "cisco"}, "")
    text = (
        "enable secret 9 $9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM\n"
        "interface GigabitEthernet0/0/0\n"
        " ip ospf message-digest-key 1 md5 7 02050D480809\n"
        " ip ospf message-digest-key 2 md5 7 070C285F4D06\n"
        "username ana secret 9 $9$nhEmQVczB7dqsO$Y.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM\n"
    )
    made = scrubbed(text, secrets, "interface x\n ip ospf message-digest-key 1 md5 <<KEY>>\n")
    assert " ip ospf message-digest-key 1 md5 <<KEY>>\n" in made
    assert " ip ospf message-digest-key 2 md5 <<KEY>>\n" in made
    assert "enable secret 0 <<KEY>>\n" in made
    assert "username ana secret 9 <removed>\n" in made


@pytest.mark.parametrize(
    "line",
    [
        " ip ospf message-digest-key 1 md5 hunter2",
        " ip ospf message-digest-key 1 md5 7 hunter2",
        " neighbor 10.0.0.1 password hunter2",
        " ipv6 ospf6 authentication key-id 1 hash-algo hmac-sha-256 key hunter2",
        "  key-string 7 hunter2",
        "enable secret hunter2",
        "username ana privilege 15 secret 9 hunter2",
        "snmp-server user p g v3 auth sha hunter2 priv aes 128 hunter2",
        "snmp-server community hunter2 RO",
    ],
)
def test_a_secret_typed_by_hand_is_not_kept(line: str) -> None:
    assert "hunter2" not in scrubbed(f"hostname x\n{line}\n", Secrets({}, ""))


def test_who_and_what_are_in_the_message(tmp_path: Path) -> None:
    made = backups(tmp_path).save(kept(IOS), "Backup")
    assert made.changed == ("zes-rtr1",)
    message = git(tmp_path / "backup", "log", "-1", "--format=%an <%ae>%n%B")
    assert "ana <ana@noc>" in message
    assert "Backup: zes-rtr1" in message
    assert "running/zes-rtr1/zes-rtr1.cfg" in message


@pytest.mark.parametrize(
    "noise",
    [
        IOS,
        IOS.replace("10:11:12", "11:00:00").replace("netadmin", "nino"),
        IOS.replace("2231 bytes", "2232 bytes"),
        IOS.replace("hostname zes-rtr1\n", "").replace("end\n", "hostname zes-rtr1\nend\n"),
    ],
)
def test_noise_makes_no_commit(tmp_path: Path, noise: str) -> None:
    store = backups(tmp_path)
    store.save(kept(IOS), "Backup")
    assert store.save(kept(noise), "Backup").commit == ""
    assert git(tmp_path / "backup", "rev-list", "--count", "HEAD").strip() == "1"


@pytest.mark.parametrize(
    "change",
    [
        IOS.replace("10.1.0.0", "10.3.0.0"),
        IOS.replace("hostname zes-rtr1", "hostname zes-rtr2"),
        IOS.replace(" ip address 10.0.0.1 255.255.255.0\n", ""),
    ],
)
def test_a_changed_line_makes_a_commit(tmp_path: Path, change: str) -> None:
    store = backups(tmp_path)
    store.save(kept(IOS), "Backup")
    assert store.save(kept(change), "Backup").commit


def test_the_order_of_firewall_rules_is_no_noise(tmp_path: Path) -> None:
    store = backups(tmp_path)
    store.save({"r": {"nftables.conf": NFT}}, "Backup")
    turned = NFT.replace("\t\taccept\n\t\tdrop\n", "\t\tdrop\n\t\taccept\n")
    assert store.save({"r": {"nftables.conf": turned}}, "Backup").commit


def test_an_applys_candidates_are_read_back_by_its_id(tmp_path: Path) -> None:
    store = backups(tmp_path)
    candidates = {"a": {"frr.conf": "hostname a\n"}, "b": {"frr.conf": "hostname <<B>>\n"}}
    store.keep("20260301-1", candidates, "Candidates")
    assert store.read("20260301-1") == candidates
    commit = store.save(kept(IOS), "Backup").commit
    assert store.read(commit) == kept(IOS)


def test_an_unknown_revision_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no apply and no backup is called 'x'"):
        backups(tmp_path).read("x")


def test_a_lock_left_by_a_killed_git_is_no_obstacle(tmp_path: Path) -> None:
    store = backups(tmp_path)
    store.save(kept(IOS), "Backup")
    (tmp_path / "backup" / ".git" / "index.lock").write_text("")
    assert store.save(kept(IOS.replace("10.1", "10.3")), "Backup").commit


def test_a_place_that_cannot_be_written_refuses(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError):
        Backups(tmp_path / "file" / "backup", "ana@noc").save(kept(IOS), "Backup")
