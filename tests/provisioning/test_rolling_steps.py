"""The steps in which a key is rolled over: which links at once, and those of the IOS stand-ins."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from inventory.errors import InputError
from inventory.load import load_network
from inventory.model import Device, Network
from inventory.secrets import Secrets
from nornir_tasks.apply import execute
from nornir_tasks.change_inventory import InventoryEdit
from nornir_tasks.plan import make_plan
from nornir_tasks.play import Play, playbook
from nornir_tasks.playbooks.roll_ospf_key import LINKS_AT_ONCE, groups
from nornir_tasks.session import Access
from tests.provisioning.ios_region import OPTIONS, ServedRegion, served_region


@pytest.fixture
def inventory(tmp_path: Path, checkout: Path) -> Path:
    return copytree(checkout / "tests" / "regions" / "small", tmp_path / "inventory")


def test_links_are_rolled_over_one_first_then_a_few_that_share_no_router(checkout: Path) -> None:
    network: Network = load_network(checkout / "inventory")
    links = [link for link in network.links.values() if link.routed]
    made = list(groups(links))
    assert len(made[0]) == 1
    assert sorted(link.id for group in made for link in group) == sorted(one.id for one in links)
    for group in made:
        ends = [end.device for link in group for end in (link.a, link.b)]
        assert len(set(ends)) == len(ends)
        assert len(group) <= LINKS_AT_ONCE


def test_where_platforms_meet_the_operator_is_asked(checkout: Path, tmp_path: Path) -> None:
    """FRR has one key at a time and IOS overlaps: OSPFv3 between them can't be kept."""
    network = load_network(checkout / "tests" / "regions" / "small")
    play = bare_play(network, tmp_path, lambda *_: pytest.fail("nothing is applied"), secret="NEW")
    with pytest.raises(InputError, match="alp-lyceum: OSPFv3 will be away there"):
        playbook("roll-ospf-key").run(play)


def bare_play(
    network: Network,
    inventory: Path,
    apply_network: Callable[[Network, tuple[str, ...], bool], int],
    **arguments: str,
) -> Play:
    return Play(
        network=network,
        devices=(),
        arguments=arguments,
        say=print,
        apply_network=apply_network,
        verify_devices=lambda _: 0,
        day_zero=lambda _: {},
        forget_host_key=lambda _: None,
        answers=lambda _: True,
        applied_lines=lambda _: (),
        inventory=InventoryEdit(inventory, load_network),
        sleep=lambda _: None,
        clock=lambda: 0.0,
    )


@contextmanager
def following(region: ServedRegion, name: str) -> Iterator[None]:
    """While it lasts, neighbours for whom nobody stands in change when the device changes."""
    over = threading.Event()

    def follow() -> None:
        known = region.running(name)
        while not over.wait(0.2):
            if (now := region.running(name)) != known:
                region.hosts.call(region.hosts.device(name).neighbours_follow)
                known = now

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ios_learns_the_new_key_changes_over_and_forgets_the_old(
    tmp_path: Path, inventory: Path
) -> None:
    """Each step is an apply with its checks: one that lost an adjacency would be taken back."""
    diffs: list[str] = []
    with served_region(tmp_path / "region", minute_s=60) as region:
        values = {**region.secrets.values, "NEW": "canary-new-key"}
        rolling = replace(region, secrets=Secrets(values, ""))

        def patient(device: Device) -> Access:
            return replace(region.access(device), timeout_s=60)

        def apply_network(network: Network, names: tuple[str, ...], _together: bool) -> int:
            served = tuple(name for name in names if name in region.ports)
            with rolling.work(network=network, access=patient) as work, ExitStack() as stack:
                if "alp-lyc-r1" in names:  # FRR, for which nobody stands in, changes with alp-r1
                    stack.enter_context(following(region, "alp-r1"))
                plan = make_plan(work, served)
                diffs.append("\n".join(f"{one.device}: {one.diff}" for one in plan.devices))
                report = execute(work, plan, OPTIONS, f"c{len(diffs)}", "test@noc")
                assert report.exit_code == 0, [(one.error, one.checks) for one in report.devices]
                return 0

        given = {"secret": "NEW", "mixed": "yes"}
        playbook("roll-ospf-key").run(bare_play(region.network, inventory, apply_network, **given))
        ends = {name: region.running(name) for name in ("alp-r1", "hq-core1")}
    learns, changes, *_, forgets = [text for text in diffs if "+" in text or "-" in text]
    assert "+ ip ospf message-digest-key 8 md5 ********" in learns
    assert "- ip ospf message-digest-key 7" not in learns
    assert "+  send-lifetime 00:00:00 Jan 1 1993 00:00:01 Jan 1 1993" in changes
    assert "message-digest-key" not in changes
    assert "- ip ospf message-digest-key 7" in forgets
    for text in ends.values():
        assert "message-digest-key 8" in text
        assert "message-digest-key 7" not in text
