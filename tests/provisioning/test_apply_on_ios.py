"""The same apply against cisco_ios: NAPALM's driver, netmiko and the stand-in's habits."""

import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from inventory.model import Device, SnmpUser
from inventory.secrets import Secrets
from lab.ios_standin.faults import Faults
from nornir_tasks.apply import execute
from nornir_tasks.audit import read_entries
from nornir_tasks.collect import back_up, drift
from nornir_tasks.fleet import Fleet
from nornir_tasks.interrupted import loose_ends
from nornir_tasks.plan import make_plan
from nornir_tasks.session import Access, Files
from tests.provisioning.ios_region import OPTIONS, SHORT, ServedRegion, described
from tests.provisioning.spilling import spilt
from tests.provisioning.working import replaced


def test_devices_that_run_what_was_rendered_have_no_plan(region: ServedRegion) -> None:
    with region.work() as work:
        plan = make_plan(work, region.names)
    assert {one.device: (one.diff, one.error) for one in plan.devices} == dict.fromkeys(
        region.names, ("", "")
    )
    assert plan.exit_code == 0


def test_a_change_is_shown_confirmed_and_saved(region: ServedRegion) -> None:
    with region.work(described("alp-r1")) as work:
        plan = make_plan(work, region.names)
        changed = {one.device: one.diff for one in plan.devices if one.diff}
        assert changed == {
            "alp-r1": " interface GigabitEthernet0/0/0\n"
            "- description hq-alp to hq-core1\n"
            "+ description changed hq-alp to hq-core1"
        }
        report = execute(work, plan, OPTIONS, "c1", "test@noc")
        assert report.exit_code == 0, report
        assert make_plan(work, region.names).exit_code == 0
    for text in (region.running("alp-r1"), region.startup("alp-r1")):
        assert "description changed hq-alp to hq-core1" in text


def test_a_wrong_ospf_key_takes_itself_back(region: ServedRegion) -> None:
    before = region.running("alp-r1")
    edit = replaced("alp-r1", "alp-r1.cfg", "md5 <<LAKE_OSPF_KEY>>", "md5 wrong", 1)
    with region.work(edit) as work:
        report = region.apply(work)
        assert report.exit_code == 3
        checks = [text for one in report.devices for text in one.checks]
        assert any("OSPF adjacency - expected Full" in text for text in checks), checks
    assert region.running("alp-r1") == before
    with region.work() as work:
        assert make_plan(work, region.names).exit_code == 0


def leaking(name: str, files: Files) -> Files:
    """Everything that is connected goes into BGP, and the list to the carrier holds nothing back.

    One of the two alone leaks nothing.
    """
    if name != "hq-core1":
        return files
    text = files["hq-core1.cfg"]
    opened = text.replace(
        "ip prefix-list carrier-out4 seq 5 ",
        "ip prefix-list carrier-out4 seq 1 permit 0.0.0.0/0 le 32\n"
        "ip prefix-list carrier-out4 seq 5 ",
    )
    made = opened.replace(
        "  network 10.65.0.0 mask 255.255.0.0\n",
        "  redistribute connected\n  network 10.65.0.0 mask 255.255.0.0\n",
    )
    assert made.count("\n") == text.count("\n") + 2
    return {"hq-core1.cfg": made}


def test_a_prefix_that_leaks_out_of_the_region_takes_itself_back(region: ServedRegion) -> None:
    before = region.running("hq-core1")
    with region.work(leaking) as work:
        report = region.apply(work)
    assert report.exit_code == 3, report
    (row,) = (one for one in report.devices if one.result)
    assert (row.device, row.result) == ("hq-core1", "reverted")
    (said,) = row.checks
    loopback = region.network.devices["hq-core1"].router_id
    assert said.startswith("hq-core1 carrier 192.0.2.130: BGP prefixes announced - expected only")
    assert f"{loopback}/32" in said
    assert region.running("hq-core1") == before
    with region.work() as work:
        assert make_plan(work, region.names).exit_code == 0


def test_a_change_that_cuts_the_management_takes_itself_back(region: ServedRegion) -> None:
    before = region.running("alp-r1")
    edit = replaced("alp-r1", "alp-r1.cfg", "transport input ssh", "transport input none")
    with region.work(edit) as work:
        report = region.apply(work, options=SHORT)
    assert report.exit_code == 3, report
    assert region.running("alp-r1") == before


def test_a_switch_that_locks_its_managers_out_takes_that_back(region: ServedRegion) -> None:
    edit = replaced("alp-sw1", "alp-sw1.cfg", "transport input ssh", "transport input none")
    with region.work(edit) as work:
        report = region.apply(work, ("alp-sw1",), SHORT)
    (row,) = report.devices
    assert (row.result, report.exit_code) == ("reverted", 3), report
    assert row.checks or row.error.startswith("alp-sw1: ")
    with region.work() as work:
        assert make_plan(work, ("alp-sw1",)).exit_code == 0


def test_a_line_that_ios_refuses_restores_what_ran(region: ServedRegion) -> None:
    before = region.running("alp-r1")
    edit = replaced("alp-r1", "alp-r1.cfg", "lldp run", "lldp run\nno such command")
    with region.work(edit) as work:
        report = region.apply(work)
    (row,) = (one for one in report.devices if one.result)
    assert (row.device, row.result) == ("alp-r1", "reverted")
    assert "no such command" in row.error
    assert region.running("alp-r1") == before


COMPARES = "show archive config differences"
FAULTS = {
    "wrong credentials": (Faults(refuse_auth=True), "refused the login of laker"),
    "a prompt that never comes": (Faults(hang_at=COMPARES), "found none within 10 s"),
    "ten megabytes of output": (Faults(flood_at=COMPARES), "found 9 MiB of something else"),
    "a connection that is cut": (Faults(drop_at=COMPARES), "found a lost session"),
    "no room on flash": (Faults(flash_full=True), "No space left on device"),
    "a file that arrives broken": (Faults(corrupt_transfer=True), "did not arrive whole on flash"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_sick_device_is_failed_in_a_line_and_the_others_go_on(
    region: ServedRegion, capfd: pytest.CaptureFixture[str], what: str
) -> None:
    faults, says = FAULTS[what]

    def fail() -> None:
        region.hosts.device("alp-r1").faults = faults

    region.hosts.call(fail)
    names = ("alp-r1", "bet-r1")
    both = lambda name, files: described("bet-r1")(name, described("alp-r1")(name, files))  # noqa: E731
    with region.work(both) as work:
        plan = make_plan(work, names)
        rows = {one.device: one for one in plan.devices}
        assert rows["alp-r1"].state == "failed"
        assert rows["alp-r1"].error.startswith("alp-r1: ")
        assert says in rows["alp-r1"].error
        assert len(rows["alp-r1"].error.splitlines()) == 1
        assert len(rows["alp-r1"].error) < 600
        assert rows["bet-r1"].state == "changed"
    assert "Traceback" not in capfd.readouterr().err


def test_a_changed_host_key_is_refused(region: ServedRegion) -> None:
    with region.work() as work:
        assert make_plan(work, ("alp-r1", "bet-r1")).exit_code == 0
    known = region.folder / "known_hosts"
    lines = known.read_text().splitlines()
    keys = [line.split() for line in lines]
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIPm3mVh0cRcRFJwRXZ9mcMG8A5oyqQeRA0W4vSmFSmZ1"
    port = str(region.ports["alp-r1"])
    known.write_text(
        "".join(
            f"{host} ssh-ed25519 {other}\n" if port in host else f"{host} {kind} {key}\n"
            for host, kind, key in keys
        )
    )
    with region.work() as work:
        rows = {one.device: one for one in make_plan(work, ("alp-r1", "bet-r1")).devices}
    assert rows["alp-r1"].state == "failed"
    assert rows["alp-r1"].error.startswith(f"alp-r1: host key of [127.0.0.1]:{port} - expected")
    assert rows["bet-r1"].state == "unchanged"


def test_no_secret_is_written_anywhere(region: ServedRegion, tmp_path: Path) -> None:
    said: list[str] = []
    edit = replaced("alp-r1", "alp-r1.cfg", "md5 <<LAKE_OSPF_KEY>>", "md5 <<LAKE_ENABLE>>")
    with region.work(edit, say=said.append) as work:
        plan = make_plan(work, region.names)
        report = execute(work, plan, SHORT, "c1", "test@noc")
        backed = back_up(work, region.names)
        drifted = drift(work, region.names)
    everything = [*said, str(plan.document()), str(report.document()), str(backed.document())]
    everything += [str(drifted.document()), str(list(read_entries(tmp_path / "audit.jsonl")))]
    assert spilt(region.secrets.values, [tmp_path], everything) == []


def test_drift_names_the_lines_and_who_changed_them(region: ServedRegion) -> None:
    session = region.session("alp-r1")
    session._driver.device.send_config_set(  # type: ignore[attr-defined]
        ["interface GigabitEthernet0/0/0", "description by hand", "no ip ospf bfd", "no lldp run"]
    )
    session.close()
    with region.work() as work:
        found = {one.device: one for one in drift(work, region.names).devices}
    assert found["alp-r1"].state == "drifted"
    assert "+ description by hand" in found["alp-r1"].lines
    user = region.network.region.services.admin_user
    assert re.search(rf"{user}@vty\d+ typed 'description by hand'", found["alp-r1"].by)
    assert "typed 'no ip ospf bfd'" in found["alp-r1"].by
    assert "typed 'no lldp run'" in found["alp-r1"].by
    assert "last change at " in found["alp-r1"].by
    assert {one.state for name, one in found.items() if name != "alp-r1"} == {"same"}


def test_an_snmp_user_takes_the_place_of_another(region: ServedRegion) -> None:
    """The new one is known before the old one goes, and IOS shows neither in its configuration."""
    values = {**region.secrets.values, "NEW_AUTH": "canary-new-auth", "NEW_PRIV": "canary-new-priv"}
    rolling = replace(region, secrets=Secrets(values, ""))
    services = region.network.region.services
    old = services.snmp
    new = replace(old, user="watcher-2", auth_secret="NEW_AUTH", priv_secret="NEW_PRIV")
    both = replace(new, besides=(SnmpUser(old.user, old.auth_secret, old.priv_secret),))

    def users() -> set[str]:
        session = region.session("alp-r1")
        said = session._driver.device.send_command("show snmp user")  # type: ignore[attr-defined]
        session.close()
        return set(re.findall(r"User name: (\S+)", said))

    for snmp, known in ((both, {old.user, "watcher-2"}), (new, {"watcher-2"})):
        kept = replace(region.network.region, services=replace(services, snmp=snmp))
        network = replace(region.network, region=kept)
        with rolling.work(network=network) as work:
            plan = make_plan(work, ("alp-r1",))
            assert "snmp-server user" in plan.devices[0].diff
            assert "canary" not in plan.devices[0].diff
            report = execute(work, plan, OPTIONS, "c1", "test@noc")
            assert report.exit_code == 0, report
            assert make_plan(work, ("alp-r1",)).exit_code == 0
        assert users() == known


def test_a_device_that_reboots_in_mid_apply_is_as_it_was_and_named(region: ServedRegion) -> None:
    def fail() -> None:
        region.hosts.device("alp-r1").faults = Faults(reboot_after_lines=1, boot_s=2)

    with region.work(described("alp-r1")) as work:
        plan = make_plan(work, region.names)
        region.hosts.call(fail)
        report = execute(work, plan, OPTIONS, "c1", "test@noc")
        (row,) = (one for one in report.devices if one.result)
        assert (row.device, row.result, report.exit_code) == ("alp-r1", "reverted", 3)
        assert row.error.startswith("alp-r1: ")
        assert "alp-r1 says: " in row.error
        assert make_plan(work, ("alp-r1",)).exit_code == 2
        assert loose_ends(work.audit.entries()) == ()
    with region.work() as work:
        assert make_plan(work, region.names).exit_code == 0


def test_steps_that_wait_for_each_other_do_not_wait_for_a_worker(region: ServedRegion) -> None:
    """provision.workers may be 1, and both ends of a link have to meet all the same."""
    fleet = Fleet(region.network, region.access, 1)
    barrier = threading.Barrier(2)
    try:
        met = fleet.run(lambda _: barrier.wait(60) >= 0, ("alp-r1", "bet-r1"), at_once=True)
    finally:
        fleet.close()
    assert met == {"alp-r1": True, "bet-r1": True}


def test_a_device_that_cannot_be_reached_is_failed(region: ServedRegion) -> None:
    def access(device: Device) -> Access:
        usual = region.access(device)
        return replace(usual, port=9) if device.name == "alp-r1" else usual

    with region.work(access=access) as work:
        rows = {one.device: one.state for one in make_plan(work, region.names).devices}
    assert rows["alp-r1"] == "failed"
    assert {state for name, state in rows.items() if name != "alp-r1"} == {"unchanged"}
