"""`imereti doctor` on machines and configurations that lack something."""

import json
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.preflight import neighbour_limits

IMERETI = str(Path(sys.executable).parent / "imereti")


def doctor(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [IMERETI, *words, "doctor"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env=os.environ | environment,
    )


def checks(folder: Path, **environment: str) -> dict[str, dict[str, Any]]:
    """Findings by name."""
    finished = doctor(folder, "--json", **environment)
    document = json.loads(finished.stdout)
    assert finished.returncode == (0 if document["ok"] else 1)
    return {finding["name"]: finding for finding in document["checks"]}


@pytest.fixture
def place(checkout: Path, tmp_path: Path) -> Path:
    """A folder with a configuration of its own over the default inventory."""
    (tmp_path / "config.yaml").write_text(
        f"paths: {{inventory: {checkout / 'inventory'}, templates: {checkout / 'templates'}}}\n",
        encoding="utf-8",
    )
    return tmp_path


def test_a_whole_installation_lacks_nothing_required(place: Path) -> None:
    found = checks(place)
    assert [name for name, each in found.items() if each["required"] and not each["ok"]] == []
    assert found["inventory"]["found"] == "47 sites, 76 devices, 91 links"
    assert list(place.iterdir()) == [place / "config.yaml"], "a doctor changes nothing"


def test_the_table_ends_with_a_count(place: Path) -> None:
    finished = doctor(place)
    assert finished.returncode == 0
    assert "config.yaml" in finished.stdout
    assert "0 to mend" in finished.stderr or "Nothing is missing" in finished.stderr


def test_a_wrong_setting_is_named_with_its_line(place: Path) -> None:
    (place / "config.yaml").write_text("poll:\n  intervall_s: 3\n", encoding="utf-8")
    finding = checks(place)["config.yaml"]
    assert not finding["ok"]
    assert "config.yaml:2" in finding["found"]
    assert "intervall_s" in finding["found"]


def test_a_missing_inventory_is_named_with_the_command_that_tells_more(place: Path) -> None:
    finding = checks(place, IMERETI_PATHS__INVENTORY=str(place / "nowhere"))["inventory"]
    assert not finding["ok"]
    assert finding["mend"] == "imereti validate"


def test_whether_links_can_be_pinged_is_said_but_not_required(place: Path) -> None:
    """As root they always can; else as net.ipv4.ping_group_range says."""
    row = checks(place)["pings of links and sites"]
    assert row["required"] is False
    assert row["ok"] is ("allowed" in row["found"] and "not" not in row["found"])
    assert row["ok"] or "ping_group_range" in row["mend"]


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_the_kernels_table_of_neighbours_is_held_against_what_a_lab_needs(
    place: Path, family: str
) -> None:
    limits = neighbour_limits()
    if family not in limits:
        pytest.skip("inside a network namespace the limit can't be read")
    row = checks(place)[f"{family} neighbours"]
    found = re.fullmatch(r"(\d+) in all namespaces \(gc_thresh3\), a lab needs (\d+)", row["found"])
    assert found
    assert int(found[1]) == limits[family]
    assert 500 < int(found[2]) < 1000  # 253 wires and 76 management ports, two ends each
    assert row["ok"] is (int(found[1]) >= int(found[2]))
    assert row["mend"].startswith(f"sudo sysctl -w net.{family}.neigh.default.gc_thresh2=")
    assert row["mend"].endswith(f"gc_thresh3={8 * int(found[2])}")
    assert not row["required"]


def test_a_taken_port_is_said_but_not_required(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finding = checks(place, IMERETI_HTTP__PORT=str(port))[f"address 127.0.0.1:{port}"]
    assert not finding["ok"]
    assert not finding["required"]
    assert "in use" in finding["found"]


def test_secrets_that_others_can_read_are_refused(place: Path) -> None:
    secrets = place / "secrets"
    secrets.write_text("OSPF_KEY=x\n", encoding="utf-8")
    secrets.chmod(stat.S_IRUSR | stat.S_IRGRP)
    finding = checks(place, IMERETI_SECRETS__FILE=str(secrets))["secrets"]
    assert not finding["ok"]
    assert "expected mode 0600, found 0440" in finding["found"]


def test_present_secrets_are_counted_and_never_shown(place: Path) -> None:
    secrets = place / "secrets"
    secrets.write_text("OSPF_KEY=open-sesame\n", encoding="utf-8")
    secrets.chmod(stat.S_IRUSR | stat.S_IWUSR)
    finished = doctor(place, "--json", IMERETI_SECRETS__FILE=str(secrets))
    assert "open-sesame" not in finished.stdout + finished.stderr
    found = {each["name"]: each for each in json.loads(finished.stdout)["checks"]}["secrets"]
    assert "OSPF_KEY" not in found["found"]
    assert "SNMP_AUTH" in found["found"]


def test_missing_programs_are_named_with_what_installs_them(place: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    found = checks(place, PATH=str(bare))
    assert not found["Chromium"]["ok"]
    assert found["Chromium"]["mend"] == "make setup (as root)"
    assert not found["Chromium"]["required"]
