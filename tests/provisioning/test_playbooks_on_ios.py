"""What engineers do again and again, against the stand-ins, through the same plays as on FRR."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from inventory.errors import ImeretiError
from inventory.load import load_network
from inventory.model import Device, Network
from inventory.secrets import Secrets
from nornir_tasks.apply import ApplyOptions, execute
from nornir_tasks.change_inventory import InventoryEdit
from nornir_tasks.loop_free import LAST_RESORT
from nornir_tasks.plan import make_plan
from nornir_tasks.play import Play, PlayStopped, playbook
from nornir_tasks.session import Files
from nornir_tasks.verify import verify
from nornir_tasks.work import Work
from tests.provisioning.ios_region import OPTIONS, SHORT, ServedRegion

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
LEAP_S = 10.0


class Leaps:
    """Time that passes only when somebody waits, and then a lot of it."""

    def __init__(self) -> None:
        self._now = 0.0

    def clock(self) -> float:
        return self._now

    def sleep(self, _seconds: float) -> None:
        self._now += LEAP_S


@pytest.fixture
def inventory(tmp_path: Path, checkout: Path) -> Path:
    return copytree(checkout / "tests" / "regions" / "small", tmp_path / "inventory")


class Player:
    """Plays on the stand-ins, answers every question with yes, and keeps what was said."""

    def __init__(
        self, region: ServedRegion, inventory: Path, options: ApplyOptions = OPTIONS
    ) -> None:
        self._region, self._inventory, self._options = region, inventory, options
        self.said: list[str] = []
        self.applied: list[tuple[str, ...]] = []
        """The devices of each apply that changed something."""

    def run(
        self,
        name: str,
        devices: tuple[str, ...] = (),
        network: Network | None = None,
        **arguments: str,
    ) -> None:
        region = self._region
        with self._work() as work:
            play = Play(
                network=network or region.network,
                devices=devices or region.names,
                arguments=arguments,
                say=self.said.append,
                apply_network=self._apply,
                verify_devices=lambda names: self._verify(work, names),
                day_zero=self._day_zero,
                forget_host_key=self._forget,
                answers=lambda device: self._answers(work, device),
                applied_lines=work.backups.applied_lines,
                inventory=InventoryEdit(self._inventory, load_network),
                sleep=lambda _: None,
                clock=lambda: 0.0,
            )
            playbook(name).run(play)

    @contextmanager
    def _work(self, network: Network | None = None) -> Iterator[Work]:
        with self._region.work(say=self.said.append, network=network) as work:
            yield work

    def _apply(self, network: Network, names: tuple[str, ...], _together: bool) -> int:
        served = tuple(name for name in names if name in self._region.ports)
        leaps = Leaps()
        with self._work(network) as usual:
            waits = self._options is not OPTIONS  # for the devices' own timers
            work = usual if waits else replace(usual, clock=leaps.clock, sleep=leaps.sleep)
            plan = make_plan(work, served)
            assert not plan.of_state("failed"), [one.error for one in plan.devices]
            self.applied += [changed] if (changed := plan.of_state("changed")) else []
            report = execute(work, plan, self._options, f"c{len(self.said)}", "test@noc")
            self.said += [check for one in report.devices for check in one.checks]
            return report.exit_code

    def _verify(self, work: Work, names: tuple[str, ...]) -> int:
        served = tuple(name for name in names if name in self._region.ports)
        broken = verify(work, served).broken
        self.said += map(str, broken)
        return len(broken)

    def _day_zero(self, device: Device) -> Files:
        rendered = self._region.renderer.render(device)
        return {name: self._region.secrets.fill(text) for name, text in rendered.items()}

    def _forget(self, name: str) -> None:
        known = self._region.folder / "known_hosts"
        port = f":{self._region.ports[name]} "
        lines = known.read_text().splitlines(keepends=True)
        known.write_text("".join(line for line in lines if port not in line))

    def _answers(self, work: Work, name: str) -> bool:
        outcome = work.fleet.run_afresh(lambda session: session.device.name, [name])[name]
        return not isinstance(outcome, ImeretiError)


def costs(region: ServedRegion) -> dict[str, str]:
    """Of the circuit between hq-core1 and alp-r1, at its two ends."""
    port = "interface GigabitEthernet0/0/0\n"
    found = {}
    for name in ("hq-core1", "alp-r1"):
        block = region.running(name).split(port)[1].split("!")[0]
        found[name] = next(line.split()[-1] for line in block.splitlines() if "ospf cost" in line)
    return found


def is_as_rendered(region: ServedRegion) -> None:
    with region.work() as work:
        plan = make_plan(work, region.names)
    assert plan.exit_code == 0, [(one.device, one.diff, one.error) for one in plan.devices]


def test_a_circuit_is_drained_one_end_after_the_other_and_brought_back(
    region: ServedRegion, inventory: Path
) -> None:
    player = Player(region, inventory)
    player.run("drain", link="hq-alp")
    assert set(costs(region).values()) == {str(LAST_RESORT)}
    assert player.applied == [("hq-core1",), ("hq-core1",), ("alp-r1",)]
    player.run("drain", link="hq-alp", back="yes")
    is_as_rendered(region)


def test_a_circuits_bandwidth_changes_one_router_at_a_time(
    region: ServedRegion, inventory: Path
) -> None:
    player = Player(region, inventory)
    player.run("circuit", link="hq-alp", bandwidth="500M", provider="Telco Two")
    made = load_network(inventory).links["hq-alp"]
    assert (made.bandwidth_bps, made.provider) == (500_000_000, "Telco Two")
    assert set(costs(region).values()) == {str(made.cost)}
    assert {len(devices) for devices in player.applied} == {1}
    player.run("circuit", network=load_network(inventory), link="hq-alp", bandwidth="1G")
    assert {len(devices) for devices in player.applied} == {1}
    is_as_rendered(region)


def test_management_lists_are_locked_down_on_routers_and_switches(
    region: ServedRegion, inventory: Path
) -> None:
    manager = next(region.network.region.noc4[0].hosts())
    player = Player(region, inventory)
    player.run("lock-management", only=f"{manager}/32,fd77::1/128")
    for name in region.names:
        assert f" permit {manager}\n" in region.running(name), name
    player.run("lock-management", back="yes")
    is_as_rendered(region)


def test_management_lists_that_lock_this_machine_out_take_themselves_back(
    region: ServedRegion, inventory: Path
) -> None:
    before = region.running("alp-r1")
    player = Player(region, inventory, SHORT)
    with pytest.raises(PlayStopped) as stopped:
        player.run("lock-management", devices=("alp-r1",), only="10.99.0.0/24")
    assert stopped.value.exit_code == 3
    assert region.running("alp-r1") == before


def test_a_new_school_with_router_and_switch_is_onboarded_and_verified(
    region: ServedRegion, inventory: Path, tmp_path: Path
) -> None:
    """The other end does not know the site yet; its own devices were loaded with day-0 files."""
    session = region.session("bet-r1")
    session._driver.device.send_config_set(  # type: ignore[attr-defined]
        ["interface GigabitEthernet0/0/2", "shutdown", "no ip address", "no description"]
    )
    session.close()
    player = Player(region, inventory)
    player.run("onboard-site", site="bet-lyc", out=str(tmp_path / "out"))
    for name in ("bet-lyc-r1", "bet-lyc-sw1"):
        written = tmp_path / "out" / name / f"{name}.cfg"
        assert written.stat().st_mode & 0o077 == 0
        assert "<<" not in written.read_text()
    assert player.applied == [("bet-r1",)]
    assert player.said[-1] == "bet-lyc: every promise of the model is kept"
    is_as_rendered(region)


def test_a_replaced_router_with_another_key_runs_what_the_broken_one_ran(
    region: ServedRegion, inventory: Path, tmp_path: Path
) -> None:
    with region.work() as work:
        assert make_plan(work, ("alp-r1",)).exit_code == 0
    session = region.session("alp-r1")
    session._driver.device.send_config_set(  # type: ignore[attr-defined]
        ["interface GigabitEthernet0/0/0", "description factory"]
    )
    session.close()
    region.hosts.call(lambda: region.hosts.served.change_host_key("alp-r1"))
    with region.work() as work:
        assert "host key" in make_plan(work, ("alp-r1",)).devices[0].error
    player = Player(region, inventory)
    player.run("replace-device", device="alp-r1", out=str(tmp_path / "out"))
    assert player.said[-1] == "alp-r1: runs what alp-r1 should run"
    is_as_rendered(region)


def test_an_snmp_user_is_rolled_over(region: ServedRegion, inventory: Path) -> None:
    values = {**region.secrets.values, "NEW_AUTH": "canary-new-auth", "NEW_PRIV": "canary-new-priv"}
    player = Player(replace(region, secrets=Secrets(values, "")), inventory)
    player.run("roll-snmp-user", user="watcher-2", auth_secret="NEW_AUTH", priv_secret="NEW_PRIV")
    assert users(region) == {"lake-poller", "watcher-2"}
    player.run("roll-snmp-user", network=load_network(inventory), finish="yes")
    assert users(region) == {"watcher-2"}


def users(region: ServedRegion) -> set[str]:
    session = region.session("alp-r1")
    said = session._driver.device.send_command("show snmp user")  # type: ignore[attr-defined]
    session.close()
    return set(re.findall(r"User name: (\S+)", said))
