"""The same apply against cisco_ios: NAPALM's driver, netmiko and the stand-in's habits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from inventory.load import load_network
from inventory.model import Device, Network
from inventory.secrets import Secrets, names_in
from lab.ios_standin.faults import Faults
from lab.ios_standin.from_network import cisco_names, standins
from lab.ios_standin.hosting import Hosted, hosted
from nornir_tasks.apply import ApplyOptions, ApplyReport, execute
from nornir_tasks.audit import AuditLog, read_entries
from nornir_tasks.backup import Backups
from nornir_tasks.collect import back_up, drift
from nornir_tasks.drivers.known_hosts import KnownHosts
from nornir_tasks.fleet import Fleet
from nornir_tasks.open_session import open_session
from nornir_tasks.plan import make_plan
from nornir_tasks.render import Renderer, environment
from nornir_tasks.session import Access, Files
from nornir_tasks.work import Work
from tests.provisioning.conftest import Edit, replaced, unedited

OPTIONS = ApplyOptions(confirm_s=60, settle_s=2, hold_s=0, largest_batch=4)
MINUTE_S = 20.0
"""The stand-ins' minutes are shorter."""


@dataclass(frozen=True)
class Region:
    """The small region's cisco_ios devices, served."""

    network: Network
    renderer: Renderer
    secrets: Secrets
    hosts: Hosted
    folder: Path

    @property
    def names(self) -> tuple[str, ...]:
        return cisco_names(self.network)

    def access(self, device: Device) -> Access:
        services = self.network.region.services
        return Access(
            services.admin_user,
            self.secrets.get(services.admin_secret),
            self.secrets.get(services.enable_secret),
            None,
            KnownHosts(self.folder / "known_hosts", accept_new=True),
            self.hosts.port(device.name),
            10,
            "127.0.0.1",
        )

    @contextmanager
    def work(
        self,
        edit: Edit = unedited,
        access: Callable[[Device], Access] | None = None,
        say: Callable[[str], None] = print,
    ) -> Iterator[Work]:
        def candidate(name: str) -> Files:
            return edit(name, self.renderer.render(self.network.devices[name]))

        fleet = Fleet(self.network, access or self.access, 9)
        try:
            yield Work(
                network=self.network,
                fleet=fleet,
                candidate=candidate,
                secrets=self.secrets,
                audit=AuditLog(self.folder / "audit.jsonl", "test@noc", self.secrets.mask),
                backups=Backups(self.folder / "backup", "test@noc"),
                locks=self.folder / "locks",
                revision="test",
                prober=None,
                say=say,
            )
        finally:
            fleet.close()

    def apply(self, work: Work, names: tuple[str, ...] | None = None) -> ApplyReport:
        return execute(work, make_plan(work, names or self.names), OPTIONS, "c1", "test@noc")

    def running(self, name: str) -> str:
        return self.hosts.call(self.hosts.device(name).running)

    def startup(self, name: str) -> str:
        return self.hosts.call(lambda: self.hosts.device(name).startup)


@pytest.fixture
def region(checkout: Path, tmp_path: Path) -> Iterator[Region]:
    network = load_network(checkout / "tests" / "regions" / "small")
    renderer = Renderer(network, environment(checkout / "templates"))
    texts = {n: renderer.render(network.devices[n])[f"{n}.cfg"] for n in cisco_names(network)}
    needed = sorted({name for text in texts.values() for name in names_in(text)})
    secrets = Secrets({name: f"canary{at:02d}xyzzy" for at, name in enumerate(needed)}, "")
    services = network.region.services
    made = standins(
        network,
        {name: secrets.fill(text) for name, text in texts.items()},
        credentials={services.admin_user: secrets.get(services.admin_secret)},
        enable_secret=secrets.get(services.enable_secret),
        minute_s=MINUTE_S,
    )
    with hosted(made) as hosts:
        yield Region(network, renderer, secrets, hosts, tmp_path)


def described(name: str) -> Edit:
    return replaced(name, f"{name}.cfg", "description hq-", "description changed hq-")


def test_devices_that_run_what_was_rendered_have_no_plan(region: Region) -> None:
    with region.work() as work:
        plan = make_plan(work, region.names)
    assert {one.device: (one.diff, one.error) for one in plan.devices} == dict.fromkeys(
        region.names, ("", "")
    )
    assert plan.exit_code == 0


def test_a_change_is_shown_confirmed_and_saved(region: Region) -> None:
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


def test_a_wrong_ospf_key_takes_itself_back(region: Region) -> None:
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


def test_a_change_that_cuts_the_management_takes_itself_back(region: Region) -> None:
    before = region.running("alp-r1")
    edit = replaced("alp-r1", "alp-r1.cfg", "transport input ssh", "transport input none")
    with region.work(edit) as work:
        report = region.apply(work)
    assert report.exit_code == 3, report
    assert region.running("alp-r1") == before


def test_a_line_that_ios_refuses_restores_what_ran(region: Region) -> None:
    before = region.running("alp-r1")
    edit = replaced("alp-r1", "alp-r1.cfg", "lldp run", "lldp run\nno such command")
    with region.work(edit) as work:
        report = region.apply(work)
    assert {one.device: one.result for one in report.devices if one.result} == {
        "alp-r1": "reverted"
    }
    assert region.running("alp-r1") == before


FAULTS = {
    "wrong credentials": Faults(refuse_auth=True),
    "a prompt that never comes": Faults(hang_at="show archive config"),
    "ten megabytes of output": Faults(flood_at="show archive config differences"),
    "a connection that is cut": Faults(drop_at="show archive config differences"),
    "no room on flash": Faults(flash_full=True),
    "a file that arrives broken": Faults(corrupt_transfer=True),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_sick_device_is_failed_in_a_line_and_the_others_go_on(region: Region, what: str) -> None:
    def fail() -> None:
        region.hosts.device("alp-r1").faults = FAULTS[what]

    region.hosts.call(fail)
    names = ("alp-r1", "bet-r1")
    both = lambda name, files: described("bet-r1")(name, described("alp-r1")(name, files))  # noqa: E731
    with region.work(both) as work:
        plan = make_plan(work, names)
        rows = {one.device: one for one in plan.devices}
        assert rows["alp-r1"].state == "failed"
        assert rows["alp-r1"].error.startswith("alp-r1: ")
        assert len(rows["alp-r1"].error) < 600
        assert rows["bet-r1"].state == "changed"


def test_a_changed_host_key_is_refused(region: Region, tmp_path: Path) -> None:
    with region.work() as work:
        assert make_plan(work, ("alp-r1", "bet-r1")).exit_code == 0
    known = tmp_path / "known_hosts"
    lines = known.read_text().splitlines()
    keys = [line.split() for line in lines]
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIPm3mVh0cRcRFJwRXZ9mcMG8A5oyqQeRA0W4vSmFSmZ1"
    port = str(region.hosts.port("alp-r1"))
    known.write_text(
        "".join(
            f"{host} ssh-ed25519 {other}\n" if port in host else f"{host} {kind} {key}\n"
            for host, kind, key in keys
        )
    )
    with region.work() as work:
        rows = {one.device: one for one in make_plan(work, ("alp-r1", "bet-r1")).devices}
    assert rows["alp-r1"].state == "failed"
    assert rows["bet-r1"].state == "unchanged"


def test_no_secret_is_written_anywhere(region: Region, tmp_path: Path) -> None:
    said: list[str] = []
    edit = replaced("alp-r1", "alp-r1.cfg", "md5 <<LAKE_OSPF_KEY>>", "md5 <<LAKE_ENABLE>>")
    with region.work(edit, say=said.append) as work:
        plan = make_plan(work, region.names)
        report = execute(work, plan, OPTIONS, "c1", "test@noc")
        backed = back_up(work, region.names)
        drifted = drift(work, region.names)
    everything = [*said, str(plan.document()), str(report.document()), str(backed.document())]
    everything += [str(drifted.document()), str(list(read_entries(tmp_path / "audit.jsonl")))]
    for file in tmp_path.rglob("*"):
        if file.is_file() and ".git/objects" not in str(file):
            everything.append(file.read_bytes().decode("utf-8", "replace"))
    for value in region.secrets.values.values():
        assert not [text for text in everything if value in text]


def test_drift_names_the_lines_and_who_changed_them(region: Region) -> None:
    session = open_session(
        region.network.devices["alp-r1"], region.access(region.network.devices["alp-r1"]), ()
    )
    session._driver.device.send_config_set(  # type: ignore[attr-defined]
        ["interface GigabitEthernet0/0/0", "description by hand"]
    )
    session.close()
    with region.work() as work:
        found = {one.device: one for one in drift(work, region.names).devices}
    assert found["alp-r1"].state == "drifted"
    assert "+ description by hand" in found["alp-r1"].lines
    assert region.network.region.services.admin_user in found["alp-r1"].by
    assert {one.state for name, one in found.items() if name != "alp-r1"} == {"same"}


def test_a_device_that_cannot_be_reached_is_failed(region: Region) -> None:
    def access(device: Device) -> Access:
        usual = region.access(device)
        return replace(usual, port=9) if device.name == "alp-r1" else usual

    with region.work(access=access) as work:
        rows = {one.device: one.state for one in make_plan(work, region.names).devices}
    assert rows["alp-r1"] == "failed"
    assert {state for name, state in rows.items() if name != "alp-r1"} == {"unchanged"}
